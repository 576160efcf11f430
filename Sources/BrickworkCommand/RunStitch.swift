import Brickwork

/// Opens the sources, composes them and lets the engine write the store.
func runStitch(
  _ request: StitchRequest, source: SourceOptions, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  let folder = Files.folder(of: trimmed(request.output))
  guard Files.isFolder(folder) else {
    throw BrickworkError(
      .outputExists, path: request.output,
      reason: "can't be made: the folder \(folder) does not exist",
      remedy: "Make the folder, or choose another place with -o")
  }
  let budget = MemoryBudget(byteCount: request.memory)
  // Opening reads headers alone: the job sets what its plan leaves for the cache.
  let cache = PieceCache(capacity: 0)
  let table = try source.offsetTable(timepoint: request.options.timepoint, log)
  let tiles = try source.tileSet(log, cache: cache, offsets: table)
  let composition = try tiles.composition(offsets: table, request.options)
  let box = try request.region?.box(in: composition.volume.size) ?? composition.volume.bounds
  let volume = composition.volume.cropped(to: box)
  let plan = try StorePlan(
    path: trimmed(request.output), size: volume.size, type: volume.type,
    voxelSize: composition.voxelSize, brick: request.brick, shard: request.shard,
    codec: codec(request, volume.type),
    levels: request.levels == .auto ? .automatic : .exactly(count(request.levels)))
  let description = StoreDescription(
    name: Files.name(of: trimmed(request.output)), voxelSize: composition.voxelSize,
    channelName: composition.channelName, source: provenance(composition, tiles, box),
    stamps: tiles.tiles.map { Files.stamp($0.info.path) })
  let job = StoreJob(
    path: trimmed(request.output), source: volume, plan: plan, description: description,
    budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    listener: progress)
  log.info("\(tiles.tiles.count) tiles, \(Text.size(volume.size)) voxels (x×y×z)")
  let forecast = try job.forecast()
  if forecast.sharedPieceBytes > forecast.cacheBytes {
    log.warning(
      "the tiles are compressed, and the memory left for what is decoded "
        + "(\(Text.bytes(forecast.cacheBytes))) is less than neighbouring bricks share "
        + "(\(Text.bytes(forecast.sharedPieceBytes))): strips will be decoded several times; raise --memory by "
        + "\(Text.bytes(forecast.sharedPieceBytes - forecast.cacheBytes)) to avoid it")
  }
  if request.dryRun {
    return dryRun(job, tiles: tiles.tiles.count, budget, forecast)
  }
  return finished(job, try await job.run(overwrite: request.overwrite))
}

/// A path without slashes at its end.
private func trimmed(_ path: String) -> String {
  var path = path
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

private func count(_ levels: LevelsOption) -> Int {
  if case .count(let number) = levels { number } else { 1 }
}

private func codec(_ request: StitchRequest, _ type: VoxelType) -> BrickCodec? {
  guard let codec = request.codec else {
    guard let level = request.codecLevel else { return nil }
    return BrickCodec(name: BrickCodec.automatic(for: type).name, level: level)
  }
  return BrickCodec(name: codec.rawValue, level: request.codecLevel)
}

/// What decides the voxels, kept in the store: the settings, the region, and the size of each
/// tile's file, which gives away a file that was replaced.
private func provenance(_ composition: Composition, _ tiles: TileSet, _ box: Box3) -> JSON {
  var settings = composition.settings
  settings["region_origin_zyx"] = JSON(box.origin)
  settings["file_bytes"] = .array(
    tiles.tiles.map { tile in Files.size(tile.info.path).map { JSON($0) } ?? nil })
  return settings
}

private func dryRun(
  _ job: StoreJob, tiles: Int, _ budget: MemoryBudget, _ forecast: StoreJob.Forecast
) -> JobSummary {
  let levels = job.plan.levels
  let bytes = levels.reduce(0) { $0 + $1.array.size.volume * $1.array.type.byteCount }
  var lines = [
    "\(job.path): \(tiles) tiles would become \(Text.size(job.source.size)) voxels (x×y×z) of "
      + "\(job.source.type.rawValue)"
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
  let json: JSON = [
    "path": .string(job.path), "dry_run": true, "tiles": JSON(tiles),
    "type": .string(job.source.type.rawValue), "size_zyx": JSON(job.source.size),
    "levels": .array(levels.map(describe)), "voxel_bytes": JSON(bytes),
    "workers": JSON(forecast.workers), "planned_bytes": JSON(forecast.plannedBytes),
    "memory_bytes": JSON(budget.byteCount),
  ]
  return JobSummary(text: lines.joined(separator: "\n"), json: json)
}

private func describe(_ level: LevelPlan) -> JSON {
  [
    "size_zyx": JSON(level.array.size), "factor_zyx": JSON(level.factor),
    "brick_zyx": JSON(level.array.brick), "shard_zyx": JSON(level.array.shard),
    "codec": .string(level.array.codec.name),
    "codec_level": level.array.codec.level.map { JSON($0) } ?? nil,
  ]
}

private func finished(_ job: StoreJob, _ summary: StoreJob.Summary) -> JobSummary {
  let json: JSON = [
    "path": .string(job.path), "was_complete": .bool(summary.wasComplete),
    "type": .string(job.source.type.rawValue), "size_zyx": JSON(job.source.size),
    "levels": .array(job.plan.levels.map(describe)), "kept_items": JSON(summary.keptItems),
    "total_items": JSON(summary.totalItems), "seconds": .number(summary.seconds),
    "voxel_bytes": JSON(summary.voxelBytes), "bytes_written": JSON(summary.bytesWritten),
    "workers": JSON(summary.workers), "planned_bytes": JSON(summary.plannedBytes),
  ]
  if summary.wasComplete {
    return JobSummary(text: "\(job.path): complete already, nothing to do", json: json)
  }
  var text =
    "\(job.path): \(Text.size(job.source.size)) voxels (x×y×z), \(job.plan.levels.count) levels, "
    + "\(Text.bytes(summary.bytesWritten)) written in \(Text.duration(summary.seconds))"
  if summary.seconds > 0 {
    text += " (\(Text.fixed(Double(summary.voxelBytes) / summary.seconds / 1e6, 0)) MB/s)"
  }
  if summary.keptItems > 0 {
    text += "; \(summary.keptItems) of \(summary.totalItems) pieces of work were done before"
  }
  return JobSummary(text: text, json: json)
}
