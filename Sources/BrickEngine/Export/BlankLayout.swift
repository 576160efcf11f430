public import BrickBDV
public import BrickCore

/// Tiles of noise, or of nothing, to be filled later: what a blank BDV file holds.
public struct BlankLayout: Sendable, Hashable {
  /// The type of every voxel.
  public var type: VoxelType
  /// Voxels of each tile.
  public var tileSize: Index3
  /// Where each tile's first voxel lies, in voxels, x, y, z.
  public var offsets: [Point3]
  /// Channels of each tile; at least 1.
  public var channels: Int
  /// Time points of each channel; at least 1.
  public var timepoints: Int
  /// µm between voxels.
  public var voxelSize: VoxelSize
  /// Voxels are uniform in [0, noise); with 0 no voxel is stored.
  public var noise: Double
  /// Chooses the noise: the same seed gives the same voxels, whatever the threads, chunks and levels.
  public var seed: UInt64

  /// A layout; without more, one tile of one channel without noise.
  public init(
    type: VoxelType, tileSize: Index3, offsets: [Point3] = [.zero], channels: Int = 1,
    timepoints: Int = 1, voxelSize: VoxelSize = .unknown, noise: Double = 0, seed: UInt64 = 0
  ) {
    self.type = type
    self.tileSize = tileSize
    self.offsets = offsets
    self.channels = channels
    self.timepoints = timepoints
    self.voxelSize = voxelSize
    self.noise = noise
    self.seed = seed
  }

  /// The offsets of tiles in rows, x fastest, that overlap their neighbours by so many voxels.
  ///
  /// - Precondition: the overlap is smaller than a tile.
  public static func grid(_ counts: Index3, tileSize: Index3, overlap: Index3 = .zero) -> [Point3] {
    let step = tileSize - overlap
    precondition(
      step.minimum(.one) == .one, "An overlap of \(overlap) leaves nothing of \(tileSize)")
    var offsets: [Point3] = []
    Box3(size: counts).forEachPosition { place in
      let start = place * step
      offsets.append(Point3(x: Double(start.x), y: Double(start.y), z: Double(start.z)))
    }
    return offsets
  }

  /// The images that an export writes: voxels are made as they are read.
  ///
  /// Each view draws from a stream of its own, numbered like the views: time point by time point, channel by
  /// channel, tiles fastest.
  func images(levels: ExportLevels, chunk: Index3?) throws -> [ExportImage] {
    let views = channels.multipliedReportingOverflow(by: timepoints)
    guard !offsets.isEmpty, channels > 0, timepoints > 0, voxelSize.isValid, !views.overflow,
      !views.partialValue.multipliedReportingOverflow(by: offsets.count).overflow
    else {
      throw BrickworkError(
        .badRequest,
        reason:
          "\(offsets.count) tiles of \(channels) channels at \(timepoints) time points, with voxels of "
          + "\(voxelSize.x), \(voxelSize.y), \(voxelSize.z) µm, are no file")
    }
    return try offsets.enumerated().map { tile, offset in
      let volumes = try (0..<timepoints * channels).map { part in
        try NoiseVolume(
          type: type, size: tileSize, amplitude: noise, seed: seed,
          stream: part * offsets.count + tile)
      }
      return try ExportImage(
        name: "tile \(tile)", channelNames: Array(repeating: "", count: channels), volumes: volumes,
        voxelSize: voxelSize, offset: offset, levels: levels, chunk: chunk)
    }
  }
}

extension ExportJob {
  /// Writes the file and its XML without reading or storing a voxel: all are zero.
  ///
  /// - Throws: `BrickworkError` as `run`.
  func runEmpty(overwrite: Bool) throws -> Summary {
    let start = ContinuousClock.now
    let writer = try makeWriter(fingerprint: fingerprint(nil), overwrite: overwrite)
    try writer.finish()
    return Summary(
      levels: images.map(\.levels.count).max() ?? 0, keptBlocks: 0, totalBlocks: 0,
      resumption: writer.resumption, voxelBytes: 0, bytesWritten: 0,
      seconds: (ContinuousClock.now - start).inSeconds, workers: 0,
      decoding: cache.count)
  }
}

extension BDVFile {
  /// The job that writes a BDV file and its XML full of noise, or empty.
  ///
  /// Such a file takes bricks in any order afterwards. Coarser levels are means of the noise, so that the
  /// pyramid is right before the first brick comes.
  ///
  /// - Parameters:
  ///   - path: of the file, which ends in `.h5`.
  ///   - levels: BigDataViewer's proposal for a tile, or its first so many.
  ///   - chunk: voxels of a chunk z, y, x; nil takes the usual one.
  /// - Throws: `BrickworkError` with code `.badRequest` if the layout has no tile, or noise or chunks are impossible.
  public static func blankJob(
    at path: String, _ layout: BlankLayout, levels: ExportLevels = .bdv, chunk: Index3? = nil,
    options: BDVExportOptions = BDVExportOptions(), budget: MemoryBudget = MemoryBudget(),
    threads: Int, listener: (any ProgressListener)? = nil
  ) throws -> ExportJob {
    try ExportJob(
      path: path, images: layout.images(levels: levels, chunk: chunk), options: options,
      source: [
        "blank": ["noise": .number(layout.noise), "seed": .string("\(layout.seed)")]
      ], budget: budget, threads: threads, cache: PieceCache(capacity: 0), listener: listener)
  }

  /// Writes a BDV file and its XML full of noise, or empty; a file without noise is there in an instant.
  ///
  /// - Throws: `BrickworkError` as `blankJob` and `ExportJob.run`.
  @discardableResult
  public static func createBlank(
    at path: String, _ layout: BlankLayout, levels: ExportLevels = .bdv, chunk: Index3? = nil,
    options: BDVExportOptions = BDVExportOptions(), budget: MemoryBudget = MemoryBudget(),
    threads: Int, overwrite: Bool = false, listener: (any ProgressListener)? = nil
  ) async throws -> ExportJob.Summary {
    let job = try blankJob(
      at: path, layout, levels: levels, chunk: chunk, options: options, budget: budget,
      threads: threads, listener: listener)
    return layout.noise == 0
      ? try job.runEmpty(overwrite: overwrite) : try await job.run(overwrite: overwrite)
  }
}
