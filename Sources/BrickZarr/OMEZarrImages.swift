public import BrickCore
internal import BrickFiles

/// The images of a Zarr store, however many it has.
public enum OMEZarrImages {
  /// The most images of one store.
  private static let mostImages = 1 << 20

  /// Opens the image or array in the folder `path`, or every image of a collection there; reads
  /// metadata alone.
  ///
  /// Collections are those of bioformats2raw (`bioformats2raw.layout`: the series that `OME` lists, else "0",
  /// "1", … as far as they go), among them what `brickwork import` writes, and plates (wells in the plate's
  /// order, with all their images), in Zarr v2 and v3. Where one image of a collection has a position, an
  /// image at the origin has one too.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` also for an image that a list names and nobody finds;
  ///   `.damagedInput`, `.unsupportedInput` naming what was found.
  public static func images(in path: String, cache: PieceCache) throws -> [OMEZarrImage] {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let context = try MetadataContext(path)
    let metadata = Multiscales.metadata(context.attributes)
    guard !context.isArray, metadata["multiscales"] == nil,
      let names = try series(path, metadata, context) ?? wells(path, metadata, context)
    else { return [try OMEZarrImage(path, cache: cache)] }
    guard !names.isEmpty else {
      throw BrickworkError(
        .missingInput, path: path, reason: "is a collection of images without any image",
        remedy: "Check that the store was written or copied to its end")
    }
    var images = try names.map { try OMEZarrImage(Files.join(path, $0), cache: cache) }
    if images.contains(where: { $0.info.position != nil }) {
      for place in images.indices where images[place].info.position == nil {
        // Only where the image has lengths is its zero one.
        if images[place].info.voxelSize != nil { images[place].info.position = .zero }
      }
    }
    return images
  }

  /// The images of a bioformats2raw store; nil if it is none.
  private static func series(
    _ path: String, _ metadata: JSON, _ context: MetadataContext
  ) throws -> [String]? {
    guard metadata["bioformats2raw.layout"] != nil, metadata["plate"] == nil else { return nil }
    let folder = Files.join(path, "OME")
    if Files.isFolder(folder), let list = try? MetadataContext(folder),
      let series = Multiscales.metadata(list.attributes)["series"]
    {
      guard let names = series.stringArrayValue else {
        throw list.damaged("series is no list of names: \(series.text(pretty: false).prefix(80))")
      }
      return try checked(names, list)
    }
    var names: [String] = []
    while names.count < mostImages, Files.isFolder(Files.join(path, "\(names.count)")) {
      names.append("\(names.count)")
    }
    return names
  }

  /// The images of all wells of a plate; nil if it is none.
  private static func wells(
    _ path: String, _ metadata: JSON, _ context: MetadataContext
  ) throws -> [String]? {
    guard let plate = metadata["plate"] else { return nil }
    guard let wells = plate["wells"]?.arrayValue else {
      throw context.damaged("the plate has no list of wells")
    }
    var names: [String] = []
    for well in try checked(wells.map { $0["path"]?.stringValue ?? "" }, context) {
      let group = try MetadataContext(Files.join(path, well))
      guard let images = Multiscales.metadata(group.attributes)["well"]?["images"]?.arrayValue
      else {
        throw group.damaged("the well has no list of images")
      }
      names += try checked(images.map { $0["path"]?.stringValue ?? "" }, group).map {
        "\(well)/\($0)"
      }
    }
    return names
  }

  /// Names of folders below the store.
  private static func checked(_ names: [String], _ context: MetadataContext) throws -> [String] {
    guard names.count <= mostImages else {
      throw context.unsupported(
        "\(names.count) images in one store; at most \(mostImages) are read")
    }
    for name in names
    where name.isEmpty || name.hasPrefix("/") || name.split(separator: "/").contains("..") {
      throw context.damaged("the image path \"\(name.prefix(80))\" is not inside the store")
    }
    return names
  }
}
