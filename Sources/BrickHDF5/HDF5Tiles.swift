public import BrickCore

/// Datasets of plain HDF5 files as tiles.
public enum HDF5Tiles {
  /// Which datasets of a file are tiles, and what their axes are.
  public struct Choice: Sendable, Hashable {
    /// A pattern for the datasets' paths, with `*` for any characters but `/` and `**` for any; nil takes every
    /// dataset of three dimensions.
    public var datasets: String?
    /// One letter per dimension, slowest first: z, y, x, c (channel), t (time); or a digit, an index at which a
    /// dimension is fixed, in brackets: "[0]zyx". Nil takes the last three dimensions as z, y, x.
    public var axes: String?

    /// Every dataset of three dimensions.
    public init(datasets: String? = nil, axes: String? = nil) {
      self.datasets = datasets
      self.axes = axes
    }
  }

  /// Whether a file that begins so is an HDF5 file.
  public static func looksLikeHDF5(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: [0x89, 0x48, 0x44, 0x46])
  }

  /// Opens the datasets that are tiles, in natural order of their paths; reads no voxel.
  public static func images(in path: String, _ choice: Choice = Choice(), cache: PieceCache) throws
    -> [any TileImage]
  { throw BrickworkError(.unsupportedInput, path: path, reason: "is an HDF5 file") }
}
