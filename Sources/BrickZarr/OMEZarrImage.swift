public import BrickCore
internal import BrickFiles

/// An OME-Zarr image (0.5 in Zarr v3; 0.4 and older in v2) with its pyramid, or a bare Zarr array as an
/// image of one level.
public struct OMEZarrImage: TileImage {
  /// What the image says about itself.
  ///
  /// The position is the attribute `brickwork.position_um_xyz` of the group, else level 0's translation, if it
  /// isn't zero. Voxel size and position are nil where an axis has a unit that is no known length.
  public internal(set) var info: TileInfo
  /// Finest first; in µm, or in voxels of level 0 where the metadata give no length.
  public let levels: [OMEZarrLevel]
  /// The attributes of the group, or of the bare array.
  public let attributes: JSON
  let sources: [ZarrSource]
  private let leading: [Multiscales.Leading]

  /// Opens the group or array in the folder `path`.
  ///
  /// Reads the metadata of all levels and no voxel.
  /// - Throws: `BrickworkError`: `.missingInput`, `.damagedInput` where metadata contradict
  ///   themselves, `.unsupportedInput` for what this program doesn't read, by name.
  public init(_ path: String, cache: PieceCache) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let context = try MetadataContext(path)
    attributes = context.attributes
    let image: Multiscales?
    let arrays: [ArrayMetadata]
    let spatialRank: Int
    if context.isArray {
      image = nil
      arrays = [try ArrayMetadata(context, path: path)]
      spatialRank = min(3, arrays[0].shape.count)
      leading = Self.leading(of: arrays[0], count: arrays[0].shape.count - spatialRank)
    } else {
      let group = try Multiscales(context)
      image = group
      arrays = try group.datasets.map { try ArrayMetadata(Files.join(path, $0.path)) }
      spatialRank = group.spatialRank
      leading = group.leading
      let rank = leading.count + spatialRank
      for array in arrays {
        guard array.shape.count == rank, array.type == arrays[0].type,
          array.shape.prefix(leading.count) == arrays[0].shape.prefix(leading.count)
        else {
          throw context.damaged(
            "\(array.path) is \(array.type) \(array.shape), which does not fit the \(rank) axes or "
              + "level 0, \(arrays[0].type) \(arrays[0].shape)")
        }
      }
    }
    sources = arrays.map { ZarrSource($0, spatialRank: spatialRank, cache: cache) }
    let finest = sources[0].size
    levels = sources.enumerated().map { index, source in
      guard let image, image.hasScale else {
        // Older images say by their shapes alone how coarse a level is.
        let factor = finest.zip(source.size) { fine, coarse in
          max(1, Int((Double(fine) / Double(max(1, coarse))).rounded()))
        }
        return OMEZarrLevel(
          path: image?.datasets[index].path ?? ".", size: source.size,
          voxelSize: VoxelSize.unknown.scaled(by: factor))
      }
      return OMEZarrLevel(
        path: image.datasets[index].path, size: source.size,
        voxelSize: image.datasets[index].voxelSize, translation: image.datasets[index].translation)
    }
    let first = arrays[0]
    let (channels, timepoints) = (Self.channels(leading, first), Self.timepoints(leading, first))
    guard timepoints > 0, channels > 0, channels <= 1 << 20 else {
      throw context.unsupported(
        "\(channels) channels and \(timepoints) time points: \(first.shape)")
    }
    var names = image?.channelNames ?? []
    if names.count != channels { names = Array(repeating: "", count: channels) }
    let measured = image.flatMap { $0.isInMicrometres ? $0.datasets[0] : nil }
    var position = measured?.translation
    if position == .zero { position = nil }
    let zarr = first.format == .zarr2 ? "Zarr v2" : "Zarr v3"
    let words =
      image == nil ? [zarr] : ["OME-Zarr"] + (first.format == .zarr2 ? ["(\(zarr))"] : [])
    info = TileInfo(
      path: path, name: Self.name(image?.name, path),
      format: (words + (first.index == nil ? [] : ["(sharded)"])).joined(separator: " "),
      type: first.type, size: finest, channelNames: names, timepoints: timepoints,
      voxelSize: measured?.voxelSize, position: Self.ownPosition(attributes) ?? position)
  }

  /// Where `brickwork import` says that a tile lies.
  private static func ownPosition(_ attributes: JSON) -> Point3? {
    guard let xyz = attributes["brickwork"]?["position_um_xyz"]?.doubleArrayValue, xyz.count == 3,
      xyz.allSatisfy(\.isFinite)
    else { return nil }
    return Point3(x: xyz[0], y: xyz[1], z: xyz[2])
  }

  /// The finest voxels of a channel at a time point.
  public func volume(channel: Int, timepoint: Int) throws -> any Volume {
    try volume(level: 0, channel: channel, timepoint: timepoint)
  }

  /// The voxels of a channel at a time point in one level, 0 the finest.
  ///
  /// Reads no voxel yet.
  /// - Throws: `BrickworkError` (`.badRequest`) if there is no such level, channel or time point.
  public func volume(level: Int, channel: Int, timepoint: Int) throws -> any Volume {
    guard info.channelNames.indices.contains(channel) else {
      throw missing("channel \(channel)", "\(info.channelNames.count) channels")
    }
    guard (0..<info.timepoints).contains(timepoint) else {
      throw missing("time point \(timepoint)", "\(info.timepoints) time points")
    }
    // Axes that are neither time nor channel count as channels, slowest first.
    var rest = channel
    var indices: [Int] = []
    for (dimension, axis) in leading.enumerated().reversed() {
      if case .time = axis {
        indices.append(timepoint)
      } else {
        let (next, index) = rest.quotientAndRemainder(
          dividingBy: sources[0].metadata.shape[dimension])
        indices.append(index)
        rest = next
      }
    }
    return try volume(level: level, leading: indices.reversed())
  }

  /// Voxels along the axes before z, y, x, slowest first: time, channels and others.
  public var leadingShape: [Int] { Array(sources[0].metadata.shape.prefix(leading.count)) }

  /// The names of the axes before z, y, x, slowest first: "t" and "c" for time and channels.
  public var axisNames: [String] {
    leading.map { axis in
      switch axis {
      case .time: "t"
      case .channel: "c"
      case .other(let name): name
      }
    }
  }

  /// The voxels at one index of each axis before z, y, x.
  ///
  /// - Throws: `BrickworkError` (`.badRequest`) if there is no such level or index, or another number
  ///   of such axes.
  public func volume(level: Int, leading: [Int]) throws -> any Volume {
    guard sources.indices.contains(level) else {
      throw missing("level \(level)", "\(sources.count) levels")
    }
    guard leading.count == self.leading.count else {
      throw missing("place \(leading)", "\(self.leading.count) axes before its spatial ones")
    }
    return try ZarrVolume(sources[level], leading: leading)
  }

  /// How many voxels of level 0 a voxel of `level` covers along each axis, from the voxel sizes.
  ///
  /// - Precondition: the level exists.
  public func factor(level: Int) -> Index3 {
    func ratio(_ coarse: Double, _ fine: Double) -> Int {
      let ratio = (coarse / fine).rounded()
      return ratio >= 1 && ratio < 1e9 ? Int(ratio) : 1
    }
    let (coarse, fine) = (levels[level].voxelSize, levels[0].voxelSize)
    return Index3(
      z: ratio(coarse.z, fine.z), y: ratio(coarse.y, fine.y), x: ratio(coarse.x, fine.x))
  }

  private func missing(_ wanted: String, _ have: String) -> BrickworkError {
    BrickworkError(
      .badRequest, path: info.path, reason: "there is no \(wanted); the image has \(have)",
      remedy: "Count from 0")
  }

  private static func leading(of array: ArrayMetadata, count: Int) -> [Multiscales.Leading] {
    (0..<count).map { dimension in
      switch array.dimensionNames[dimension] {
      case "t", "time": .time
      case "c", "channel": .channel
      case let name: .other(name ?? "")
      }
    }
  }

  private static func channels(_ leading: [Multiscales.Leading], _ array: ArrayMetadata) -> Int {
    zip(leading, array.shape).reduce(1) { product, pair in
      if case .time = pair.0 { product } else { product * pair.1 }
    }
  }

  private static func timepoints(_ leading: [Multiscales.Leading], _ array: ArrayMetadata) -> Int {
    zip(leading, array.shape).reduce(1) { product, pair in
      if case .time = pair.0 { product * pair.1 } else { product }
    }
  }

  private static func name(_ given: String?, _ path: String) -> String {
    if let given, !given.isEmpty && given != "/" { return given }
    let folder = Files.name(of: path)
    for ending in [".ome.zarr", ".zarr"] where folder.hasSuffix(ending) && folder != ending {
      return String(folder.dropLast(ending.count))
    }
    return folder
  }
}
