public import BrickCore

extension TileSet {
  /// Where the offsets of tiles came from.
  public enum OffsetSource: Sendable, Hashable {
    /// A file the user named.
    case table(String)
    /// The stage positions in the tiles' own files.
    case stage
    /// There is one tile, and it lies at zero.
    case single
  }

  /// The offset of each tile in voxels, x, y, z: from `table`, else from the stage positions in the
  /// files, else zero if there is but one tile.
  ///
  /// - Throws: `BrickworkError` if the table does not fit the tiles, or `.badRequest` if nothing
  ///   says where they lie.
  public func offsets(
    from table: OffsetTable?
  ) throws -> (offsets: [Point3], source: OffsetSource) {
    if let table {
      return (
        try table.offsets(for: tileNames, voxelSize: voxelSize), .table(table.source)
      )
    }
    if let stagePositions {
      let offsets = stagePositions.map {
        Self.settled(TileOffset(position: .micrometers($0)).inVoxels(of: voxelSize))
      }
      return (offsets, .stage)
    }
    guard tiles.count > 1 else { return ([.zero], .single) }
    let silent = tiles.filter { $0.info.position == nil }.map(\.info.name)
    throw BrickworkError(
      .badRequest,
      reason:
        "nothing says where the \(tiles.count) tiles lie: \(silent.count) of their files give no "
        + "stage position, \(silent.prefix(3).joined(separator: ", ")) among them",
      remedy: "Give the positions with --offsets FILE (.csv, .npy, TileConfiguration.txt or "
        + "BigStitcher .xml)")
  }

  /// Offsets whose division left them beside a multiple of 1/1024 voxel by a rounding error, as that multiple.
  ///
  /// So a half stays a half, and a position that was made of an offset gives it back.
  private static func settled(_ offset: Point3) -> Point3 {
    func settled(_ value: Double) -> Double {
      let near = (value * 1024).rounded() / 1024
      return abs(value - near) <= 1e-15 * abs(value) ? near : value
    }
    return Point3(x: settled(offset.x), y: settled(offset.y), z: settled(offset.z))
  }
}
