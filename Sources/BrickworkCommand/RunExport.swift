import Brickwork

/// Lets the engine stream a store into a BigDataViewer file.
func runExport(
  _ request: ExportRequest, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  let budget = MemoryBudget(byteCount: request.memory)
  let cache = PieceCache(capacity: 0)
  let image = try OMEZarrImage(request.store, cache: cache)
  var options = BDVExportOptions(legacyInt16: request.legacy, shuffle: request.shuffle)
  switch request.compression {
  case .none: options.deflateLevel = nil
  case .deflate(let level): options.deflateLevel = level
  }
  let levels: ExportLevels =
    switch request.levels {
    case .store: .store
    case .bdv: .bdv
    case .count(let count): .first(count)
    }
  let job = try ExportJob(
    image: image, path: request.output, levels: levels, chunk: request.chunk, options: options,
    budget: budget, threads: request.threads ?? SystemMemory.cores, cache: cache,
    listener: progress)
  let info = image.info
  if request.dryRun {
    let bytes = info.size.volume * info.type.byteCount
    return JobSummary(
      text: "\(request.output): \(Text.size(info.size)) voxels (x×y×z) of \(info.type.rawValue), "
        + "\(Text.bytes(bytes)) at full resolution, would be exported; nothing was written",
      json: [
        "path": .string(request.output), "dry_run": true, "type": .string(info.type.rawValue),
        "size_zyx": JSON(info.size), "voxel_bytes": JSON(bytes),
      ])
  }
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
