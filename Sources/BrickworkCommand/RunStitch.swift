import Brickwork

/// Opens the sources, composes them and lets the engine write the store.
///
/// - Parameter checksBudgetOnly: end where the store's plan is made.
func runStitch(
  _ request: StitchRequest, source options: SourceOptions, progress: TerminalProgress?, _ log: Log,
  checksBudgetOnly: Bool = false
) async throws -> JobSummary {
  if !request.dryRun, request.harmonisation != nil || request.views.readsTiles {
    // Gains and intensities are found by reading all tiles: a budget that is too small for the store shows before.
    var plan = request
    plan.dryRun = true
    _ = try await runStitch(
      plan, source: options, progress: nil, Log(level: .error), checksBudgetOnly: true)
  }
  try checkFolder(ofStore: request.output)
  let budget = MemoryBudget(byteCount: request.memory)
  // Opening reads headers alone: the job sets what its plan leaves for the cache.
  let cache = PieceCache(capacity: 0)
  let table = try options.offsetTable(timepoint: firstTimepoint(request.timepoints), log)
  let tiles = try options.tileSet(log, cache: cache, offsets: table)
  try Output.check(request.output, sparing: tiles)
  try Output.check(request.output, sparing: request.views.masks)
  let tables = try options.tables(table, log)
  let harmonised = try await harmonise(
    tiles, offsets: table, request, budget: budget, cache: cache, progress: progress)
  var composing = request.options
  for channel in harmonised { composing.adjustments[channel.number] = channel.gains.adjustments }
  let series = try tiles.series(
    offsets: tables, composing, channels: request.channels, timepoints: request.timepoints)
  let composition = series.first
  let box = try request.region?.box(in: composition.volume.size) ?? composition.volume.bounds
  let channels = series.channelNames.count
  let views = try await ChosenViews(
    request.views.planned(request.dryRun), channels: channels,
    tiles: { try tiles.intensityTiles(composing, request.channels, request.timepoints) },
    budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    progress: progress)
  try views.checkMasks(images: 1)
  let voxelSize = tiles.isVoxelSizeKnown ? composition.voxelSize : nil
  let volumes = try series.volumes.enumerated().map { place, volume in
    try views.view(volume, channel: place % channels, voxelSize: voxelSize).cropped(to: box)
  }
  let volume = volumes[0]
  var source = provenance(series, tiles, box)
  try views.describe(composition.volume.size, voxelSize, in: &source)
  let plan = try StorePlan(
    path: trimmed(request.output), size: volume.size, type: volume.type,
    voxelSize: composition.voxelSize, brick: request.store.brick, shard: request.store.shard,
    codec: BrickCodec.chosen(
      request.store.codec, level: request.store.codecLevel, for: volume.type),
    levels: request.store.levels.count, leading: series.leading)
  let description = StoreDescription(
    name: Files.name(of: trimmed(request.output)), voxelSize: composition.voxelSize,
    channelNames: series.channelNames, source: source,
    stamps: tiles.tiles.map { Files.stamp($0.info.path) } + views.stamps())
  let job = StoreJob(
    path: trimmed(request.output), sources: volumes, plan: plan, description: description,
    budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    listener: progress)
  log.info("\(tiles.tiles.count) tiles, \(described(job)) voxels")
  let forecast = try job.forecast()
  if checksBudgetOnly { return JobSummary(text: "", json: [:]) }
  warn(
    forecast, otherwise: "brickwork import decodes each once, and its store is stitched fast", log)
  var summary: JobSummary
  if request.dryRun {
    summary = dryRun(job, tiles: tiles.tiles.count, budget, forecast)
    let report = EstimateReport(
      try job.estimate(overwrite: request.store.overwrite), tiles: tiles,
      voxelsRead: voxelBytes(series, tiles, box, composing.downscale),
      of: job.sources.count * job.size.volume * job.type.byteCount,
      ignoresFreeDisk: request.store.ignoresFreeDisk)
    report.describe(in: &summary)
  } else {
    if !request.store.ignoresFreeDisk {
      try job.checkRoom(overwrite: request.store.overwrite)
    }
    summary = finished(job, try await job.run(overwrite: request.store.overwrite))
  }
  if let path = request.gains, !request.dryRun { try write(harmonised, tiles, to: path) }
  if !request.dryRun { views.describe(in: &summary) }
  describe(harmonised, in: &summary)
  return summary
}

/// Bytes of the voxels of all tiles that lie in a box of the stitched volume, before they are downscaled.
private func voxelBytes(
  _ series: CompositionSeries, _ tiles: TileSet, _ box: Box3, _ downscale: Index3
) -> Int {
  let each = (tiles.tiles.first?.info.type.byteCount ?? 1) * downscale.volume
  return series.placements.reduce(0) { sum, placement in
    sum + placement.boxes.reduce(0) { $0 + $1.intersection(box).count * each }
  } * series.channelNames.count
}

func firstTimepoint(_ timepoints: TimepointSelection) -> Int {
  if case .one(let number) = timepoints { number } else { 0 }
}

/// "2 time points × 3 channels × 2048×2048×256", x first.
func described(_ job: StoreJob) -> String {
  let leading = job.plan.leading
  let parts = [
    leading.timepoints.map { Text.count($0, "time point") + " × " },
    leading.channels.map { Text.count($0, "channel") + " × " },
  ]
  return parts.compactMap { $0 }.joined() + "\(Text.size(job.size)) (x×y×z)"
}

/// What decides the voxels, kept in the store: the settings, the region, and the size of each
/// tile's file, which gives away a file that was replaced.
private func provenance(_ series: CompositionSeries, _ tiles: TileSet, _ box: Box3) -> JSON {
  var settings = series.settings
  settings["region_origin_zyx"] = JSON(box.origin)
  settings["file_bytes"] = .array(
    tiles.tiles.map { tile in Files.size(tile.info.path).map { JSON($0) } ?? nil })
  return settings
}

private func dryRun(
  _ job: StoreJob, tiles: Int, _ budget: MemoryBudget, _ forecast: StoreJob.Forecast
) -> JobSummary {
  let levels = job.plan.levels
  let parts = job.plan.leading.count
  let bytes = levels.reduce(0) { $0 + parts * $1.array.size.volume * $1.array.type.byteCount }
  var lines = [
    "\(job.path): \(tiles) tiles would become \(described(job)) voxels of \(job.type.rawValue)"
  ]
  for (number, level) in levels.enumerated() {
    lines.append(
      "level \(number): \(Text.size(level.array.size)), bricks \(Text.size(level.array.brick)), "
        + "shards \(Text.size(level.array.shard))")
  }
  lines.append("\(Text.bytes(bytes)) of voxels before compression (\(levels[0].array.codec.name))")
  lines.append(
    "\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
      + "\(Text.bytes(budget.byteCount)) allowed; nothing was written")
  var json: JSON = [
    "path": .string(job.path), "dry_run": true, "tiles": JSON(tiles),
    "type": .string(job.type.rawValue), "size_zyx": JSON(job.size),
    "levels": .array(levels.map(describe)), "voxel_bytes": JSON(bytes),
    "workers": JSON(forecast.workers), "planned_bytes": JSON(forecast.plannedBytes),
    "memory_bytes": JSON(budget.byteCount),
  ]
  describe(job.plan.leading, in: &json)
  describe(forecast, in: &json)
  return JobSummary(text: lines.joined(separator: "\n"), json: json)
}

/// The sizes of the axes before z, y, x that there are.
func describe(_ leading: LeadingAxes, in json: inout JSON) {
  if let timepoints = leading.timepoints { json["timepoints"] = JSON(timepoints) }
  if let channels = leading.channels { json["channels"] = JSON(channels) }
}

/// What is known of decoding before the start.
func describe(_ forecast: StoreJob.Forecast, in json: inout JSON) {
  json["expected_decodings"] = .number((forecast.expectedDecodings * 1000).rounded() / 1000)
  if let advised = forecast.advisedMemory { json["advised_memory_bytes"] = JSON(advised) }
}

/// What was decoded, where anything was.
func describe(_ decoding: PieceCache.Count, in json: inout JSON) {
  guard let amplification = decoding.amplification else { return }
  json["decoded_bytes"] = JSON(decoding.bytes)
  json["decode_amplification"] = .number((amplification * 1000).rounded() / 1000)
}

/// What a level is like.
func describe(_ level: LevelPlan) -> JSON {
  [
    "size_zyx": JSON(level.array.size), "factor_zyx": JSON(level.factor),
    "brick_zyx": JSON(level.array.brick), "shard_zyx": JSON(level.array.shard),
    "codec": .string(level.array.codec.name),
    "codec_level": level.array.codec.level.map { JSON($0) } ?? nil,
  ]
}

/// What a finished job says.
func finished(_ job: StoreJob, _ summary: StoreJob.Summary) -> JobSummary {
  var json: JSON = [
    "path": .string(job.path), "was_complete": .bool(summary.wasComplete),
    "type": .string(job.type.rawValue), "size_zyx": JSON(job.size),
    "levels": .array(job.plan.levels.map(describe)), "kept_items": JSON(summary.keptItems),
    "total_items": JSON(summary.totalItems), "seconds": .number(summary.seconds),
    "voxel_bytes": JSON(summary.voxelBytes), "bytes_written": JSON(summary.bytesWritten),
    "workers": JSON(summary.workers), "planned_bytes": JSON(summary.plannedBytes),
  ]
  describe(job.plan.leading, in: &json)
  describe(summary.decoding, in: &json)
  if summary.wasComplete {
    return JobSummary(text: "\(job.path): complete already, nothing to do", json: json)
  }
  var text =
    "\(job.path): \(described(job)) voxels, \(job.plan.levels.count) levels, "
    + "\(Text.bytes(summary.bytesWritten)) written in \(Text.duration(summary.seconds))"
  if summary.seconds > 0 {
    text += " (\(Text.fixed(Double(summary.voxelBytes) / summary.seconds / 1e6, 0)) MB/s)"
  }
  if summary.keptItems > 0 {
    text += "; \(summary.keptItems) of \(summary.totalItems) pieces of work were done before"
  }
  return JobSummary(text: text, json: json)
}
