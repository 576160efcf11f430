/// A volume cut into bricks of one size, the last ones along each axis ragged.
///
/// Used for bricks in a shard, shards in an array and blocks of work alike.
public struct BrickGrid: Hashable, Sendable {
  /// Voxels of the whole volume.
  public let size: Index3
  /// Voxels of a full brick, each at least 1.
  public let brick: Index3
  /// Bricks along each axis.
  public let counts: Index3

  /// The grid that cuts `size` voxels into bricks, from the zero position on.
  ///
  /// - Precondition: a brick has at least one voxel along each axis.
  public init(size: Index3, brick: Index3) {
    precondition(
      brick.z > 0 && brick.y > 0 && brick.x > 0, "A brick has at least one voxel, not \(brick)")
    self.size = size
    self.brick = brick
    counts = size.dividedRoundingUp(by: brick)
  }

  /// The number of bricks.
  public var count: Int { counts.volume }

  /// The voxels of the brick at `index`, cut at the volume's end.
  public func box(at index: Index3) -> Box3 {
    let origin = index * brick
    return Box3(from: origin, to: (origin + brick).minimum(size))
  }

  /// The place of a brick in z, y, x order.
  public func linearIndex(of index: Index3) -> Int {
    (index.z * counts.y + index.y) * counts.x + index.x
  }

  /// The brick at a place in z, y, x order.
  public func index(at linearIndex: Int) -> Index3 {
    let (zy, x) = linearIndex.quotientAndRemainder(dividingBy: counts.x)
    let (z, y) = zy.quotientAndRemainder(dividingBy: counts.y)
    return Index3(z: z, y: y, x: x)
  }

  /// The brick indices that share a voxel with `box`, as a half-open box of indices.
  public func indices(intersecting box: Box3) -> Box3 {
    let inside = box.intersection(Box3(size: size))
    guard !inside.isEmpty else { return Box3(size: .zero) }
    return Box3(
      from: inside.origin.dividedRoundingDown(by: brick),
      to: inside.end.dividedRoundingUp(by: brick))
  }
}

extension Box3 {
  /// Calls `body` with every position in the box, x fastest.
  @inlinable
  public func forEachPosition(_ body: (Index3) throws -> Void) rethrows {
    for z in origin.z..<end.z {
      for y in origin.y..<end.y {
        for x in origin.x..<end.x { try body(Index3(z: z, y: y, x: x)) }
      }
    }
  }
}
