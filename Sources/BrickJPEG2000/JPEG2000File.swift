public import BrickCore

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
  public static func image(in path: String, rows: Rows = .y, cache: PieceCache) throws
    -> any TileImage
  { throw BrickworkError(.unsupportedInput, path: path, reason: "is a JPEG 2000 file") }

  /// Opens a tile whose planes are files of one component each, in the order given.
  ///
  /// - Parameter folder: the tile's folder, which stands as its path.
  public static func image(
    ofPlanes paths: [String], folder: String, rows: Rows = .y, cache: PieceCache
  ) throws -> any TileImage {
    throw BrickworkError(.unsupportedInput, path: folder, reason: "holds JPEG 2000 files")
  }

  /// The number of components of a file, from its header alone.
  public static func componentCount(of path: String) throws -> Int {
    throw BrickworkError(.unsupportedInput, path: path, reason: "is a JPEG 2000 file")
  }
}
