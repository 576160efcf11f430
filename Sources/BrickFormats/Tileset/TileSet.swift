public import BrickCore
internal import BrickFiles

/// What it takes to open a tile again.
public struct TileOrigin: Sendable, Hashable {
  /// The file, store or folder that was opened.
  public var path: String
  /// The place of the tile among the images found there, from 0.
  public var image: Int
  /// How many images were found there.
  public var imageCount: Int
  /// How it was opened.
  public var options: OpeningOptions

  /// The tile at a place among the images of a path.
  public init(
    path: String, image: Int = 0, imageCount: Int = 1, options: OpeningOptions = OpeningOptions()
  ) {
    self.path = path
    self.image = image
    self.imageCount = imageCount
    self.options = options
  }
}

extension TileSet {
  /// Adds how the files were opened to what decides a result; nothing where all were opened as usual.
  func describeOpening(in settings: inout JSON) {
    let opened = origins.map(\.options)
    guard opened.contains(where: { $0 != OpeningOptions() }) else { return }
    settings["opened"] = .array(opened.map { .string("\($0)") })
  }
}

/// What the user named: tiles with their images, a voxel size, and the positions the files themselves give.
public struct TileSet: Sendable {
  /// At least one tile, in the order of the paths.
  public internal(set) var tiles: [any TileImage]
  /// µm between voxels, x, y, z: the given one, else a tileset file's, else the tiles' files', else that of the table
  /// of offsets, else 1 µm with a warning.
  public var voxelSize: VoxelSize
  /// Whether `voxelSize` was said by anybody, rather than assumed.
  public var isVoxelSizeKnown = true
  /// Stage positions in µm, x, y, z, if every tile's file has one.
  public internal(set) var stagePositions: [Point3]?
  /// Positions kept with the set, which come before those of the stage; nil where there are none.
  ///
  /// They are a tileset file's, or were given by `updatingOffsets`. Rows are numbered like the tiles.
  public var recordedOffsets: OffsetTable?
  /// Where each tile was opened from, in the tiles' order.
  public internal(set) var origins: [TileOrigin]
  /// What was read but should be known: one sentence each.
  public var warnings: [String]

  /// A set of opened tiles; without `origins`, the images of one path are taken to be numbered as they come.
  public init(
    tiles: [any TileImage], voxelSize: VoxelSize, stagePositions: [Point3]?,
    warnings: [String] = [], origins: [TileOrigin]? = nil
  ) {
    self.tiles = tiles
    self.voxelSize = voxelSize
    self.stagePositions = stagePositions
    self.warnings = warnings
    self.origins = origins ?? Self.origins(of: tiles, OpeningOptions())
  }

  /// The name of each tile's file, by which tables of offsets find it.
  public var tileNames: [String] { tiles.map { Files.name(of: $0.info.path) } }

  /// Opens the files and folders at `paths`, told apart by content; reads their headers and no voxel.
  ///
  /// A path is a tile file of any known format, an OME-Zarr store, a folder of tile files, taken in natural order
  /// of their names (2 before 10), a BigDataViewer project, or alone a tileset file. The order of `paths` is kept.
  /// Decoded pieces of all of them are kept in `cache`. Where no file says its voxel size, that of `table` is taken,
  /// if it has one (BigDataViewer XML).
  ///
  /// - Throws: `BrickworkError`: `.missingInput`, `.unsupportedInput` naming what was found instead
  ///   of a format that is read, `.damagedInput`, `.badRequest` if `voxelSize` isn't positive,
  ///   `paths` is empty, or a tileset file is not the only one.
  public static func open(
    _ paths: [String], cache: PieceCache, voxelSize: VoxelSize? = nil,
    offsets table: OffsetTable? = nil, _ options: OpeningOptions = OpeningOptions()
  ) throws -> TileSet {
    guard !paths.isEmpty else {
      throw BrickworkError(.badRequest, reason: "no source is named", remedy: "Name the tile files")
    }
    try check(voxelSize)
    for path in paths where !Files.exists(path) {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file or folder",
        remedy: "Check the path; it is taken from the current folder")
    }
    if paths.count == 1, TilesetFile.isTilesetFile(paths[0]) {
      return try open(
        TilesetFile.read(paths[0]), source: paths[0], cache: cache, voxelSize: voxelSize,
        offsets: table, options)
    }
    var opening = Opening()
    for path in paths {
      let images = try refusingTilesets(path) {
        try TileFormat.images(in: path, options, cache: cache)
      }
      opening.tiles += images
      opening.origins +=
        Files.isFolder(path)
        ? origins(of: images, options)
        : images.indices.map {
          TileOrigin(path: path, image: $0, imageCount: images.count, options: options)
        }
    }
    return try opening.finished(voxelSize, table)
  }

  static func check(_ voxelSize: VoxelSize?) throws {
    if let voxelSize, !voxelSize.isValid {
      throw BrickworkError(
        .badRequest,
        reason: "the voxel size \(voxelSize.x), \(voxelSize.y), \(voxelSize.z) µm is not positive")
    }
  }

  /// What `body` opens, with a clearer error where the path is a tileset file among others.
  static func refusingTilesets<Result>(_ path: String, _ body: () throws -> Result) throws
    -> Result
  {
    do { return try body() } catch let error as BrickworkError {
      guard error.code == .unsupportedInput, TilesetFile.isTilesetFile(path) else { throw error }
      throw BrickworkError(
        .badRequest, path: path, reason: "is a tileset file, which can't be one of several sources",
        remedy: "Name it alone, or list the tiles of both in one tileset file")
    }
  }

  /// Images found in a folder are opened again by their own paths.
  private static func origins(of tiles: [any TileImage], _ options: OpeningOptions) -> [TileOrigin]
  {
    var counts: [String: Int] = [:]
    for tile in tiles { counts[tile.info.path, default: 0] += 1 }
    var seen: [String: Int] = [:]
    return tiles.map { tile in
      let path = tile.info.path
      let image = seen[path, default: 0]
      seen[path] = image + 1
      return TileOrigin(path: path, image: image, imageCount: counts[path] ?? 1, options: options)
    }
  }
}
