public import BrickCore
internal import BrickFiles

/// JPEG 2000 files as tiles: the components of one file are z planes, or a folder holds one file per plane.
public enum JPEG2000File {
  /// What the rows of a coded picture are.
  public enum Rows: String, Sendable, Hashable, CaseIterable {
    /// Rows run along x, one for each y: the usual.
    case y
    /// Rows run along y, one for each x: as the ExM-Toolbox reads them.
    case x
  }

  /// Whether a file that begins so (12 bytes at least) is a JP2 file or a bare codestream.
  public static func looksLikeJPEG2000(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20])
      || firstBytes.starts(with: [0xFF, 0x4F, 0xFF, 0x51])
  }

  /// Opens one file, whose components are z planes; reads headers, no voxels.
  ///
  /// Components are taken as they are coded, without conversion of colours; samples of up to 8 bits become `uint8` or
  /// `int8`, up to 16 `uint16` or `int16`, up to 31 `uint32` or `int32`, their values as stored.
  ///
  /// - Throws: `BrickworkError`: `.damagedInput` where the file was cut or contradicts itself, `.unsupportedInput`
  ///   where components are subsampled or differ in type.
  public static func image(in path: String, rows: Rows = .y, cache: PieceCache) throws
    -> any TileImage
  {
    try JPEG2000Image([ComponentSource(path)], path: path, rows: rows, cache: cache)
  }

  /// Opens a tile whose planes are files of one component each, in the order given.
  ///
  /// - Parameter folder: the tile's folder, which stands as its path.
  /// - Throws: `BrickworkError` as `image(in:rows:cache:)`, and where planes differ in size or type.
  public static func image(
    ofPlanes paths: [String], folder: String, rows: Rows = .y, cache: PieceCache
  ) throws -> any TileImage {
    guard !paths.isEmpty else {
      throw BrickworkError(.badRequest, path: folder, reason: "no plane is named")
    }
    guard paths.count < 1 << 20 else {
      throw BrickworkError(
        .unsupportedInput, path: folder, reason: "holds \(paths.count) planes, and 2^20 is the most"
      )
    }
    let sources = try paths.map { try ComponentSource($0) }
    let first = sources[0].codestream
    for source in sources {
      let other = source.codestream
      guard other.components == 1 else {
        throw BrickworkError(
          .unsupportedInput, path: source.path,
          reason: "has \(other.components) components, where a plane has one",
          remedy: "Keep files of one plane apart from files of several")
      }
      guard other.type == first.type, other.grid.x.count == first.grid.x.count,
        other.grid.y.count == first.grid.y.count
      else {
        throw BrickworkError(
          .unsupportedInput, path: source.path,
          reason: "is \(words(other)), \(paths[0]) is \(words(first))",
          remedy: "Planes of a tile have one size and type: keep others in a folder of their own")
      }
    }
    return try JPEG2000Image(sources, path: folder, rows: rows, cache: cache)
  }

  private static func words(_ codestream: Codestream) -> String {
    "\(codestream.grid.x.count) × \(codestream.grid.y.count) pixels of \(codestream.type.rawValue)"
  }

  /// The number of components of a file, from its header alone.
  public static func componentCount(of path: String) throws -> Int {
    try ComponentSource(path).codestream.components
  }
}
