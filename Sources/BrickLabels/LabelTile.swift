public import BrickCore
public import BrickStitch

/// A tile of a segmentation: a lazy volume of labels and where it lies.
///
/// Labels are the integers of the tile's own type, uint8 to uint64 or signed; 0 is background. They are local to
/// the tile: label 7 of two tiles is not the same object until somebody says so.
public struct LabelTile: Sendable {
  /// The labels, lazily.
  public let volume: any Volume
  /// The tile's voxels in the stitched volume.
  public let box: Box3
  /// The tile's number, counted from 0, by which results name it.
  public let number: Int
  /// The file or name that errors give.
  public let name: String

  /// A tile of labels that starts at `origin` of the stitched volume.
  ///
  /// - Throws: `BrickworkError` with code `.unsupportedInput` if the voxels are floats.
  public init(_ volume: any Volume, number: Int, origin: Index3, name: String) throws {
    guard !volume.type.isFloat else {
      throw BrickworkError(
        .unsupportedInput, path: name, place: "tile \(number)",
        reason: "holds \(volume.type.rawValue) voxels, but labels are whole numbers",
        remedy: "Write the segmentation with an integer type, uint8 to uint64")
    }
    self.volume = volume
    self.number = number
    self.name = name
    box = Box3(origin: origin, size: volume.size)
  }

  /// Tiles of labels at the boxes of a placement, numbered in their order.
  ///
  /// - Throws: `BrickworkError` with code `.unsupportedInput` if a tile's voxels are floats.
  public static func tiles(
    _ volumes: [any Volume], placement: TilePlacement, names: [String]
  ) throws -> [LabelTile] {
    precondition(
      volumes.count == placement.boxes.count && names.count == volumes.count,
      "Each tile has a place and a name")
    return try volumes.indices.map {
      try LabelTile(
        volumes[$0], number: $0, origin: placement.boxes[$0].origin, name: names[$0])
    }
  }

  /// The error for a label below zero.
  ///
  /// - Parameter place: the voxel in the tile.
  func negativeLabel(_ value: Int64, at place: Index3) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: name, place: "tile \(number), voxel \(place)",
      reason: "the label is \(value), but labels are not negative",
      remedy: "Correct the segmentation, or write it with an unsigned type")
  }
}
