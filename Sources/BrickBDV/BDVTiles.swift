public import BrickCore

/// Views of BigDataViewer HDF5 projects as tiles.
public enum BDVTiles {
  /// Opens every view setup of a project, each with its time points; reads no voxel.
  ///
  /// - Parameter path: the project's XML, or its HDF5 file, beside which the XML is looked for.
  public static func images(in path: String, cache: PieceCache) throws -> [any TileImage] {
    throw BrickworkError(.unsupportedInput, path: path, reason: "is a BigDataViewer project")
  }
}
