public import BrickCore

/// One dataset of an N5 container, or a BigDataViewer pyramid of them, as a tile.
public struct N5Image: TileImage {
  /// What the dataset says about itself.
  public let info: TileInfo

  /// Opens the dataset in the folder `path`; reads attributes.json and no voxel.
  public init(_ path: String, cache: PieceCache) throws {
    throw BrickworkError(.unsupportedInput, path: path, reason: "is an N5 dataset")
  }

  /// The voxels of a channel at a time point.
  public func volume(channel: Int, timepoint: Int) throws -> any Volume {
    throw BrickworkError(.badRequest, path: info.path, reason: "has no voxels")
  }
}
