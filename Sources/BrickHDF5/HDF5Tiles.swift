public import BrickCore
internal import BrickFiles
internal import CHDF5

/// Datasets of plain HDF5 files as tiles.
public enum HDF5Tiles {
  /// Which datasets of a file are tiles, and what their axes are.
  public struct Choice: Sendable, Hashable {
    /// A pattern for the datasets' paths; nil takes every dataset of three dimensions.
    ///
    /// `*` stands for any characters but `/`, `**` for any.
    public var datasets: String?
    /// What each dimension is, slowest first; nil takes the last three dimensions as z, y, x.
    ///
    /// One letter per dimension: z, y, x, c (channel), t (time); or an index in brackets, at which the dimension is
    /// fixed: "[0]zyx".
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
  ///
  /// Without a pattern these are the datasets of numbers with three dimensions, or as many as `axes` names; where
  /// there are none, those that come to three or two when dimensions of one element are left out. The voxel size
  /// is that of an attribute `element_size_um` (z, y, x), as ilastik and PlantSeg write it.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` if there is no such file, `.damagedInput` if it can't be read,
  ///   `.unsupportedInput` if no dataset is a tile, or one that the pattern names is none, `.badRequest` if the
  ///   pattern names nothing or the axes don't fit.
  public static func images(
    in path: String, _ choice: Choice = Choice(), cache: PieceCache
  ) throws -> [any TileImage] {
    guard Files.exists(path) else {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file", remedy: "Check the path")
    }
    let axes = try choice.axes.map { try HDF5Axes($0) }
    let source = HDF5Source(path, cache: cache)
    let walk = try HDF5Walk(source)
    if let pattern = choice.datasets {
      let names = walk.datasets.filter { DatasetPaths.matches($0, pattern) }
      guard !names.isEmpty else {
        throw BrickworkError(
          .badRequest, path: path, reason: "no dataset is called \"\(pattern)\"",
          remedy: "There are \(listed(walk.datasets))")
      }
      return try names.map { try image(source, try source.dataset($0), axes) }
    }
    return try chosen(source, walk, axes)
  }

  /// The datasets that are tiles where the user names none.
  private static func chosen(
    _ source: HDF5Source, _ walk: HDF5Walk, _ axes: HDF5Axes?
  ) throws -> [any TileImage] {
    var found: [HDF5Stored] = []
    var refused: [BrickworkError] = []
    for name in walk.datasets where (try? source.isLevel(name)) != true {
      do { found.append(try source.dataset(name)) } catch let error as BrickworkError {
        refused.append(error)
      }
    }
    let rank = axes?.axes.count ?? 3
    var tiles = found.filter { stored in
      stored.layout.dimensions.count == rank && stored.layout.dimensions.allSatisfy { $0 > 0 }
    }
    if tiles.isEmpty && axes == nil {
      // Planes alone, or volumes in dimensions of one element; the most common rank of all.
      let usual = found.filter { stored in
        HDF5Axes(usualFor: stored.layout.dimensions) != nil
          && stored.layout.dimensions.allSatisfy { $0 > 0 }
      }
      let most = usual.map(\.layout.dimensions.count).max()
      tiles = usual.filter { $0.layout.dimensions.count == most }
    }
    guard !tiles.isEmpty else {
      // A dataset that would be a tile but can't be read says more than a list.
      if found.isEmpty, let first = refused.first { throw first }
      let shapes = found.prefix(5).map { stored in
        let counts = stored.layout.dimensions.map(String.init).joined(separator: " × ")
        return "\(stored.name) (\(counts))"
      }
      throw BrickworkError(
        .unsupportedInput, path: source.path,
        reason: found.isEmpty
          ? "has no dataset" : "has no dataset of \(rank) dimensions, but \(listed(shapes))",
        remedy: found.isEmpty
          ? "Check the file" : "Say what the dimensions are with --axes, for example tczyx")
    }
    var notes = refused.prefix(3).map { "\($0.place ?? "a dataset") is left out: it \($0.reason)" }
    if !walk.broken.isEmpty {
      notes.append("links that lead nowhere are left out: \(listed(walk.broken))")
    }
    return try tiles.enumerated().map {
      try image(source, $0.element, axes, notes: $0.offset == 0 ? notes : [])
    }
  }

  private static func image(
    _ source: HDF5Source, _ stored: HDF5Stored, _ axes: HDF5Axes?, notes: [String] = []
  ) throws -> HDF5Image {
    guard let axes = axes ?? HDF5Axes(usualFor: stored.layout.dimensions) else {
      let counts = stored.layout.dimensions.map(String.init).joined(separator: " × ")
      throw BrickworkError(
        .badRequest, path: source.path, place: stored.name,
        reason: "has dimensions of \(counts) elements, and nothing says what they are",
        remedy:
          "Say it with --axes, one letter each, slowest first: tczyx, or [0]zyx to fix the first")
    }
    return try HDF5Image(
      stored, axes, voxelSize: try source.elementSize(of: stored.name), notes: notes)
  }

  private static func listed(_ names: [String]) -> String {
    names.isEmpty
      ? "none" : names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
  }

  /// Opens a file in every way and reads a few boxes of each tile; for fuzzing.
  ///
  /// - Throws: only `BrickworkError`.
  @_spi(Fuzzing) public static func exercise(_ path: String) throws {
    let cache = PieceCache(capacity: 1 << 20)
    for image in try images(in: path, cache: cache) {
      try readSome(of: image)
    }
  }

  /// Reads a corner and the middle of a tile's first and last volume.
  @_spi(Fuzzing) public static func readSome(of image: any TileImage) throws {
    let (channels, timepoints) = (image.info.channelNames.count, image.info.timepoints)
    for (channel, timepoint) in [(0, 0), (channels - 1, timepoints - 1)] {
      let volume = try image.volume(channel: channel, timepoint: timepoint)
      let box = Index3(repeating: 9).minimum(volume.size)
      // Chunks beyond this are for the caller's budget to refuse.
      guard volume.decodedBytes(reading: Box3(size: box)) <= 64 << 20 else { continue }
      _ = try volume.block(of: Box3(size: box))
      _ = try volume.block(of: Box3(origin: volume.size - box, size: box))
    }
  }
}

extension HDF5Source {
  /// The `element_size_um` of a dataset, z, y, x in µm; nil where there is none that can be.
  func elementSize(of name: String) throws -> VoxelSize? {
    let numbers = try HDF5Library.locked { () throws(BrickworkError) -> [Double]? in
      let place = HDF5Place(
        path: path, object: "\(name), attribute element_size_um", code: .damagedInput)
      let dataset = try HDF5Pool.dataset(self, name)
      guard unsafe H5Aexists(dataset, "element_size_um") > 0 else { return nil }
      let attribute = try place.own(
        unsafe H5Aopen(dataset, "element_size_um", chdf5_default()), "open the attribute",
        closer: H5Aclose)
      let type = try place.own(H5Aget_type(attribute.id), "read the type", closer: H5Tclose)
      let space = try place.own(H5Aget_space(attribute.id), "read the shape", closer: H5Sclose)
      guard [H5T_INTEGER, H5T_FLOAT].contains(H5Tget_class(type.id)), H5Tget_size(type.id) <= 16,
        H5Sget_simple_extent_npoints(space.id) == 3
      else { return nil }
      var numbers: [Double] = [0, 0, 0]
      try place.check(
        unsafe H5Aread(attribute.id, chdf5_native_double(), &numbers), "read the attribute")
      return numbers
    }
    guard let numbers else { return nil }
    let size = VoxelSize(x: numbers[2], y: numbers[1], z: numbers[0])
    return size.isValid ? size : nil
  }
}
