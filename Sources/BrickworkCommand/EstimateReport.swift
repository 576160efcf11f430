import ArgumentParser
import Brickwork

/// Whether a job is only planned.
struct PlanningGroup: ParsableArguments {
  @Flag(
    name: .long,
    help:
      "Say what would be done and how much time, memory and disk it takes, estimated from a sample; write nothing."
  )
  var dryRun = false
}

/// Whether a job may begin although the disk seems too small for it.
struct FreeDiskGroup: ParsableArguments {
  @Flag(
    name: .long,
    help:
      "Begin although the disk seems too small: where a file system compresses, or space is being freed."
  )
  var ignoreFreeDisk = false
}

/// What an estimate says, for people and for programs.
struct EstimateReport {
  var estimate: Estimate
  /// Bytes of the source's files.
  var fileBytes: Int?
  /// Whether a disk that is too small is left to the user.
  var ignoresFreeDisk = false

  /// - Parameters:
  ///   - tiles: what is read; its files are counted.
  ///   - voxelsRead: bytes of the tiles' voxels for all of the job, where tiles overlap or are downscaled; nil where
  ///     they are those of the output's finest level.
  init(
    _ estimate: Estimate, tiles: TileSet?, voxelsRead: Int? = nil, of written: Int? = nil,
    ignoresFreeDisk: Bool
  ) {
    self.estimate = estimate
    self.ignoresFreeDisk = ignoresFreeDisk
    fileBytes = tiles.map { tiles in
      Set(tiles.tiles.map(\.info.path)).reduce(0) { $0 + DiskSpace.byteCount(of: $1) }
    }
    if let voxelsRead, let written, written > 0 {
      self.estimate.voxelBytesIn = Int(
        Double(voxelsRead) * Double(estimate.voxelBytesIn) / Double(written))
    }
  }

  /// The lines of a plan.
  var lines: [String] {
    var lines: [String] = []
    if estimate.keptBytes > 0 {
      lines.append(
        "\(Text.bytes(estimate.keptBytes)) are there from an earlier run; the rest is estimated")
    }
    var reads = "reads \(Text.bytes(estimate.voxelBytesIn)) of voxels"
    if let fileBytes { reads += " from files of \(Text.bytes(fileBytes))" }
    lines.append(reads)
    let levels = estimate.levels.map {
      "level \($0.number) \(Text.bytes($0.bytes)) in \(Text.count($0.bricks, "brick"))"
    }
    lines.append(
      "writes about \(Text.bytes(estimate.bytesOut)): \(levels.joined(separator: ", "))")
    var time =
      "takes about \(Text.duration(estimate.seconds)) with \(Text.count(estimate.workers, "worker"))"
    if estimate.isLimitedByDisk { time += ", as long as the disk needs" }
    time += ", and at most \(Text.bytes(estimate.peakMemory)) of memory"
    lines.append(time)
    var room = "\(Text.bytes(estimate.freeBytes)) are free where it goes"
    if estimate.freedBytes > 0 {
      room += ", and \(Text.bytes(estimate.freedBytes)) more once what is there is deleted"
    }
    if !estimate.fits {
      room += ": too little for \(Text.bytes(estimate.neededBytes))"
    } else if estimate.neededBytes > estimate.room - estimate.room / 10 {
      room += ": barely enough for \(Text.bytes(estimate.neededBytes))"
    }
    lines.append(room)
    lines.append(
      "estimated from \(Text.count(estimate.sampledBlocks, "block")), "
        + "\(Text.bytes(estimate.sampledVoxelBytes)) of voxels")
    return lines
  }

  var json: JSON {
    func thousandths(_ value: Double) -> JSON { .number((value * 1000).rounded() / 1000) }
    let document: JSON = [
      "bricks": JSON(estimate.levels.reduce(0) { $0 + $1.bricks }),
      "levels": .array(
        estimate.levels.map {
          [
            "level": JSON($0.number), "bricks": JSON($0.bricks), "voxel_bytes": JSON($0.voxelBytes),
            "bytes_out": JSON($0.bytes),
          ]
        }),
      "voxel_bytes_in": JSON(estimate.voxelBytesIn),
      "file_bytes_in": fileBytes.map { JSON($0) } ?? nil,
      "bytes_out": JSON(estimate.bytesOut), "temporary_bytes": JSON(estimate.temporaryBytes),
      "kept_bytes": JSON(estimate.keptBytes), "peak_memory_bytes": JSON(estimate.peakMemory),
      "workers": JSON(estimate.workers), "seconds": thousandths(estimate.seconds),
      "computing_seconds": thousandths(estimate.computingSeconds),
      "processor_seconds": thousandths(estimate.processorSeconds),
      "writing_seconds": estimate.writingSeconds.map(thousandths) ?? nil,
      "limited_by": .string(estimate.isLimitedByDisk ? "disk" : "processors"),
      "free_bytes": JSON(estimate.freeBytes), "freed_bytes": JSON(estimate.freedBytes),
      "needed_bytes": JSON(estimate.neededBytes), "fits": .bool(estimate.fits),
      "sampled_blocks": JSON(estimate.sampledBlocks),
      "sampled_voxel_bytes": JSON(estimate.sampledVoxelBytes),
    ]
    return document
  }

  /// Adds it to what a dry run says, before the last line.
  func describe(in summary: inout JobSummary) {
    var text = summary.text.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    text.insert(contentsOf: lines, at: max(0, text.count - 1))
    summary.text = text.joined(separator: "\n")
    summary.json["estimate"] = json
    guard !ignoresFreeDisk else { return }
    do {
      try estimate.checkRoom()
    } catch {
      summary.refusal = error
    }
  }
}
