import ArgumentParser
import Brickwork

/// Which intensities become 0 and 255.
enum ScaleOption: Sendable, Hashable {
  /// Percentiles of the whole data set.
  case automatic(low: Double, high: Double)
  case range(low: Double, high: Double)

  init(parsing text: String) throws {
    guard text == "auto" || text.hasPrefix("auto:") else {
      let range = try Notation.range(text)
      self = .range(low: range.low, high: range.high)
      return
    }
    let percentiles =
      text == "auto" ? [1, 99] : try OptionValue.percentiles(String(text.dropFirst(5)))
    guard percentiles.count == 2, percentiles[0] < percentiles[1] else {
      throw BrickworkError(
        .badRequest, reason: "'\(text)' does not name two percentiles, the lower one first",
        remedy: "Write it like auto:0.1,99.9")
    }
    self = .automatic(low: percentiles[0], high: percentiles[1])
  }
}

/// How voxels are changed on their way into a store.
struct ViewGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write uint8: the first intensity becomes 0, the second 255. auto takes the 1st and the 99th percentile of all "
        + "tiles, auto:p,q others; they are found first, in one more reading (default: voxels as they are).",
      valueName: "auto|auto:p,q|low,high"),
    transform: { try ScaleOption(parsing: $0) })
  var scaleIntensity: ScaleOption?

  @Option(
    help: ArgumentHelp(
      "A mask: voxels become 0 where it is 0 or has none. A file or store of any type and of the same, a coarser or a "
        + "finer resolution, for the stitched volume; for an import one for all tiles, or one for each (default: none).",
      valueName: "file"),
    completion: .file())
  var mask: [String] = []

  /// The same as a plain value.
  var request: ViewRequest { ViewRequest(scale: scaleIntensity, masks: mask) }
}

/// What is asked to be done to voxels.
struct ViewRequest: Sendable {
  var scale: ScaleOption?
  /// Paths.
  var masks: [String]

  /// Whether a run is only planned: percentiles are those of a few voxels then.
  var isPlan = false

  /// Whether the tiles' intensities have to be found first.
  var readsTiles: Bool {
    if case .automatic = scale { true } else { false }
  }

  /// The same where a run is only planned, which does not read all tiles.
  func planned(_ isPlan: Bool) -> ViewRequest {
    var request = self
    request.isPlan = isPlan
    return request
  }
}

/// Views that the options ask for, ready to be laid over volumes.
struct ChosenViews: Sendable {
  /// A mask as it was opened.
  private struct Mask {
    let path: String
    let volume: any Volume
    let voxelSize: VoxelSize?
  }

  /// One for each channel, or empty where voxels stay as they are.
  let scales: [IntensityScale]
  private let masks: [Mask]

  /// Finds the intensities and opens the masks.
  ///
  /// - Parameters:
  ///   - channels: how many there are.
  ///   - tiles: what percentiles are taken of, which is called for `auto` alone.
  init(
    _ request: ViewRequest, channels: Int, tiles: () throws -> [IntensityJob.Tile],
    budget: MemoryBudget, threads: Int, cache: PieceCache, progress: TerminalProgress?
  ) async throws {
    switch request.scale {
    case nil: scales = []
    case .range(let low, let high):
      let scale = try IntensityScale(low: low, high: high)
      scales = Array(repeating: scale, count: channels)
    case .automatic(let low, let high) where request.isPlan:
      let tiles = try tiles()
      scales = try (0..<channels).map { try Self.sampled(tiles, channel: $0, low, high) }
    case .automatic(let low, let high):
      let job = try IntensityJob(
        try tiles(), percentiles: [low, high], budget: budget, threads: threads, cache: cache,
        listener: progress)
      scales = try await job.run().channels.map(Self.scale)
    }
    masks = try request.masks.map { try Self.open($0, cache) }
  }

  private static func scale(_ statistics: IntensityStatistics) throws -> IntensityScale {
    guard statistics.percentiles.count == 2 else {
      throw BrickworkError(
        .badRequest, reason: "there is no voxel but NaN, so no range of intensities to scale",
        remedy: "Give the range: --scale-intensity LOW,HIGH")
    }
    return try IntensityScale(
      low: statistics.percentiles[0], high: statistics.percentiles[1],
      everyVoxelIsEqual: statistics.minimum == statistics.maximum)
  }

  /// About what the percentiles are, for a plan: those of a plane's middle in a few tiles.
  private static func sampled(
    _ tiles: [IntensityJob.Tile], channel: Int, _ low: Double, _ high: Double
  ) throws -> IntensityScale {
    let volumes = tiles.compactMap { $0.volumes.first?[channel] }.filter { !$0.bounds.isEmpty }
    guard let type = volumes.first?.type else { return try IntensityScale(low: 0, high: 1) }
    var histogram = VoxelHistogram(type: type)
    for number in stride(from: 0, to: volumes.count, by: (volumes.count + 7) / 8) {
      let volume = volumes[number]
      let size = Index3(z: 1, y: 256, x: 256).minimum(volume.size)
      let box = Box3(
        origin: (volume.size - size).dividedRoundingDown(by: Index3(repeating: 2)), size: size)
      let block = try volume.block(of: box)
      histogram.add(VoxelView(block))
    }
    // Wide types have no percentile without another reading.
    let first = histogram.percentile(low) ?? histogram.minimum ?? 0
    let last = histogram.percentile(high) ?? histogram.maximum ?? first
    return try first < last
      ? IntensityScale(low: first, high: last) : IntensityScale(low: first, high: first + 1)
  }

  private static func open(_ path: String, _ cache: PieceCache) throws -> Mask {
    let set = try TileSet.open([path], cache: cache)
    guard set.tiles.count == 1 else {
      throw BrickworkError(
        .badRequest, path: path, reason: "holds \(set.tiles.count) images, and a mask is one",
        remedy: "Stitch them first, or name one of them")
    }
    return Mask(
      path: path, volume: try set.tiles[0].volume(channel: 0, timepoint: 0),
      voxelSize: set.isVoxelSizeKnown ? set.voxelSize : nil)
  }

  /// Throws unless there is one mask, or one for each of several images.
  func checkMasks(images: Int) throws {
    guard masks.count <= 1 || masks.count == images else {
      throw BrickworkError(
        .badRequest, reason: "\(masks.count) masks are given for \(Text.count(images, "volume"))",
        remedy: images == 1 ? "Give one --mask" : "Give one --mask for all, or one for each")
    }
  }

  /// A volume with its intensities scaled and its mask laid over it.
  ///
  /// - Parameters:
  ///   - image: which of several images it is.
  ///   - voxelSize: of the volume, where it is known.
  func view(_ volume: any Volume, image: Int = 0, channel: Int, voxelSize: VoxelSize?) throws
    -> any Volume
  {
    var view = volume
    if !scales.isEmpty {
      // A given range is that of all channels, however many there are.
      let scale = scales[min(channel, scales.count - 1)]
      view = try view.scaledToUInt8(
        low: scale.low, high: scale.high, everyVoxelIsEqual: scale.low == scale.high)
    }
    guard let mask = mask(for: image) else { return view }
    return view.masked(by: mask.volume, scale: scale(of: mask, volume.size, voxelSize))
  }

  private func mask(for image: Int) -> Mask? {
    masks.isEmpty ? nil : masks.count == 1 ? masks[0] : masks[image]
  }

  /// Masks as large as the volume lie on it voxel by voxel; else both voxel sizes decide, else both sizes.
  private func scale(of mask: Mask, _ size: Index3, _ voxelSize: VoxelSize?) -> MaskScale? {
    if mask.volume.size == size { return .equal }
    guard let maskVoxel = mask.voxelSize, let voxelSize else { return nil }
    return MaskScale(maskVoxel: maskVoxel, volumeVoxel: voxelSize)
  }

  /// What of it decides the voxels of an image, for the store's record.
  func describe(image: Int = 0, _ size: Index3, _ voxelSize: VoxelSize?, in json: inout JSON) throws
  {
    if !scales.isEmpty { json["scale_intensity"] = scaleJSON }
    if let mask = mask(for: image) {
      let scale =
        scale(of: mask, size, voxelSize)
        ?? MaskScale(maskSize: mask.volume.size, volumeSize: size)
      json["mask"] = [
        "name": .string(Files.name(of: mask.path)), "size_zyx": JSON(mask.volume.size),
        "file_bytes": Files.size(mask.path).map { JSON($0) } ?? nil,
        "written": .string(Files.stamp(mask.path)),
        // A store's folder says nothing of bricks that were written anew.
        "checksums": try checksums(of: [mask.volume]),
        "voxels_of_mask_zyx": JSON(scale.mask), "voxels_of_volume_zyx": JSON(scale.volume),
      ]
    }
  }

  /// What gives away that a mask was replaced.
  func stamps(image: Int = 0) -> [String] {
    mask(for: image).map { [Files.stamp($0.path)] } ?? []
  }

  /// The ranges in a summary.
  func describe(in summary: inout JobSummary) {
    guard !scales.isEmpty else { return }
    summary.json["scale_intensity"] = scaleJSON
    let ranges = scales.map { "\(Text.rounded($0.low)) to \(Text.rounded($0.high))" }
    summary.text += "\nintensities \(ranges.joined(separator: "; ")) are 0 to 255"
  }

  private var scaleJSON: JSON { .array(scales.map { [.number($0.low), .number($0.high)] }) }
}
