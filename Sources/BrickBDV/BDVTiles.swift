public import BrickCore
internal import BrickFiles
@_spi(Fuzzing) internal import BrickHDF5

/// Views of BigDataViewer HDF5 projects as tiles.
public enum BDVTiles {
  /// Opens every tile of a project, each with its channels and time points; reads no voxel.
  ///
  /// Setups that differ in nothing but the channel are channels of one tile. Sizes and types are those of each
  /// setup's first view; other time points are looked at when they are read. A position is the offset in voxels times
  /// the voxel size, or times 1 µm where the project does not say it. Without an XML, or a registration in it, a
  /// tile has no position.
  ///
  /// - Parameter path: the project's XML, or its HDF5 file, beside which the XML of the same name is looked for.
  /// - Throws: `BrickworkError`: `.missingInput` if there is no such file, or the HDF5 file is gone,
  ///   `.unsupportedInput` if the project's images are in another format, `.damagedInput` if they can't be read.
  public static func images(in path: String, cache: PieceCache) throws -> [any TileImage] {
    guard Files.exists(path) else {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file", remedy: "Check the path")
    }
    if try isHDF5(path) {
      let project = projectBeside(path)
      return try BDVOpening(path, project, cache: cache).images()
    }
    return try images(of: BDVProject(reading: path), cache: cache)
  }

  /// Opens every tile of a project that was read already.
  ///
  /// - Throws: `BrickworkError` as `images(in:cache:)`.
  public static func images(of project: BDVProject, cache: PieceCache) throws -> [any TileImage] {
    let loader = project.loader
    guard loader.format == "bdv.hdf5" else {
      throw BrickworkError(
        .unsupportedInput, path: project.path,
        reason: "the images are loaded by \"\(loader.format)\", not bdv.hdf5",
        remedy: "Export the project as HDF5")
    }
    guard let file = loader.path, Files.exists(file) else {
      throw BrickworkError(
        .missingInput, path: project.path,
        reason: "the image file \(loader.path ?? "") is not there",
        remedy: "Put it beside the XML under that name, or correct <hdf5> in the XML")
    }
    return try BDVOpening(file, project, cache: cache).images()
  }

  /// Whether an HDF5 file has the groups and tables of BigDataViewer.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if it can't be opened.
  public static func isProject(_ path: String) throws -> Bool {
    let file = try HDF5File(reading: path)
    let names = try file.names(in: "/")
    guard names.contains(where: { BDVNames.id(in: $0, prefix: "t") != nil }) else { return false }
    return names.contains { name in
      BDVNames.id(in: name, prefix: "s") != nil && file.contains("/\(name)/resolutions")
    }
  }

  private static func isHDF5(_ path: String) throws -> Bool {
    let file = try MappedFile(path)
    guard file.count >= 8 else { return false }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    return HDF5Tiles.looksLikeHDF5((0..<8).map { bytes[$0] })
  }

  /// The project whose XML lies beside an HDF5 file under the same name, and names that file.
  private static func projectBeside(_ path: String) -> BDVProject? {
    let name = Files.name(of: path)
    let base = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    let xml = Files.join(Files.folder(of: path), base + ".xml")
    guard Files.exists(xml), let project = try? BDVProject(reading: xml),
      project.loader.format == "bdv.hdf5", let file = project.loader.path,
      Files.name(of: file) == name
    else { return nil }
    return project
  }

  /// Opens a project in every way and reads a few boxes of each tile; for fuzzing.
  ///
  /// - Throws: only `BrickworkError`.
  @_spi(Fuzzing) public static func exercise(_ path: String) throws {
    for image in try images(in: path, cache: PieceCache(capacity: 1 << 20)) {
      try HDF5Tiles.readSome(of: image)
    }
  }
}
