/// Where the voxels of a view come from: crops and flips, composed to one integer map.
///
/// Along every axis voxel i of the view is voxel `start` + i of the source, or `start` − i where the
/// axis is flipped. A crop of a flip of a crop is one such map again.
public struct AxisMap: Hashable, Sendable {
  /// Voxels of the view.
  public private(set) var size: Index3
  /// The source's voxel that the view shows at the zero position.
  public private(set) var start: Index3
  /// The axes along which the view runs against the source.
  public private(set) var isFlipped: AxisSet

  /// The map that shows a source of `size` voxels as it is.
  public init(size: Index3) {
    self.size = size
    start = .zero
    isFlipped = []
  }

  /// Whether the view shows all of a source of `size` voxels as it is.
  public func isIdentity(of size: Index3) -> Bool {
    self.size == size && start == .zero && isFlipped.isEmpty
  }

  /// The map of a part of the view.
  ///
  /// - Precondition: `box` lies in the view.
  public func cropped(to box: Box3) -> AxisMap {
    var map = self
    map.size = box.size
    for axis in 0..<3 {
      map.start[axis] += isFlipped[axis] ? -box.origin[axis] : box.origin[axis]
    }
    return map
  }

  /// The map of the view turned round along the axes named.
  public func flipped(_ axes: AxisSet) -> AxisMap {
    var map = self
    for axis in 0..<3 where axes[axis] {
      map.start[axis] += isFlipped[axis] ? 1 - size[axis] : size[axis] - 1
    }
    map.isFlipped = isFlipped.symmetricDifference(axes)
    return map
  }

  /// The source's voxels that a box of the view shows.
  public func source(of box: Box3) -> Box3 {
    var origin = start
    for axis in 0..<3 {
      origin[axis] +=
        isFlipped[axis] ? 1 - box.origin[axis] - box.size[axis] : box.origin[axis]
    }
    return Box3(origin: origin, size: box.size)
  }
}
