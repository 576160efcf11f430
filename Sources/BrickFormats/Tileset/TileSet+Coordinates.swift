public import BrickCore
public import BrickStitch

extension TileSet {
  /// What turns positions in tiles into positions in the stitched volume, and back.
  ///
  /// Reads no voxel.
  ///
  /// - Throws: `BrickworkError` if positions of the tiles are missing or don't fit.
  public func coordinates(
    offsets table: OffsetTable?, rounding: OffsetRounding = .nearest, flip: AxisSet = []
  ) throws -> TileCoordinates {
    try TileCoordinates(
      offsets: offsets(from: table).offsets, sizes: tiles.map(\.info.size), voxelSize: voxelSize,
      rounding: rounding, flip: flip)
  }
}
