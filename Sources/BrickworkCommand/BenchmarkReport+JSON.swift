import Brickwork

extension BenchmarkReport {
  /// Every figure; rates are bytes per second, sizes bytes, shapes z, y, x.
  var json: JSON {
    [
      "brickwork": .string(BrickworkCommand.version), "machine": machineJSON,
      "folder": .string(folder), "tiles": JSON(report.tileCount),
      "tile_size_zyx": JSON(report.tileSize), "size_zyx": JSON(report.volumeSize),
      "tile_bytes": JSON(report.tileBytes), "memory_bytes": JSON(report.budget),
      "threads": JSON(report.threads),
      "memory_copy": rates(
        report.copying.rates, ["buffer_bytes": JSON(report.copying.bufferBytes)]),
      "disk": diskJSON, "codecs": .array(report.codecs.map(codecJSON)),
      "jobs": .array(report.jobs.map(jobJSON)), "voxels_checked": true,
      "within_budget": .bool(overBudget == nil),
      "verdict": .string(BenchmarkVerdict(report).sentences.joined(separator: " ")),
    ]
  }

  private var machineJSON: JSON {
    let machine = report.machine
    return [
      "cores": JSON(machine.cores), "usable_cores": JSON(machine.usableCores),
      "memory_bytes": JSON(machine.memory),
      "control_group_limit_bytes": machine.controlGroupLimit.map { JSON($0) } ?? nil,
      "processor": .string(machine.processor), "architecture": .string(machine.architecture),
      "kernel": .string(machine.kernel),
    ]
  }

  private var diskJSON: JSON {
    let disk = report.disk
    return [
      "file_bytes": JSON(disk.fileBytes), "write_bytes_per_s": .number(disk.writing),
      "read": rates(disk.reading), "read_from_page_cache": .bool(!disk.isCold),
      "page_cache": rates(disk.pageCache),
    ]
  }

  private func codecJSON(_ codec: MachineReport.Codec) -> JSON {
    var json: JSON = [
      "codec": .string(codec.name), "voxels": .string(codec.voxels.rawValue),
      "brick_zyx": JSON(codec.brick), "ratio": .number(codec.ratio),
      "encode": rates(codec.encoding),
    ]
    if let decoding = codec.decoding { json["decode"] = rates(decoding) }
    return json
  }

  private func jobJSON(_ job: MachineJob) -> JSON {
    [
      "job": .string(job.kind.rawValue), "runs": JSON(job.runs), "seconds": .number(job.seconds),
      "seconds_range": [.number(job.range.lowerBound), .number(job.range.upperBound)],
      "cpu_seconds": .number(job.processorSeconds),
      "codec_cpu_seconds": .number(job.codecSeconds), "codec_cpu_share": .number(job.codecShare),
      "others_cores": job.othersCores.map { .number($0) } ?? nil,
      "voxel_bytes": JSON(job.voxelBytes),
      "bytes_read": JSON(job.bytesRead), "bytes_read_from_page_cache": JSON(job.bytesInMemory),
      "bytes_written": JSON(job.bytesWritten), "workers": JSON(job.workers),
      "bytes_per_s": .number(job.rate), "limit_bytes_per_s": .number(job.limitRate),
      "limit_share": .number(job.share), "limited_by": .string(job.limit.resource.rawValue),
      "limit_seconds": .object(limits(job)), "cores_busy": .number(job.coresBusy),
      "peak_resident_bytes": JSON(job.peak.resident),
      "peak_anonymous_bytes": job.peak.anonymous.map { JSON($0) } ?? nil,
      "peak_is_exact": .bool(job.peak.isExact),
      "budget_share": .number(Double(job.peak.resident) / Double(report.budget)),
    ]
  }

  private func limits(_ job: MachineJob) -> JSON.Object {
    var object = JSON.Object()
    for limit in job.limits { object[limit.resource.rawValue] = .number(limit.seconds) }
    return object
  }

  private func rates(_ rates: MachineReport.Rates, _ more: JSON = [:]) -> JSON {
    var json: JSON = [
      "one_thread_bytes_per_s": .number(rates.oneThread),
      "all_threads_bytes_per_s": .number(rates.allThreads),
    ]
    if let rate = rates.perProcessorSecond { json["bytes_per_cpu_s"] = .number(rate) }
    for member in more.objectValue?.members ?? [] { json[member.key] = member.value }
    return json
  }
}
