public import BrickCore
internal import BrickFiles
internal import BrickZarr

/// One dataset of an N5 container, or a BigDataViewer setup with its time points, as a tile.
///
/// The voxels are those of the finest level. Dimensions are x, y, z in the files; those beyond the third count as
/// channels, the third's neighbour fastest.
public struct N5Image: TileImage {
  /// What the dataset says about itself; voxel size and position stand in the project's XML, not here.
  public let info: TileInfo
  /// One per time point, all of one shape and type.
  private let arrays: [ArrayMetadata]
  private let spatialRank: Int
  private let cache: PieceCache

  /// Opens what is in the folder `path`; reads attributes.json files and no voxel.
  ///
  /// - Parameter path: a dataset; the folder of a pyramid's levels, `s0` the finest; or a `setupS` with its
  ///   `timepointT`, in ascending order.
  /// - Throws: `BrickworkError`: `.missingInput` where nothing is, `.damagedInput` where the metadata
  ///   contradict themselves, `.unsupportedInput` for other types and compressions, by name.
  public init(_ path: String, cache: PieceCache) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let attributes = try N5Attributes(path)
    if attributes.isDataset {
      try self.init(path, [attributes.array(path)], levels: 1, cache: cache)
      return
    }
    if Files.isFolder(Files.join(path, "s0")) {
      let array = try Self.finest(path)
      try self.init(path, [array], levels: Self.levels(path), cache: cache)
      return
    }
    let timepoints = try N5Images.numbered("timepoint", in: path)
    guard !timepoints.isEmpty else {
      throw BrickworkError(
        .missingInput, path: path,
        reason: "has no dataset: no dimensions in attributes.json, no s0, and no timepoint folders",
        remedy: "Name the folder of a dataset, or that of a BigDataViewer setup")
    }
    let folders = timepoints.map { Files.join(path, "timepoint\($0)") }
    try self.init(
      path, try folders.map(Self.finest), levels: Self.levels(folders[0]), cache: cache)
  }

  private init(
    _ path: String, _ arrays: [ArrayMetadata], levels: Int, cache: PieceCache
  ) throws {
    let first = arrays[0]
    if let other = arrays.first(where: { $0.shape != first.shape || $0.type != first.type }) {
      throw BrickworkError(
        .damagedInput, path: other.path,
        reason:
          "is \(other.type) \(other.shape), but \(first.path) is \(first.type) \(first.shape)",
        remedy: "Open the datasets one by one")
    }
    spatialRank = min(3, first.shape.count)
    let channels = first.shape.dropLast(spatialRank).reduce(1) { $0.multipliedClamped(by: $1) }
    guard (1...1 << 20).contains(channels) else {
      throw BrickworkError(
        .unsupportedInput, path: first.path,
        reason: "has \(channels) places along the dimensions beyond the third: \(first.shape)")
    }
    let three = Array(repeating: 1, count: 3 - spatialRank) + first.shape.suffix(spatialRank)
    self.arrays = arrays
    self.cache = cache
    var details: JSON = ["levels": JSON(levels)]
    details["block"] = .array(first.brickShape.map { JSON($0) })
    info = TileInfo(
      path: path, name: Files.name(of: path), format: "N5", type: first.type,
      size: Index3(z: three[0], y: three[1], x: three[2]),
      channelNames: Array(repeating: "", count: channels), timepoints: arrays.count,
      details: details)
  }

  /// The voxels of a channel at a time point.
  ///
  /// - Throws: `BrickworkError` (`.badRequest`) if there is no such channel or time point.
  public func volume(channel: Int, timepoint: Int) throws -> any Volume {
    guard info.channelNames.indices.contains(channel), arrays.indices.contains(timepoint) else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has no channel \(channel) at time point \(timepoint); it has "
          + "\(info.channelNames.count) and \(info.timepoints), both counted from 0")
    }
    let array = arrays[timepoint]
    var rest = channel
    var leading: [Int] = []
    for extent in array.shape.dropLast(spatialRank).reversed() {
      leading.append(rest % extent)
      rest /= extent
    }
    return try ZarrVolume(array, leading: leading.reversed(), cache: cache)
  }

  /// The finest level in a folder of levels.
  private static func finest(_ folder: String) throws -> ArrayMetadata {
    let path = Files.join(folder, "s0")
    let attributes = try N5Attributes(path)
    guard attributes.isDataset else { throw attributes.damaged("has no dimensions") }
    return try attributes.array(path)
  }

  private static func levels(_ folder: String) throws -> Int {
    try N5Images.numbered("s", in: folder).count
  }
}

/// The images of an N5 container, however many it has.
public enum N5Images {
  /// Whether a folder is an N5 container, group or dataset, by its attributes.json or those below it.
  public static func isN5(_ path: String) -> Bool {
    func has(_ folder: String, _ names: [String]) -> Bool {
      guard let attributes = try? N5Attributes(folder) else { return false }
      return names.contains { attributes.json[$0] != nil }
    }
    if has(path, ["n5", "dimensions", "downsamplingFactors"])
      || has(Files.join(path, "s0"), ["dimensions"])
    {
      return true
    }
    // Some writers leave out the container's own attributes.
    guard let setup = try? numbered("setup", in: path).first else { return false }
    return has(Files.join(path, "setup\(setup)"), ["downsamplingFactors", "dataType"])
  }

  /// Opens the dataset or pyramid in `path`, or each BigDataViewer `setupS` in it, by ascending number.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` where no dataset is, `.damagedInput`,
  ///   `.unsupportedInput` by name.
  public static func images(in path: String, cache: PieceCache) throws -> [N5Image] {
    let attributes = try N5Attributes(path)
    if !attributes.isDataset {
      let setups = try numbered("setup", in: path)
      if !setups.isEmpty {
        return try setups.map { try N5Image(Files.join(path, "setup\($0)"), cache: cache) }
      }
    }
    return [try N5Image(path, cache: cache)]
  }

  /// The numbers after `prefix` in the names of a folder's folders, ascending.
  static func numbered(_ prefix: String, in path: String) throws -> [Int] {
    try Files.names(in: path).compactMap { name in
      guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), number >= 0,
        name == "\(prefix)\(number)", Files.isFolder(Files.join(path, name))
      else { return nil }
      return number
    }.sorted()
  }
}

extension Int {
  fileprivate func multipliedClamped(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
