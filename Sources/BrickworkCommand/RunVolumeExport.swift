import Brickwork

/// What an export of volumes is asked to do.
struct VolumeExportRequest: Sendable {
  var source: String
  var output: String
  var format: ExportFormat
  var opening: OpeningOptions
  /// Nil takes the only one.
  var tile: Int?
  /// The level of a store's pyramid; nil takes the finest.
  var level: Int?
  /// Nil takes the first, with a warning if there are more.
  var channels: ChannelSelection?
  /// Nil takes the first, with a warning if there are more.
  var timepoints: TimepointSelection?
  var region: Region?
  var voxelSize: VoxelSize?
  /// Nil takes the format's usual ones.
  var levels: ExportLevelsOption?
  /// Voxels, z, y, x; nil takes the format's usual ones.
  var chunk: Index3?
  /// Whether the voxels are said to be labels; label images are known without it.
  var areLabels: Bool
  var shuffle: Bool
  /// Nil takes the format's usual one.
  var compression: CompressionOption?
  /// Bytes; nil takes the usual share of the machine's memory.
  var memory: Int?
  var threads: Int?
  var overwrite: Bool
  var dryRun: Bool
  /// Whether a disk that is too small is left to the user.
  var ignoresFreeDisk = false

  /// Whether the voxels' checksums matter: a plan asks only where there is something to continue.
  var needsChecksums: Bool { !dryRun || Files.exists(output + ".partial") }
}

/// Streams channels and time points of one tile, or of one level of a store, into a file.
func runVolumeExport(
  _ request: VolumeExportRequest, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  let export = VolumeExport(
    request: request, budget: MemoryBudget(byteCount: request.memory), progress: progress)
  let chosen = try ChosenVolumes(request, cache: export.cache, log)
  switch request.format {
  case .tiff: return try await export.tiff(chosen)
  case .hdf5: return try await export.hdf5(chosen)
  case .npy: return try export.npy(chosen)
  case .jpeg2000: return try export.jpeg2000(chosen.volumes)
  case .bdv: preconditionFailure("A BigDataViewer file has an export of its own")
  }
}

/// One export on its way.
struct VolumeExport {
  let request: VolumeExportRequest
  let budget: MemoryBudget
  let progress: TerminalProgress?
  /// The jobs set what their plan leaves for it.
  let cache: PieceCache
  let threads: Int

  init(request: VolumeExportRequest, budget: MemoryBudget, progress: TerminalProgress?) {
    self.request = request
    self.budget = budget
    self.progress = progress
    cache = PieceCache(capacity: budget.byteCount / 2)
    threads = request.threads ?? SystemMemory.cores
  }

  fileprivate func tiff(_ chosen: ChosenVolumes) async throws -> JobSummary {
    let volumes = chosen.volumes
    let job = try TIFFExportJob(
      volumes, path: request.output, tile: request.chunk, levels: try levelCount(),
      compression: try tiffCompression(), budget: budget, threads: threads, cache: cache,
      listener: progress)
    var document = description(of: volumes)
    document["levels"] = .array(
      job.plan.levels.map { ["size_zyx": JSON($0), "tile_zyx": JSON(job.plan.piece)] })
    if request.dryRun {
      let plan = dryRun(
        volumes, document, voxelBytes: job.plan.voxelBytes, try job.forecast(),
        levels: job.plan.levels.map {
          "\(Text.size($0)), \(job.plan.isTiled ? "tiles" : "strips") \(Text.size(job.plan.piece))"
        })
      return estimated(plan, try job.estimate(overwrite: request.overwrite), chosen)
    }
    if !request.ignoresFreeDisk { try job.checkRoom(overwrite: request.overwrite) }
    return finished(volumes, document, try await job.run(overwrite: request.overwrite))
  }

  /// How many levels a TIFF shall have; nil for the usual ones.
  private func levelCount() throws -> Int? {
    switch request.levels {
    case nil: nil
    case .count(let count): count
    case .store, .bdv:
      throw BrickworkError(
        .badRequest, path: request.output,
        reason: "the levels of an OME-TIFF are each half as wide and high as the one before",
        remedy: "Say how many: --levels 4")
    }
  }

  private func tiffCompression() throws -> TIFFWriter.Compression {
    let compression: TIFFWriter.Compression =
      switch request.compression {
      case nil, .some(.none): .none
      case .deflate(let level): .deflate(level: level)
      case .zstd(let level): .zstd(level: level)
      case .lzw: .lzw
      }
    try compression.check(path: request.output)
    return compression
  }

  /// A plan with its estimate.
  func estimated(_ plan: JobSummary, _ estimate: Estimate, _ chosen: ChosenVolumes) -> JobSummary {
    var summary = plan
    EstimateReport(estimate, tiles: chosen.tiles, ignoresFreeDisk: request.ignoresFreeDisk)
      .describe(in: &summary)
    return summary
  }

  fileprivate func npy(_ chosen: ChosenVolumes) throws -> JobSummary {
    let volumes = chosen.volumes
    try uncompressed()
    var document = description(of: volumes)
    document["shape"] = .array(NPYExport.shape(volumes).map { JSON($0) })
    let voxels = volumes.size.volume * volumes.parts.count
    if request.dryRun {
      let estimate = try NPYExport.estimate(
        volumes, to: request.output, budget: budget, cache: cache)
      return estimated(
        dryRun(volumes, document, voxelBytes: voxels * volumes.type.byteCount), estimate, chosen)
    }
    if !request.ignoresFreeDisk { try NPYExport.checkRoom(volumes, to: request.output) }
    let scratch = NPYExport.scratchBytes(volumes)
    try budget.check(holding: scratch)
    cache.capacity = max(0, budget.byteCount / 2 - scratch)
    let planes = PlaneProgress(
      planes: volumes.size.z * volumes.parts.count, of: volumes.parts[0], listener: progress)
    let written = try NPYExport.write(
      volumes, to: request.output, overwrite: request.overwrite, progress: planes)
    return finished(volumes, document, bytesWritten: written, seconds: planes.finish())
  }

  fileprivate func jpeg2000(_ volumes: ExportedVolumes) throws -> JobSummary {
    let volume = volumes.parts[0]
    guard volumes.parts.count == 1 else {
      throw BrickworkError(
        .badRequest, path: request.output,
        reason: "a JPEG 2000 file takes one channel at one time point, not \(volumes.parts.count)",
        remedy: "Export one at a time, or choose --format tiff")
    }
    if request.dryRun {
      let bytes = volume.size.volume * volume.type.byteCount
      return dryRun(volumes, description(of: volumes), voxelBytes: bytes)
    }
    let options = jpeg2000Options(request, volume, budget)
    let scratch = JPEG2000Writer.scratchBytes(writing: volume, workers: options.workers)
    try budget.check(holding: scratch)
    cache.capacity = budget.room(besides: scratch)
    let planes = PlaneProgress(planes: volume.size.z, of: volume, listener: progress)
    try JPEG2000Writer.write(
      volume, to: request.output, options,
      progress: { try planes.add(planes: $0) })
    return finished(
      volumes, description(of: volumes), bytesWritten: Files.size(request.output) ?? 0,
      seconds: planes.finish())
  }

  private func uncompressed() throws {
    guard let compression = request.compression, compression != .none else { return }
    throw BrickworkError(
      .badRequest, path: request.output, reason: "a .npy file is not compressed",
      remedy: "Leave out --compression")
  }
}

/// As many planes at once as threads and half of the budget allow; the other half is for what is decoded.
func jpeg2000Options(
  _ request: VolumeExportRequest, _ volume: any Volume, _ budget: MemoryBudget
) -> JPEG2000Writer.Options {
  var workers = max(1, request.threads ?? SystemMemory.cores)
  let room = min(budget.byteCount / 2, budget.room(besides: 0))
  while workers > 1, JPEG2000Writer.scratchBytes(writing: volume, workers: workers) > room {
    workers -= 1
  }
  return JPEG2000Writer.Options(overwrite: request.overwrite, workers: workers)
}
