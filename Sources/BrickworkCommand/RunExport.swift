import Brickwork

/// Lets the engine stream a store into a BigDataViewer file.
func runExport(
  _ request: ExportRequest, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  let budget = MemoryBudget(byteCount: request.memory)
  let cache = PieceCache(capacity: 0)
  let image = try OMEZarrImage(request.source, cache: cache)
  var options = BDVExportOptions(legacyInt16: request.legacy, shuffle: request.shuffle)
  switch request.compression {
  case .none: options.deflateLevel = nil
  case .deflate(let level): options.deflateLevel = level
  case .zstd, .lzw:
    throw BrickworkError(
      .badRequest, path: request.output,
      reason: "BigDataViewer's HDF5 is not compressed with \(request.compression.name)",
      remedy: "Choose --compression deflate:1 or none")
  }
  let levels: ExportLevels =
    switch request.levels {
    case .store: .store
    case .bdv: .bdv
    case .count(let count): .first(count)
    }
  let info = image.info
  for warning in leftOut(info, request.channel, request.timepoint) { log.warning(warning) }
  let job = try ExportJob(
    image: image, channel: try (request.channel ?? .number(0)).number(in: info),
    timepoint: request.timepoint ?? 0, path: request.output, levels: levels, chunk: request.chunk,
    options: options, budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    listener: progress)
  if request.dryRun { return dryRun(job, request, info, budget, try job.forecast()) }
  let summary = try await job.run(overwrite: request.overwrite)
  var text =
    "\(request.output): \(Text.size(info.size)) voxels (x×y×z), \(summary.levels) levels, "
    + "\(Text.bytes(summary.bytesWritten)) written in \(Text.duration(summary.seconds))"
  if summary.seconds > 0 {
    text += " (\(Text.fixed(Double(summary.voxelBytes) / summary.seconds / 1e6, 0)) MB/s)"
  }
  return JobSummary(
    text: text,
    json: [
      "path": .string(request.output), "type": .string(info.type.rawValue),
      "size_zyx": JSON(info.size), "levels": JSON(summary.levels),
      "seconds": .number(summary.seconds), "voxel_bytes": JSON(summary.voxelBytes),
      "bytes_written": JSON(summary.bytesWritten), "workers": JSON(summary.workers),
    ])
}

/// What a file of one channel and time point leaves out that nobody chose, a sentence each.
func leftOut(_ info: TileInfo, _ channel: ChannelChoice?, _ timepoint: Int?) -> [String] {
  var warnings: [String] = []
  if channel == nil && info.channelNames.count > 1 {
    let names = info.channelNames.enumerated().map { $1.isEmpty ? "\($0)" : "\($0) (\($1))" }
    let others = names.dropFirst().prefix(8).joined(separator: ", ")
    warnings.append(
      "\(info.path): of \(names.count) channels only \(names[0]) is exported, not \(others)"
        + (names.count > 9 ? ", …" : "") + "; choose with --channel")
  }
  if timepoint == nil && info.timepoints > 1 {
    let others = info.timepoints == 2 ? "1" : "1 to \(info.timepoints - 1)"
    warnings.append(
      "\(info.path): of \(info.timepoints) time points only 0 is exported, not \(others); "
        + "choose with --timepoint")
  }
  return warnings
}

private func dryRun(
  _ job: ExportJob, _ request: ExportRequest, _ info: TileInfo, _ budget: MemoryBudget,
  _ forecast: (workers: Int, plannedBytes: Int)
) -> JobSummary {
  let bytes = job.pyramid.reduce(0) { $0 + $1.size.volume * info.type.byteCount }
  var lines = [
    "\(request.output): \(Text.size(info.size)) voxels (x×y×z) of \(info.type.rawValue) would be exported"
  ]
  for (number, level) in job.pyramid.enumerated() {
    lines.append(
      "level \(number): \(Text.size(level.size)), chunks \(Text.size(level.chunk))")
  }
  lines.append("\(Text.bytes(bytes)) of voxels before compression")
  lines.append(
    "\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
      + "\(Text.bytes(budget.byteCount)) allowed; nothing was written")
  return JobSummary(
    text: lines.joined(separator: "\n"),
    json: [
      "path": .string(request.output), "dry_run": true, "type": .string(info.type.rawValue),
      "size_zyx": JSON(info.size),
      "levels": .array(
        job.pyramid.map {
          [
            "size_zyx": JSON($0.size), "factor_zyx": JSON($0.factor), "chunk_zyx": JSON($0.chunk),
          ]
        }),
      "voxel_bytes": JSON(bytes), "workers": JSON(forecast.workers),
      "planned_bytes": JSON(forecast.plannedBytes), "memory_bytes": JSON(budget.byteCount),
    ])
}
