public import BrickCore
internal import BrickFiles

/// What the user named: tiles with their images, a voxel size, and the positions the files themselves give.
public struct TileSet: Sendable {
  /// At least one tile, in the order of the paths.
  public var tiles: [any TileImage]
  /// µm between voxels, x, y, z: the given one, else the files', else that of the table of offsets, else 1 µm
  /// with a warning.
  public var voxelSize: VoxelSize
  /// Stage positions in µm, x, y, z, if every tile's file has one.
  public var stagePositions: [Point3]?
  /// What was read but should be known: one sentence each.
  public var warnings: [String]

  /// A set of opened tiles.
  public init(
    tiles: [any TileImage], voxelSize: VoxelSize, stagePositions: [Point3]?, warnings: [String] = []
  ) {
    self.tiles = tiles
    self.voxelSize = voxelSize
    self.stagePositions = stagePositions
    self.warnings = warnings
  }

  /// The name of each tile's file, by which tables of offsets find it.
  public var tileNames: [String] { tiles.map { Files.name(of: $0.info.path) } }

  /// Opens the files and folders at `paths`, told apart by content; reads their headers and no voxel.
  ///
  /// Files are TIFF; a folder is an OME-Zarr store or holds TIFF files, taken in natural order of their names
  /// (2 before 10). The order of `paths` is kept. Decoded pieces of all of them are kept in `cache`. Where no file
  /// says its voxel size, that of `table` is taken, if it has one (BigDataViewer XML).
  ///
  /// - Throws: `BrickworkError`: `.missingInput`, `.unsupportedInput` naming what was found instead
  ///   of a format that is read, `.damagedInput`, `.badRequest` if `voxelSize` isn't positive or
  ///   `paths` is empty.
  public static func open(
    _ paths: [String], cache: PieceCache, voxelSize: VoxelSize? = nil,
    offsets table: OffsetTable? = nil, _ options: OpeningOptions = OpeningOptions()
  ) throws -> TileSet {
    guard !paths.isEmpty else {
      throw BrickworkError(.badRequest, reason: "no source is named", remedy: "Name the tile files")
    }
    if let voxelSize, !voxelSize.isValid {
      throw BrickworkError(
        .badRequest,
        reason: "the voxel size \(voxelSize.x), \(voxelSize.y), \(voxelSize.z) µm is not positive")
    }
    for path in paths where !Files.exists(path) {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file or folder",
        remedy: "Check the path; it is taken from the current folder")
    }
    let tiles = try paths.flatMap { try TileFormat.images(in: $0, options, cache: cache) }
    var warnings: [String] = []
    let chosen = voxelSize ?? commonVoxelSize(of: tiles, table, &warnings)
    let positions = tiles.compactMap(\.info.position)
    let isFinite = positions.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }
    return TileSet(
      tiles: tiles, voxelSize: chosen,
      stagePositions: positions.count == tiles.count && isFinite ? positions : nil,
      warnings: warnings)
  }

  /// The voxel size of the first tile that says one, else of the table.
  ///
  /// Others may differ by a millionth without a warning.
  private static func commonVoxelSize(
    of tiles: [any TileImage], _ table: OffsetTable?, _ warnings: inout [String]
  ) -> VoxelSize {
    let known = tiles.map(\.info).filter { $0.voxelSize?.isValid == true }
    let tabled = table?.voxelSize.flatMap { $0.isValid ? $0 : nil }
    guard let first = known.first, let size = first.voxelSize else {
      if let tabled { return tabled }
      warnings.append(
        "no file says its voxel size: 1 µm along x, y and z is taken; give it with --voxel-size")
      return .unknown
    }
    func warn(_ path: String, _ other: VoxelSize) {
      warnings.append(
        "\(path): the voxel size is \(described(other)), but \(described(size)) in "
          + "\(first.path), which is taken; give the right one with --voxel-size")
    }
    let different = known.first { $0.voxelSize.map { !agree($0, size) } == true }
    if let different, let other = different.voxelSize { warn(different.path, other) }
    if let table, let tabled, !agree(tabled, size) { warn(table.source, tabled) }
    return size
  }

  private static func agree(_ a: VoxelSize, _ b: VoxelSize) -> Bool {
    [(a.x, b.x), (a.y, b.y), (a.z, b.z)].allSatisfy { abs($0 - $1) <= 1e-6 * max($0, $1) }
  }

  private static func described(_ size: VoxelSize) -> String {
    [size.x, size.y, size.z].map(OffsetTable.short).joined(separator: " × ") + " µm"
  }
}
