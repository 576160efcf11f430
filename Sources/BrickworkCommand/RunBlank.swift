import Brickwork

/// What a blank file is asked to be.
struct BlankRequest: Sendable {
  var output: String
  var layout: BlankLayout
  var levels: ExportLevels
  /// Voxels, z, y, x; nil leaves the choice to the engine.
  var chunk: Index3?
  var options: BDVExportOptions
  /// Bytes; nil leaves the choice to the engine.
  var memory: Int?
  var threads: Int?
  var overwrite: Bool
  var dryRun: Bool
  /// Whether a disk that is too small is left to the user.
  var ignoresFreeDisk = false
}

/// Lets the engine write the file.
func runBlank(_ request: BlankRequest, progress: TerminalProgress?) async throws -> JobSummary {
  let layout = request.layout
  let budget = MemoryBudget(byteCount: request.memory)
  let threads = request.threads ?? SystemMemory.cores
  let job = try BDVFile.blankJob(
    at: request.output, layout, levels: request.levels, chunk: request.chunk,
    options: request.options, budget: budget, threads: threads)
  let forecast = try job.forecast()
  let bytes = job.images.reduce(0) { $0 + $1.voxelBytes }
  var text =
    "\(request.output): \(Text.count(layout.offsets.count, "tile")) × \(Text.count(layout.channels, "channel"))"
    + " × \(Text.count(layout.timepoints, "time point")) of \(Text.size(layout.tileSize)) (x×y×z) \(layout.type.rawValue)"
    + ", \(job.images[0].pyramid.count) levels"
  var json: JSON = [
    "path": .string(request.output), "type": .string(layout.type.rawValue),
    "tiles": JSON(layout.offsets.count), "channels": JSON(layout.channels),
    "timepoints": JSON(layout.timepoints), "tile_size_zyx": JSON(layout.tileSize),
    "levels": JSON(job.images[0].pyramid.count), "noise": .number(layout.noise),
    "seed": .string("\(layout.seed)"), "voxel_bytes": JSON(layout.noise == 0 ? 0 : bytes),
    "planned_bytes": JSON(forecast.plannedBytes), "memory_bytes": JSON(budget.byteCount),
  ]
  if request.dryRun {
    json["dry_run"] = true
    text +=
      layout.noise == 0
      ? "; no voxel would be stored" : "; \(Text.bytes(bytes)) of noise before compression"
    text +=
      "\n\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
      + "\(Text.bytes(budget.byteCount)) allowed; nothing was written"
    var plan = JobSummary(text: text, json: json)
    if layout.noise != 0 {
      let report = EstimateReport(
        try job.estimate(overwrite: request.overwrite), tiles: nil,
        ignoresFreeDisk: request.ignoresFreeDisk)
      report.describe(in: &plan)
    }
    return plan
  }
  if layout.noise != 0, !request.ignoresFreeDisk {
    try job.checkRoom(overwrite: request.overwrite)
  }
  let summary = try await BDVFile.createBlank(
    at: request.output, layout, levels: request.levels, chunk: request.chunk,
    options: request.options, budget: budget, threads: threads, overwrite: request.overwrite,
    listener: progress)
  json["seconds"] = .number(summary.seconds)
  json["bytes_written"] = JSON(summary.bytesWritten)
  json["workers"] = JSON(summary.workers)
  text +=
    ", \(Text.bytes(summary.bytesWritten)) of voxels written in \(Text.duration(summary.seconds))"
  return JobSummary(text: text, json: json)
}
