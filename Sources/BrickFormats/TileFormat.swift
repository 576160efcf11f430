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
      return [try JPEG2000File.image(in: path, rows: options.rows, cache: cache)]
    }
    if HDF5Tiles.looksLikeHDF5(start) {
      return try HDF5Tiles.images(in: path, options.datasets, cache: cache)
    }
    throw unsupported(path, start)
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
    let isTIFF = { (name: String) in
      let lower = name.lowercased()
      return !name.hasPrefix(".") && (lower.hasSuffix(".tif") || lower.hasSuffix(".tiff"))
    }
    let files = names.filter(isTIFF).sorted(by: NaturalOrder.isBefore)
    guard !files.isEmpty else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason:
          "is a folder without zarr.json and without .tif or .tiff files; no .zarray, .zgroup or "
          + "attributes.json is there either",
        remedy: "Name an OME-Zarr or N5 store, a folder of TIFF tiles, or the files themselves")
    }
    return try files.flatMap { try images(in: Files.join(path, $0), options, cache: cache) }
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

  /// The error for a file of another format, which says what it looks like.
  private static func unsupported(_ path: String, _ start: [UInt8]) -> BrickworkError {
    let known = signatures.first { start.starts(with: $0.bytes) }
    let shown = start.prefix(8).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined(separator: " ")
    let found =
      known.map { "is \($0.name), which this release does not read" }
      ?? "is of no known format: it starts with the bytes \(shown)"
    return BrickworkError(
      .unsupportedInput, path: path, reason: found,
      remedy: known?.remedy
        ?? "TIFF files and OME-Zarr 0.5 stores are read; ND2, JPEG 2000 and HDF5 come with the next release"
    )
  }

  private struct Signature {
    var bytes: [UInt8]
    var name: String
    var remedy: String
  }

  private static let later =
    "TIFF and OME-Zarr 0.5 are read now, this format comes with the next release: until then, "
    + "save the tiles as TIFF"
  private static let never = "Save the tiles as TIFF, for example with Fiji"

  private static let signatures = [
    Signature(bytes: [0xDA, 0xCE, 0xBE, 0x0A], name: "a Nikon ND2 file", remedy: later),
    Signature(
      bytes: [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], name: "a JPEG 2000 file", remedy: later),
    Signature(bytes: [0xFF, 0x4F, 0xFF, 0x51], name: "a JPEG 2000 codestream", remedy: later),
    Signature(bytes: [0x89, 0x48, 0x44, 0x46], name: "an HDF5 file", remedy: later),
    Signature(bytes: [0x89, 0x50, 0x4E, 0x47], name: "a PNG picture", remedy: never),
    Signature(bytes: [0xFF, 0xD8, 0xFF], name: "a JPEG picture", remedy: never),
    Signature(
      bytes: [0x5A, 0x49, 0x53, 0x52, 0x41, 0x57], name: "a Zeiss CZI file", remedy: never),
    Signature(bytes: [0x70, 0, 0, 0], name: "a Leica LIF file", remedy: never),
    Signature(
      bytes: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], name: "a NumPy array",
      remedy: "Offsets in a .npy file are given with --offsets"),
    Signature(
      bytes: [0x3C], name: "an XML file",
      remedy:
        "Give the tiles as TIFF files and this project with --offsets; images of BigDataViewer "
        + "projects come with the next release"),
  ]
}
