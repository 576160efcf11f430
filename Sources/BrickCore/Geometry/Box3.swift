/// A half-open box of voxels: `origin` is its first voxel, `end` the first one past it along each axis.
public struct Box3: Hashable, Sendable {
  /// The first voxel along each axis, which may be negative.
  public var origin: Index3
  /// Voxels along each axis, none of them negative.
  public var size: Index3

  /// The box of `size` voxels from `origin` on.
  ///
  /// - Precondition: no component of `size` is negative.
  @inlinable
  public init(origin: Index3, size: Index3) {
    precondition(size.z >= 0 && size.y >= 0 && size.x >= 0, "A box's size is not negative: \(size)")
    self.origin = origin
    self.size = size
  }

  /// The box from the zero position with this size.
  @inlinable public init(size: Index3) { self.init(origin: .zero, size: size) }

  /// The box between two corners; empty where `end` does not lie past `origin`.
  @inlinable
  public init(from origin: Index3, to end: Index3) {
    self.init(origin: origin, size: (end - origin).maximum(.zero))
  }

  /// The first voxel past the box along each axis: `origin` + `size`.
  @inlinable public var end: Index3 { origin + size }
  /// Whether there is no voxel in the box: its size is 0 along some axis.
  @inlinable public var isEmpty: Bool { size.z == 0 || size.y == 0 || size.x == 0 }

  /// The number of voxels.
  @inlinable public var count: Int { size.volume }

  /// The voxels in both boxes; empty where they share none.
  @inlinable
  public func intersection(_ other: Box3) -> Box3 {
    Box3(from: origin.maximum(other.origin), to: end.minimum(other.end))
  }

  /// Whether both boxes share at least one voxel.
  ///
  /// Boxes that merely touch don't.
  @inlinable public func intersects(_ other: Box3) -> Bool { !intersection(other).isEmpty }

  /// Whether every voxel of `other` lies in this box.
  ///
  /// An empty box lies in any.
  @inlinable
  public func contains(_ other: Box3) -> Bool { other.isEmpty || intersection(other) == other }

  /// The same box moved by `offset`.
  @inlinable
  public func translated(by offset: Index3) -> Box3 { Box3(origin: origin + offset, size: size) }

  /// The smallest box that holds both.
  public func union(_ other: Box3) -> Box3 {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return Box3(from: origin.minimum(other.origin), to: end.maximum(other.end))
  }
}

extension Box3: CustomStringConvertible {
  /// The ranges of voxels, "z 0..<64, y 0..<64, x 128..<192".
  public var description: String {
    "z \(origin.z)..<\(end.z), y \(origin.y)..<\(end.y), x \(origin.x)..<\(end.x)"
  }
}
