import Brickwork

/// What exports of volumes say, in one form for all formats.
extension VolumeExport {
  func description(of volumes: ExportedVolumes) -> JSON {
    [
      "path": .string(request.output), "format": .string(request.format.rawValue),
      "type": .string(volumes.type.rawValue), "size_zyx": JSON(volumes.size),
      "channels": JSON(volumes.channels), "timepoints": JSON(volumes.timepoints),
      "voxel_size_um_xyz": volumes.voxelSize.map { JSON($0) } ?? nil,
    ]
  }

  /// "2 time points × 3 channels × 2048×2048×256 voxels (x×y×z) of uint16".
  private func words(_ volumes: ExportedVolumes) -> String {
    var text = ""
    if volumes.timepoints > 1 { text += Text.count(volumes.timepoints, "time point") + " × " }
    if volumes.channels > 1 { text += Text.count(volumes.channels, "channel") + " × " }
    return text + "\(Text.size(volumes.size)) voxels (x×y×z) of \(volumes.type.rawValue)"
  }

  func dryRun(
    _ volumes: ExportedVolumes, _ document: JSON, voxelBytes: Int,
    _ forecast: (workers: Int, plannedBytes: Int)? = nil, levels: [String] = []
  ) -> JobSummary {
    var document = document
    document["dry_run"] = true
    document["voxel_bytes"] = JSON(voxelBytes)
    var lines = ["\(request.output): \(words(volumes)) would be exported"]
    for (number, level) in levels.enumerated() { lines.append("level \(number): \(level)") }
    var last = "\(Text.bytes(voxelBytes)) of voxels before compression"
    if let forecast {
      document["workers"] = JSON(forecast.workers)
      document["planned_bytes"] = JSON(forecast.plannedBytes)
      document["memory_bytes"] = JSON(budget.byteCount)
      lines.append(last)
      last =
        "\(forecast.workers) workers, \(Text.bytes(forecast.plannedBytes)) planned of "
        + "\(Text.bytes(budget.byteCount)) allowed"
    }
    lines.append(last + "; nothing was written")
    return JobSummary(text: lines.joined(separator: "\n"), json: document)
  }

  /// A job's own summary.
  func finished(
    _ volumes: ExportedVolumes, _ document: JSON, _ summary: VolumeExportSummary
  ) -> JobSummary {
    var document = document
    document["kept_pieces"] = JSON(summary.keptPieces)
    document["total_pieces"] = JSON(summary.totalPieces)
    document["workers"] = JSON(summary.workers)
    var result = finished(
      volumes, document, levels: summary.levels, voxelBytes: summary.voxelBytes,
      bytesWritten: summary.bytesWritten, seconds: summary.seconds)
    if summary.keptPieces > 0 {
      result.text +=
        "; \(summary.keptPieces) of \(summary.totalPieces) pieces were there from a run before"
    }
    return result
  }

  /// What a writer without a job did.
  func finished(
    _ volumes: ExportedVolumes, _ document: JSON, levels: Int = 1, voxelBytes: Int? = nil,
    bytesWritten: Int, seconds: Double
  ) -> JobSummary {
    let voxels = volumes.size.volume * volumes.parts.count
    let bytes = voxelBytes ?? voxels * volumes.type.byteCount
    var document = document
    document["voxel_bytes"] = JSON(bytes)
    document["bytes_written"] = JSON(bytesWritten)
    document["seconds"] = .number(seconds)
    var text =
      "\(request.output): \(words(volumes)), " + (levels > 1 ? "\(levels) levels, " : "")
      + "\(Text.bytes(bytesWritten)) written in \(Text.duration(seconds))"
    if seconds > 0 { text += " (\(Text.fixed(Double(bytes) / seconds / 1e6, 0)) MB/s)" }
    return JobSummary(text: text, json: document)
  }
}
