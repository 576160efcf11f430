internal import BrickBDV
internal import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import BrickJPEG2000
internal import BrickN5
internal import BrickND2
internal import BrickTIFF
internal import BrickZarr

/// Opens any tile file: the only list of formats.
enum TileFormat {
  /// The images in the file or store at `path`, told by its content.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` where nothing is, `.unsupportedInput` naming what was found.
  static func images(in path: String, _ options: OpeningOptions, cache: PieceCache) throws
    -> [any TileImage]
  {
    if Files.isFolder(path) {
      if isStore(path) { return try OMEZarrImages.images(in: path, cache: cache) }
      if N5Images.isN5(path) { return try N5Images.images(in: path, cache: cache) }
      return try imagesOfFolder(path, options, cache: cache)
    }
    let start = try firstBytes(path)
    if TIFFFile.looksLikeTIFF(start) { return try TIFFFile.images(in: path, cache: cache) }
    if ND2File.looksLikeND2(start) { return try ND2File.images(in: path, cache: cache) }
    if JPEG2000File.looksLikeJPEG2000(start) {
      if try ND2File.isLegacy(path) { throw ND2File.legacyRefusal(path) }
      return [try JPEG2000File.image(in: path, rows: options.rows, cache: cache)]
    }
    if HDF5Tiles.looksLikeHDF5(start) {
      return try imagesOfHDF5(path, options, cache: cache)
    }
    if looksLikeXML(start) {
      return try imagesOfProject(BDVProject(reading: path), options, cache: cache)
    }
    throw ForeignFile.refusal(path, start)
  }

  /// The tiles of an HDF5 file: a BigDataViewer project's, unless datasets are named.
  private static func imagesOfHDF5(
    _ path: String, _ options: OpeningOptions, cache: PieceCache
  ) throws -> [any TileImage] {
    let namesDatasets = options.datasets.datasets != nil || options.datasets.axes != nil
    if try !namesDatasets && BDVTiles.isProject(path) {
      return try BDVTiles.images(in: path, cache: cache)
    }
    return try HDF5Tiles.images(in: path, options.datasets, cache: cache)
  }

  /// The tiles of a BigDataViewer or BigStitcher project, by the format of its images.
  private static func imagesOfProject(
    _ project: BDVProject, _ options: OpeningOptions, cache: PieceCache
  ) throws -> [any TileImage] {
    project.loader.format == "bdv.hdf5"
      ? try BDVTiles.images(of: project, cache: cache)
      : try ProjectImages.images(of: project, cache: cache)
  }

  /// Whether a file that begins so is XML: an element, a comment or a declaration, after a byte order mark.
  private static func looksLikeXML(_ start: [UInt8]) -> Bool {
    let text = start.starts(with: [0xEF, 0xBB, 0xBF]) ? start.dropFirst(3) : start[...]
    return text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "<")
  }

  /// Whether a folder is a Zarr array or group, of version 3 or 2.
  static func isStore(_ path: String) -> Bool {
    ["zarr.json", ".zarray", ".zgroup", ".zattrs"].contains {
      Files.size(Files.join(path, $0)) != nil
    }
  }

  private static func imagesOfFolder(
    _ path: String, _ options: OpeningOptions, cache: PieceCache
  ) throws -> [any TileImage] {
    let names = try Files.names(in: path)
    func files(_ suffixes: [String]) -> [String] {
      names.filter { name in
        let lower = name.lowercased()
        return !name.hasPrefix(".") && suffixes.contains { lower.hasSuffix($0) }
      }.sorted(by: NaturalOrder.isBefore)
    }
    let tiles = files([".tif", ".tiff", ".nd2"])
    let pictures = files([".jp2", ".j2k", ".j2c", ".jpx", ".jpf"])
    if tiles.isEmpty, !pictures.isEmpty {
      return try picturesOfFolder(path, pictures, options, cache: cache)
    }
    guard !tiles.isEmpty else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason:
          "is a folder without zarr.json, .zgroup or attributes.json and without TIFF, ND2 or "
          + "JPEG 2000 files",
        remedy: "Name an OME-Zarr or N5 store, a folder of tiles, or the files themselves")
    }
    return try tiles.flatMap { try images(in: Files.join(path, $0), options, cache: cache) }
  }

  /// A folder of JPEG 2000 files: one tile of planes where each has one component, else a tile each.
  private static func picturesOfFolder(
    _ path: String, _ names: [String], _ options: OpeningOptions, cache: PieceCache
  ) throws -> [any TileImage] {
    let paths = names.map { Files.join(path, $0) }
    let counts = try paths.map { try JPEG2000File.componentCount(of: $0) }
    guard let single = counts.firstIndex(of: 1) else {
      return try paths.map { try JPEG2000File.image(in: $0, rows: options.rows, cache: cache) }
    }
    if let several = counts.firstIndex(where: { $0 > 1 }) {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason:
          "\(names[single]) has one component, so the folder would be one tile of planes, but "
          + "\(names[several]) has \(counts[several]), so each file would be a tile",
        remedy: "Keep planes and tiles in folders of their own, or name the files")
    }
    return [
      try JPEG2000File.image(ofPlanes: paths, folder: path, rows: options.rows, cache: cache)
    ]
  }

  private static func firstBytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path)
    guard file.count > 0 else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "is empty: 0 bytes",
        remedy: "Copy the file again from where it was acquired")
    }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    var start: [UInt8] = []
    for place in 0..<min(file.count, 16) { start.append(bytes[place]) }
    try file.checkIntact()
    return start
  }
}
