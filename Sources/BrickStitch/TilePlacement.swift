public import BrickCore

/// How a position between voxels becomes a voxel.
public enum OffsetRounding: String, Sendable, Hashable, CaseIterable {
  /// A tile starts at floor(offset − origin + ½) per axis.
  case nearest
  /// A tile starts at the offset cut to its whole part, and the volume's size is rounded up: what the
  /// reference does, for comparison with its results only.
  case truncate
}

/// Where each tile lies on the voxel grid of the stitched volume, which starts at the smallest offset.
public struct TilePlacement: Sendable, Hashable {
  /// One box per tile, in the tiles' order; none has a negative origin.
  public let boxes: [Box3]
  /// Voxels of the stitched volume: it ends with the farthest tile.
  public let size: Index3
  /// The offset that became the zero position: the smallest along each axis, in voxels x, y, z.
  public let origin: Point3

  /// The most voxels an axis may have: positions beyond it are taken for a mistake in the units.
  public static let longestAxis = 1 << 40

  /// Places tiles of `sizes` voxels at `offsets` in voxels, x, y, z, which may lie between voxels.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the counts differ, an offset is not a
  ///   finite number, or the volume would be absurdly large.
  public init(offsets: [Point3], sizes: [Index3], rounding: OffsetRounding = .nearest) throws {
    guard offsets.count == sizes.count else {
      throw BrickworkError(
        .badRequest, reason: "there are \(offsets.count) offsets for \(sizes.count) tiles",
        remedy: "Give one offset per tile")
    }
    guard let first = offsets.first else {
      throw BrickworkError(.badRequest, reason: "there is no tile to place")
    }
    var origin = first
    for (index, offset) in offsets.enumerated() {
      guard offset.x.isFinite, offset.y.isFinite, offset.z.isFinite else {
        throw BrickworkError(
          .badRequest, place: "tile \(index)",
          reason: "the offset \(offset.x), \(offset.y), \(offset.z) is not a finite position")
      }
      origin = Point3(
        x: min(origin.x, offset.x), y: min(origin.y, offset.y), z: min(origin.z, offset.z))
    }
    var boxes: [Box3] = []
    boxes.reserveCapacity(sizes.count)
    var end = Index3.zero
    for (offset, size) in zip(offsets, sizes) {
      let shift = offset - origin
      guard max(shift.x, shift.y, shift.z) < Double(Self.longestAxis) else {
        throw BrickworkError(
          .badRequest, place: "tile \(boxes.count)",
          reason: "it would start \(max(shift.x, shift.y, shift.z)) voxels from the first one, "
            + "more than the \(Self.longestAxis) an axis may have",
          remedy: "Check the units of the offsets (--offset-units) and the voxel size")
      }
      let box = Box3(origin: Self.start(shift, rounding), size: size)
      boxes.append(box)
      let last = rounding == .nearest ? box.end : Self.roundedUp(shift, size)
      end = end.maximum(last)
    }
    guard end.checkedVolume.map({ $0 <= Int.max / 64 }) == true else {
      throw BrickworkError(
        .badRequest, reason: "the stitched volume would have \(end.x)×\(end.y)×\(end.z) voxels",
        remedy: "Check the units of the offsets (--offset-units) and the voxel size")
    }
    self.boxes = boxes
    self.origin = origin
    size = end
  }

  private init(boxes: [Box3], size: Index3, origin: Point3) {
    self.boxes = boxes
    self.size = size
    self.origin = origin
  }

  /// Some of the tiles where they are, in a volume of the same size.
  ///
  /// - Precondition: the range lies within the tiles'.
  public func tiles(in range: Range<Int>) -> TilePlacement {
    TilePlacement(boxes: Array(boxes[range]), size: size, origin: origin)
  }

  private static func start(_ shift: Point3, _ rounding: OffsetRounding) -> Index3 {
    let half = rounding == .nearest ? 0.5 : 0.0
    return Index3(
      z: Int((shift.z + half).rounded(.down)), y: Int((shift.y + half).rounded(.down)),
      x: Int((shift.x + half).rounded(.down)))
  }

  private static func roundedUp(_ shift: Point3, _ size: Index3) -> Index3 {
    Index3(
      z: Int((shift.z + Double(size.z)).rounded(.up)),
      y: Int((shift.y + Double(size.y)).rounded(.up)),
      x: Int((shift.x + Double(size.x)).rounded(.up)))
  }
}
