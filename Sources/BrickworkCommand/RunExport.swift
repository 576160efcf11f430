import Brickwork

/// Opens the sources and lets the engine stream them into a BigDataViewer file.
func runExport(
  _ request: ExportRequest, source: SourceOptions, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  try request.check()
  let options = try request.fileOptions()
  let budget = MemoryBudget(byteCount: request.memory)
  // Opening reads headers alone: the job sets what its plan leaves for the cache.
  let cache = PieceCache(capacity: 0)
  let sources = try request.sources(source, cache: cache, log)
  let job = try ExportJob(
    path: request.output, images: sources.images, options: options, source: sources.settings,
    stamps: sources.stamps, budget: budget, threads: request.threads ?? SystemMemory.cores,
    cache: cache, heldBytes: sources.heldBytes, listener: progress)
  let forecast = try job.forecast()
  warn(
    forecast, otherwise: "brickwork import decodes each once, and its store is exported fast", log)
  let partitions = request.split.map { SplitExport(job, $0).partitions }
  if request.dryRun {
    var summary = dryRun(job, request, budget, forecast)
    let report = EstimateReport(
      try job.estimate(overwrite: request.overwrite, split: partitions), tiles: sources.tiles,
      ignoresFreeDisk: request.ignoresFreeDisk)
    report.describe(in: &summary)
    return summary
  }
  // An update replaces what is there, box by box.
  if !request.ignoresFreeDisk, !request.updates, request.region == nil {
    try job.checkRoom(overwrite: request.overwrite, split: partitions)
  }
  if let split = request.split {
    guard !request.updates, request.region == nil else {
      throw BrickworkError(
        .badRequest, path: request.output,
        reason:
          "--split writes new files, and \(request.updates ? "--update" : "--region") changes one",
        remedy: "Give one of them")
    }
    return try await runSplit(job, request, split)
  }
  if request.updates { return updated(request, try await job.update()) }
  if let region = request.region {
    let box = try region.box(in: job.images[0].size)
    return updated(request, try await job.write(region: box))
  }
  return finished(job, request, try await job.run(overwrite: request.overwrite))
}

/// What a file of one channel and time point leaves out that nobody chose, a sentence each.
func leftOut(_ info: TileInfo, isChannelChosen: Bool, isTimepointChosen: Bool) -> [String] {
  var warnings: [String] = []
  if !isChannelChosen && info.channelNames.count > 1 {
    let names = info.channelNames.enumerated().map { $1.isEmpty ? "\($0)" : "\($0) (\($1))" }
    let others = names.dropFirst().prefix(8).joined(separator: ", ")
    warnings.append(
      "\(info.path): of \(names.count) channels only \(names[0]) is exported, not \(others)"
        + (names.count > 9 ? ", …" : "") + "; choose with --channel")
  }
  if !isTimepointChosen && info.timepoints > 1 {
    let others = info.timepoints == 2 ? "1" : "1 to \(info.timepoints - 1)"
    warnings.append(
      "\(info.path): of \(info.timepoints) time points only 0 is exported, not \(others); "
        + "choose with --timepoint")
  }
  return warnings
}

/// "2 time points × 3 channels × 12 tiles", without what there is one of; empty for a single volume.
private func counts(_ job: ExportJob) -> String {
  let image = job.images[0]
  let parts = [
    (image.timepoints, "time point"), (image.channelNames.count, "channel"),
    (job.images.count, "tile"),
  ]
  return parts.filter { $0.0 > 1 }.map { Text.count($0.0, $0.1) + " × " }.joined()
}

/// "2 channels × 2048×2048×256", x first; of tiles the first one's size.
private func described(_ job: ExportJob) -> String {
  let sizes = Set(job.images.map(\.size))
  return counts(job) + (sizes.count > 1 ? "up to " : "")
    + Text.size(sizes.reduce(.zero) { $0.maximum($1) }) + " voxels (x×y×z)"
}

private func voxelBytes(_ job: ExportJob) -> Int { job.images.reduce(0) { $0 + $1.voxelBytes } }

/// What is told of the images, finished or not.
private func describe(_ job: ExportJob, _ request: ExportRequest) -> JSON {
  let first = job.images[0]
  var json: JSON = [
    "path": .string(request.output), "layout": .string(request.layout.rawValue),
    "type": .string(first.type.rawValue),
    "setups": JSON(job.images.count * first.channelNames.count),
    "timepoints": JSON(first.timepoints),
  ]
  if request.layout == .fused { json["size_zyx"] = JSON(first.size) }
  return json
}

private func describe(_ level: BDVLevel) -> JSON {
  [
    "size_zyx": JSON(level.size), "factor_zyx": JSON(level.factor), "chunk_zyx": JSON(level.chunk),
  ]
}

func finished(
  _ job: ExportJob, _ request: ExportRequest, _ summary: ExportJob.Summary
) -> JobSummary {
  var text =
    "\(request.output): \(described(job)), \(Text.count(summary.levels, "level")), "
    + "\(Text.bytes(summary.bytesWritten)) written in \(Text.duration(summary.seconds))"
  if summary.seconds > 0 {
    text += " (\(Text.fixed(Double(summary.voxelBytes) / summary.seconds / 1e6, 0)) MB/s)"
  }
  if summary.keptBlocks > 0 {
    text += "; \(summary.keptBlocks) of \(summary.totalBlocks) pieces of work were done before"
  }
  if summary.resumption.discardedForeign {
    text += "; what another source or other settings had left unfinished was deleted"
  }
  var json = describe(job, request)
  json["kept_chunks"] = JSON(summary.resumption.keptChunks)
  json["total_chunks"] = JSON(summary.resumption.totalChunks)
  json["levels"] = JSON(summary.levels)
  json["seconds"] = .number(summary.seconds)
  json["voxel_bytes"] = JSON(summary.voxelBytes)
  json["bytes_written"] = JSON(summary.bytesWritten)
  json["workers"] = JSON(summary.workers)
  json["kept_items"] = JSON(summary.keptBlocks)
  json["total_items"] = JSON(summary.totalBlocks)
  describe(summary.decoding, in: &json)
  return JobSummary(text: text, json: json)
}

private func updated(_ request: ExportRequest, _ summary: ExportJob.UpdateSummary) -> JobSummary {
  let written = summary.writtenChunks.reduce(0, +)
  var text = "\(request.output): "
  if request.updates {
    text += "\(summary.changedBricks) of \(Text.count(summary.totalBricks, "brick")) changed"
  } else {
    text += "the region was written"
  }
  text +=
    written == 0
    ? "; nothing was to be done"
    : ", \(written) of \(Text.count(summary.storedChunks, "chunk")) written, "
      + "\(Text.bytes(summary.bytesWritten)) in \(Text.duration(summary.seconds))"
  if summary.finishedEarlierUpdate { text += "; an update that was interrupted was finished first" }
  var json: JSON = [
    "path": .string(request.output), "written_chunks": JSON(written),
    "written_chunks_by_level": .array(summary.writtenChunks.map { JSON($0) }),
    "stored_chunks": JSON(summary.storedChunks), "bytes_written": JSON(summary.bytesWritten),
    "seconds": .number(summary.seconds),
    "finished_earlier_update": .bool(summary.finishedEarlierUpdate),
  ]
  if request.updates {
    json["changed_bricks"] = JSON(summary.changedBricks)
    json["total_bricks"] = JSON(summary.totalBricks)
  }
  return JobSummary(text: text, json: json)
}

private func dryRun(
  _ job: ExportJob, _ request: ExportRequest, _ budget: MemoryBudget, _ forecast: StoreJob.Forecast
) -> JobSummary {
  var lines = [
    "\(request.output): \(described(job)) of \(job.images[0].type.rawValue) would be exported"
  ]
  for (number, image) in job.images.prefix(10).enumerated() {
    if job.images.count > 1 {
      let offset = [image.offset.x, image.offset.y, image.offset.z].map(Text.rounded)
      lines.append("\(number): \(image.name) at \(offset.joined(separator: ", ")) (x, y, z)")
    }
    for (number, level) in image.pyramid.enumerated() {
      lines.append("level \(number): \(Text.size(level.size)), chunks \(Text.size(level.chunk))")
    }
  }
  if job.images.count > 10 { lines.append("… and \(job.images.count - 10) more") }
  lines.append("\(Text.bytes(voxelBytes(job))) of voxels before compression")
  lines.append(
    "\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
      + "\(Text.bytes(budget.byteCount)) allowed; nothing was written")
  var json = describe(job, request)
  json["dry_run"] = true
  if request.layout == .fused {
    json["levels"] = .array(job.images[0].pyramid.map(describe))
  } else {
    json["images"] = .array(
      job.images.map {
        [
          "name": .string($0.name), "size_zyx": JSON($0.size),
          "offset_xyz": [.number($0.offset.x), .number($0.offset.y), .number($0.offset.z)],
          "levels": .array($0.pyramid.map(describe)),
        ]
      })
  }
  json["voxel_bytes"] = JSON(voxelBytes(job))
  json["workers"] = JSON(forecast.workers)
  json["planned_bytes"] = JSON(forecast.plannedBytes)
  json["memory_bytes"] = JSON(budget.byteCount)
  if let split = request.split {
    let files = SplitExport(job, split).partitions.partitions.map(\.path)
    lines.append("split among \(Text.count(files.count, "file")), \(files[0]) and so on")
    json["files"] = .array(files.map { .string($0) })
  }
  describe(forecast, in: &json)
  return JobSummary(text: lines.joined(separator: "\n"), json: json)
}
