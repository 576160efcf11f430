import Brickwork

/// Opens the sources and lets the engine write each tile as an image of the store.
///
/// - Parameter checksBudgetOnly: end where the store's plan is made.
func runImport(
  _ request: ImportRequest, source: SourceOptions, progress: TerminalProgress?, _ log: Log,
  checksBudgetOnly: Bool = false
) async throws -> JobSummary {
  if !request.dryRun, request.views.readsTiles {
    // Intensities are found by reading all tiles: a budget that is too small for the store shows before.
    var plan = request
    plan.dryRun = true
    _ = try await runImport(
      plan, source: source, progress: nil, Log(level: .error), checksBudgetOnly: true)
  }
  try checkFolder(ofStore: request.output)
  let budget = MemoryBudget(byteCount: request.memory)
  // Opening reads headers alone: each job sets what its plan leaves for the cache.
  let cache = PieceCache(capacity: 0)
  var time = 0
  if case .one(let number) = request.timepoints { time = number }
  let table = try source.offsetTable(timepoint: time, log)
  let tiles = try source.tileSet(log, cache: cache, offsets: table)
  try Output.check(request.output, sparing: tiles)
  try Output.check(request.output, sparing: request.views.masks)
  let positions = try tiles.positions(offsets: table, downscale: request.downscale)
  if positions == nil && tiles.tiles.count > 1 {
    log.warning(
      "nothing says where the tiles lie, and the store won't say it either; give it with --offsets FILE"
    )
  }
  var layout = ImportJob.Layout()
  layout.brick = request.store.brick
  layout.shard = request.store.shard
  layout.levels = request.store.levels.count
  let (codec, level) = (request.store.codec, request.store.codecLevel)
  layout.codec = { BrickCodec.chosen(codec, level: level, for: $0) }
  let voxelSize = tiles.voxelSize.scaled(by: request.downscale)
  var options = CompositionOptions()
  (options.downscale, options.downscaleMethod) = (request.downscale, request.downscaleMethod)
  let views = try await ChosenViews(
    request.views.planned(request.dryRun),
    channels: try request.channels.numbers(in: tiles.tiles[0].info).count,
    tiles: { try tiles.intensityTiles(options, request.channels, request.timepoints) },
    budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    progress: progress)
  try views.checkMasks(images: tiles.tiles.count)
  let knownSize = tiles.isVoxelSizeKnown ? voxelSize : nil
  let job = try ImportJob(
    path: trimmed(request.output),
    tiles: tiles.tiles.enumerated().map { number, tile in
      let tile = try described(tile, number, positions?[number], voxelSize, request)
      return try views.view(tile, number, knownSize)
    },
    layout: layout, budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    listener: progress)
  let forecast = try job.forecast()
  if checksBudgetOnly { return JobSummary(text: "", json: [:]) }
  warn(forecast, otherwise: "", log)
  var summary: JobSummary
  if request.dryRun {
    summary = dryRun(job, budget, forecast)
    let report = EstimateReport(
      try job.estimate(overwrite: request.store.overwrite), tiles: tiles,
      ignoresFreeDisk: request.store.ignoresFreeDisk)
    report.describe(in: &summary)
  } else {
    if !request.store.ignoresFreeDisk {
      try job.checkRoom(overwrite: request.store.overwrite)
    }
    summary = finished(job, forecast, try await job.run(overwrite: request.store.overwrite))
  }
  if !request.dryRun { views.describe(in: &summary) }
  return summary
}

extension ChosenViews {
  /// A tile with its voxels changed.
  fileprivate func view(_ tile: ImportJob.Tile, _ number: Int, _ voxelSize: VoxelSize?) throws
    -> ImportJob.Tile
  {
    let channels = tile.description.channelNames.count
    var description = tile.description
    if let size = tile.sources.first?.size {
      try describe(image: number, size, voxelSize, in: &description.source)
    }
    description.stamps += stamps(image: number)
    return ImportJob.Tile(
      sources: try tile.sources.enumerated().map { place, volume in
        try view(volume, image: number, channel: place % channels, voxelSize: voxelSize)
      }, leading: tile.leading, description: description)
  }
}

/// A tile with the chosen channels and time points.
private func described(
  _ tile: any TileImage, _ number: Int, _ position: Point3?, _ voxelSize: VoxelSize,
  _ request: ImportRequest
) throws -> ImportJob.Tile {
  let info = tile.info
  let times = try request.timepoints.numbers(in: info)
  let channels = try request.channels.numbers(in: info)
  var sources: [any Volume] = []
  for time in times {
    for channel in channels {
      sources.append(
        try tile.volume(
          channel: channel, timepoint: time, downscale: request.downscale,
          method: request.downscaleMethod))
    }
  }
  let source: JSON = [
    "tile": .string(info.name), "number": JSON(number),
    "file_bytes": Files.size(info.path).map { JSON($0) } ?? nil,
    "channels": .array(channels.map { JSON($0) }), "timepoints": .array(times.map { JSON($0) }),
    "downscale_zyx": JSON(request.downscale),
    "downscale_method": .string("\(request.downscaleMethod)"),
  ]
  // Axes only where there is more than one of a kind.
  return ImportJob.Tile(
    sources: sources,
    leading: LeadingAxes(
      timepoints: times.count > 1 ? times.count : nil,
      channels: channels.count > 1 ? channels.count : nil),
    description: StoreDescription(
      name: info.name, voxelSize: voxelSize, channelNames: channels.map { info.channelNames[$0] },
      position: position, source: source, stamps: [Files.stamp(info.path)]))
}

private func bytes(_ job: ImportJob, levels: Int? = nil) -> Int {
  job.jobs.reduce(0) { sum, tile in
    sum
      + tile.plan.levels.prefix(levels ?? tile.plan.levels.count).reduce(0) {
        $0 + tile.plan.leading.count * $1.array.size.volume * $1.array.type.byteCount
      }
  }
}

private func describe(_ job: StoreJob, _ number: Int) -> JSON {
  var json: JSON = [
    "path": .string("\(number)"), "name": .string(job.description.name),
    "type": .string(job.type.rawValue), "size_zyx": JSON(job.size),
    "position_um_xyz": job.description.position.map { JSON($0) } ?? nil,
    "levels": .array(job.plan.levels.map(describe)),
  ]
  describe(job.plan.leading, in: &json)
  return json
}

private func dryRun(
  _ job: ImportJob, _ budget: MemoryBudget, _ forecast: StoreJob.Forecast
) -> JobSummary {
  var lines = ["\(job.path): \(Text.count(job.jobs.count, "tile")) would be imported"]
  for (number, tile) in job.jobs.prefix(10).enumerated() {
    let array = tile.plan.levels[0].array
    lines.append(
      "\(number): \(tile.description.name), \(described(tile)) voxels of \(tile.type.rawValue), "
        + "\(Text.count(tile.plan.levels.count, "level")), bricks \(Text.size(array.brick)), shards "
        + "\(Text.size(array.shard))")
  }
  if job.jobs.count > 10 { lines.append("… and \(job.jobs.count - 10) more") }
  lines.append("\(Text.bytes(bytes(job))) of voxels before compression, pyramids included")
  if forecast.sharedPieceBytes > 0 {
    let times = Text.fixed(forecast.expectedDecodings, 1)
    lines.append("each compressed piece of the tiles is decoded about \(times) times")
  }
  lines.append(
    "\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
      + "\(Text.bytes(budget.byteCount)) allowed; nothing was written")
  var json: JSON = [
    "path": .string(job.path), "dry_run": true,
    "tiles": .array(job.jobs.enumerated().map { describe($1, $0) }),
    "voxel_bytes": JSON(bytes(job)), "workers": JSON(forecast.workers),
    "planned_bytes": JSON(forecast.plannedBytes), "memory_bytes": JSON(budget.byteCount),
  ]
  describe(forecast, in: &json)
  return JobSummary(text: lines.joined(separator: "\n"), json: json)
}

private func finished(
  _ job: ImportJob, _ forecast: StoreJob.Forecast, _ summary: ImportJob.Summary
) -> JobSummary {
  var json: JSON = [
    "path": .string(job.path), "was_complete": .bool(summary.wasComplete),
    "tiles": .array(job.jobs.enumerated().map { describe($1, $0) }),
    "kept_tiles": JSON(summary.keptTiles), "kept_items": JSON(summary.keptItems),
    "total_items": JSON(summary.totalItems), "seconds": .number(summary.seconds),
    "voxel_bytes": JSON(summary.voxelBytes), "bytes_written": JSON(summary.bytesWritten),
    "workers": JSON(summary.workers), "planned_bytes": JSON(summary.plannedBytes),
  ]
  describe(forecast, in: &json)
  describe(summary.decoding, in: &json)
  if summary.wasComplete {
    return JobSummary(text: "\(job.path): complete already, nothing to do", json: json)
  }
  var text =
    "\(job.path): \(Text.count(job.jobs.count, "tile")), \(Text.bytes(bytes(job, levels: 1))) of "
    + "voxels, \(Text.bytes(summary.bytesWritten)) written in \(Text.duration(summary.seconds))"
  if summary.seconds > 0 {
    text += " (\(Text.fixed(Double(summary.voxelBytes) / summary.seconds / 1e6, 0)) MB/s)"
  }
  if let amplification = summary.decoding.amplification {
    text += "; pieces were decoded \(Text.fixed(amplification, 2)) times"
  }
  if summary.keptItems > 0 {
    text += "; \(summary.keptItems) of \(summary.totalItems) pieces of work were done before"
  }
  return JobSummary(text: text, json: json)
}
