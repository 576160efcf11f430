public import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import BrickJPEG2000

extension TileSet {
  /// The tiles of a tileset file: every file is opened once, whatever the number of its tiles.
  ///
  /// Positions are recorded with the set. What an entry does not say about opening is taken from `options`.
  ///
  /// - Parameter source: the file's name in errors, and what is said to have given the positions.
  /// - Throws: `BrickworkError` that names the entry whose file can't be opened or has no such image.
  public static func open(
    _ file: TilesetFile, source: String = "tileset", cache: PieceCache,
    voxelSize: VoxelSize? = nil, offsets table: OffsetTable? = nil,
    _ options: OpeningOptions = OpeningOptions()
  ) throws -> TileSet {
    try check(voxelSize)
    guard !file.tiles.isEmpty else {
      throw BrickworkError(.badRequest, path: source, reason: "has no tiles")
    }
    var opened: [FileKey: OpenedFile] = [:]
    var opening = Opening()
    for (number, tile) in file.tiles.enumerated() {
      let own = tile.options(over: options)
      let key = FileKey(path: tile.path, options: own)
      let images: OpenedFile
      if let known = opened[key] {
        images = known
      } else {
        images = try naming(source, number) {
          OpenedFile(try imagesOfEntry(tile.path, own, cache: cache))
        }
        opened[key] = images
      }
      let place = try naming(source, number) { try images.place(of: tile) }
      opening.tiles.append(images.tiles[place])
      opening.origins.append(
        TileOrigin(path: tile.path, image: place, imageCount: images.tiles.count, options: own))
    }
    var set = try opening.finished(voxelSize ?? file.voxelSize, table)
    set.warnings = file.warnings + set.warnings
    let positions = file.tiles.compactMap(\.position)
    if positions.count == file.tiles.count { set = set.recording(positions, source: source) }
    return set
  }

  /// The set as a tileset file: its tiles with their positions, in the unit their source gives.
  ///
  /// - Parameter table: positions in place of those of the set.
  /// - Throws: `BrickworkError` if the table does not fit the tiles.
  public func tilesetFile(offsets table: OffsetTable? = nil) throws -> TilesetFile {
    let positions = try positions(from: table)
    let entries = zip(tiles, origins).enumerated().map { number, pair in
      let (tile, origin) = pair
      var entry = TilesetFile.Tile(path: origin.path)
      if origin.imageCount > 1 {
        entry.image = origin.image
        entry.name = tile.info.name
      }
      if let positions, positions.source != .single {
        entry.position = positions.rows[number].position
      } else if origin.options.stageRule != .usual {
        entry.stageRule = origin.options.stageRule
      }
      entry.dataset = origin.options.datasets.datasets
      entry.axes = origin.options.datasets.axes
      entry.rows = origin.options.rows == .y ? nil : origin.options.rows
      return entry
    }
    return TilesetFile(voxelSize: isVoxelSizeKnown ? voxelSize : nil, tiles: entries)
  }

  private struct FileKey: Hashable {
    var path: String
    var options: OpeningOptions
  }

  /// The images of a file, found by place or name.
  private final class OpenedFile {
    let tiles: [any TileImage]
    private let byName: [String: [Int]]

    init(_ tiles: [any TileImage]) {
      self.tiles = tiles
      byName = Dictionary(grouping: tiles.indices) { tiles[$0].info.name }
    }

    func place(of entry: TilesetFile.Tile) throws -> Int {
      func missing(_ what: String) -> BrickworkError {
        BrickworkError(
          .badRequest, path: entry.path,
          reason: "has no \(what): it has \(tiles.count) images, "
            + tiles.prefix(3).map(\.info.name).joined(separator: ", "),
          remedy: "Correct the entry, or write the tileset again")
      }
      // The only image may have been renamed with its file.
      if tiles.count == 1, entry.image ?? 0 == 0 { return 0 }
      if let image = entry.image {
        let isThere = tiles.indices.contains(image)
        if isThere, entry.name.map({ $0 == tiles[image].info.name }) ?? true { return image }
        guard let name = entry.name else { throw missing("image \(image)") }
        guard let places = byName[name], places.count == 1 else {
          throw missing("image \(image) named '\(name)'")
        }
        return places[0]
      }
      if let name = entry.name {
        guard let places = byName[name], places.count == 1 else {
          throw missing("image of its own named '\(name)'")
        }
        return places[0]
      }
      throw BrickworkError(
        .badRequest, path: entry.path,
        reason: "has \(tiles.count) images, and the entry doesn't say which",
        remedy: "Add \"image\": N to the entry, counted from 0")
    }
  }

  private static func imagesOfEntry(
    _ path: String, _ options: OpeningOptions, cache: PieceCache
  ) throws -> [any TileImage] {
    // A path out of a file may name a pipe, which would wait for a writer for ever.
    guard Files.size(path) != nil || Files.isFolder(path) else {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file or folder",
        remedy: "Paths are seen from the tileset file's folder")
    }
    do { return try TileFormat.images(in: path, options, cache: cache) } catch let error
      as BrickworkError
    {
      guard error.code == .unsupportedInput, TilesetFile.isTilesetFile(path) else { throw error }
      throw BrickworkError(
        .badRequest, path: path, reason: "is itself a tileset file",
        remedy: "List its tiles instead")
    }
  }

  /// What `body` gives, its error said of an entry of the tileset file.
  private static func naming<Result>(_ source: String, _ number: Int, _ body: () throws -> Result)
    throws -> Result
  {
    do { return try body() } catch var error as BrickworkError {
      let location = [error.path, error.place].compactMap { $0 }.joined(separator: ", ")
      error.reason = location.isEmpty ? error.reason : "\(location): \(error.reason)"
      (error.path, error.place) = (source, "tile \(number)")
      throw error
    }
  }
}
