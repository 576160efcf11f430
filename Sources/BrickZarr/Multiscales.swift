internal import BrickCore
internal import BrickFiles

/// The first image of a group's `multiscales`, checked: axes, and each level's place in µm.
struct Multiscales {
  let name: String
  /// Axes before the spatial ones, by kind.
  let leading: [Leading]
  /// 2 for y, x; 3 for z, y, x.
  let spatialRank: Int
  let datasets: [Dataset]
  /// Whether every spatial axis has a unit of length: if not, positions and sizes are in voxels of level 0.
  let isInMicrometres: Bool
  /// Whether levels say their voxel sizes; before 0.4 nothing but their shapes did.
  let hasScale: Bool
  let channelNames: [String]

  enum Leading {
    case time, channel
    case other(String)
  }

  struct Dataset {
    let path: String
    let voxelSize: VoxelSize
    let translation: Point3
  }

  /// Reads the group document in `context`.
  init(_ context: MetadataContext) throws {
    try context.checkMembers(["consolidated_metadata"])
    let ome = Self.metadata(context.attributes)
    guard let image = ome["multiscales"]?[0] else {
      let isCollection = ome["bioformats2raw.layout"] != nil
      throw BrickworkError(
        .unsupportedInput, path: context.file,
        reason: isCollection
          ? "is a collection of images" : "has no OME-Zarr image (multiscales)",
        remedy: isCollection
          ? "Name one image, such as \(Files.folder(of: context.file))/0"
          : "Name an OME-Zarr image, or the folder of one array")
    }
    if ome["version"]?.stringValue?.hasPrefix("0.6") == true {
      throw context.unsupported(
        "OME-Zarr 0.6, which is a draft", remedy: "Write it as OME-Zarr 0.5")
    }
    name = image["name"]?.stringValue ?? ome["name"]?.stringValue ?? ""
    // Before 0.3 nothing was said: all images had five dimensions.
    let isUnsaid = context.version == 2 && image["axes"] == nil
    let axes = try Self.axes(isUnsaid ? ["t", "c", "z", "y", "x"] : image["axes"], context)
    spatialRank = axes.spatial.count
    leading = axes.leading
    guard let entries = image["datasets"]?.arrayValue, !entries.isEmpty else {
      throw context.damaged("multiscales has no datasets")
    }
    guard entries.count <= 64 else {
      throw context.damaged("multiscales has \(entries.count) levels")
    }
    let rank = leading.count + spatialRank
    let common = try Transformation(image["coordinateTransformations"], rank: rank, context)
    let transformations = try entries.map { entry in
      try Transformation(entry["coordinateTransformations"], rank: rank, context)
        .followed(by: common)
    }
    let units = axes.spatial.compactMap(\.micrometres)
    hasScale = common.hasScale || transformations[0].hasScale
    let isInMicrometres = units.count == spatialRank && hasScale
    self.isInMicrometres = isInMicrometres
    let voxel = transformations[0].scale.suffix(spatialRank)
    func measured(_ values: [Double]) -> [Double] {
      let spatial = values.suffix(voxel.count)
      return isInMicrometres ? zip(spatial, units).map(*) : zip(spatial, voxel).map(/)
    }
    datasets = try zip(entries, transformations).map { entry, whole in
      guard let path = entry["path"]?.stringValue, !path.isEmpty, !path.hasPrefix("/"),
        !path.split(separator: "/").contains("..")
      else { throw context.damaged("a dataset has no path inside the group") }
      return Dataset(
        path: path, voxelSize: try Self.voxelSize(measured(whole.scale), context),
        translation: Self.xyz(measured(whole.translation), missing: 0))
    }
    channelNames = (ome["omero"]?["channels"]?.arrayValue ?? []).map {
      $0["label"]?.stringValue ?? ""
    }
  }

  /// What the attributes of a group say about OME-Zarr.
  ///
  /// 0.5 has everything under "ome"; 0.4, and some writers in a version 3 group, at the top.
  static func metadata(_ attributes: JSON) -> JSON { attributes["ome"] ?? attributes }

  private struct Axes {
    var leading: [Leading] = []
    /// With the µm of their unit; nil where that is no length.
    var spatial: [(name: String, micrometres: Double?)] = []
  }

  /// Two or three values, z or y first, as x, y, z; a missing z is `missing`.
  private static func xyz(_ values: [Double], missing: Double) -> Point3 {
    let last = values.count - 1
    return Point3(
      x: values[last], y: values[last - 1], z: last > 1 ? values[last - 2] : missing)
  }

  private static func voxelSize(
    _ scale: [Double], _ context: MetadataContext
  ) throws -> VoxelSize {
    let point = xyz(scale, missing: 1)
    let size = VoxelSize(x: point.x, y: point.y, z: point.z)
    guard size.isValid else { throw context.damaged("a level's scale \(scale) is not positive") }
    return size
  }

  private static func axes(_ json: JSON?, _ context: MetadataContext) throws -> Axes {
    guard let entries = json?.arrayValue, (2...5).contains(entries.count) else {
      throw context.damaged("multiscales has no list of 2 to 5 axes")
    }
    var axes = Axes()
    for entry in entries {
      guard let name = entry["name"]?.stringValue ?? entry.stringValue else {
        throw context.damaged("an axis has no name")
      }
      let type = entry["type"]?.stringValue
      if type == "space" || (type == nil && ["z", "y", "x"].contains(name)) {
        // Where no unit is given, every known writer means µm.
        let unit = entry["unit"]?.stringValue ?? "micrometer"
        axes.spatial.append((name, LengthUnit(unit)?.micrometres))
        continue
      }
      guard axes.spatial.isEmpty else {
        throw context.unsupported("the axis \(name) after the spatial ones")
      }
      switch type ?? name {
      case "time", "t": axes.leading.append(.time)
      case "channel", "c": axes.leading.append(.channel)
      default: axes.leading.append(.other(name))
      }
    }
    let names = axes.spatial.map { $0.name.lowercased() }
    guard names == ["z", "y", "x"] || names == ["y", "x"] else {
      throw context.unsupported(
        "the spatial axes \(names); known are z, y, x and y, x in this order")
    }
    return axes
  }
}

/// A scale and then a translation for each axis.
private struct Transformation {
  var scale: [Double]
  var translation: [Double]
  var hasScale = false

  init(_ json: JSON?, rank: Int, _ context: MetadataContext) throws {
    scale = Array(repeating: 1, count: rank)
    translation = Array(repeating: 0, count: rank)
    for step in json?.arrayValue ?? [] {
      switch step["type"]?.stringValue {
      case "identity": continue
      case "scale":
        hasScale = true
        let factors = try Self.values(step["scale"], "scale", rank, context)
        for axis in 0..<rank {
          scale[axis] *= factors[axis]
          translation[axis] *= factors[axis]
        }
      case "translation":
        let shifts = try Self.values(step["translation"], "translation", rank, context)
        for axis in 0..<rank { translation[axis] += shifts[axis] }
      case let other:
        throw context.unsupported("the transformation \"\(other ?? "without a type")\"")
      }
    }
  }

  func followed(by other: Transformation) -> Transformation {
    var result = self
    result.hasScale = hasScale || other.hasScale
    for axis in scale.indices {
      result.scale[axis] *= other.scale[axis]
      result.translation[axis] = translation[axis] * other.scale[axis] + other.translation[axis]
    }
    return result
  }

  private static func values(
    _ json: JSON?, _ name: String, _ rank: Int, _ context: MetadataContext
  ) throws -> [Double] {
    guard let values = json?.doubleArrayValue, values.count == rank else {
      throw context.damaged(
        "a \(name) is not \(rank) numbers: \(json?.text(pretty: false).prefix(80) ?? "missing")")
    }
    return values
  }
}
