import Brickwork

/// Plain HDF5.
extension VolumeExport {
  func hdf5(_ chosen: ChosenVolumes) async throws -> JobSummary {
    var volumes = chosen.volumes
    let coarser = try coarserLevels(chosen)
    if request.needsChecksums {
      volumes.provenance["coarser"] = try checksums(of: coarser.flatMap(\.parts))
    }
    let job = HDF5ExportJob(
      volumes, coarser: coarser, path: request.output, chunk: request.chunk,
      options: try hdf5Options(), budget: budget, threads: threads, cache: cache,
      listener: progress)
    var document = description(of: volumes)
    document["datasets"] = .array(
      job.datasets.map {
        [
          "name": .string($0.name), "size_zyx": JSON($0.size), "chunk_zyx": JSON($0.chunk),
          "voxel_size_um_xyz": $0.voxelSize.map { JSON($0) } ?? nil,
        ]
      })
    if request.dryRun {
      let plan = dryRun(
        volumes, document, voxelBytes: job.voxelBytes, try job.forecast(),
        levels: ([volumes.size] + coarser.map { $0.parts[0].size }).enumerated().map {
          let dataset = job.datasets[$0.offset * volumes.parts.count]
          return "\(dataset.name), \(Text.size($0.element)), chunks \(Text.size(dataset.chunk))"
        })
      return estimated(plan, try job.estimate(overwrite: request.overwrite), chosen)
    }
    if !request.ignoresFreeDisk { try job.checkRoom(overwrite: request.overwrite) }
    return finished(volumes, document, try await job.run(overwrite: request.overwrite))
  }

  private func hdf5Options() throws -> BDVExportOptions {
    var options = BDVExportOptions(shuffle: request.shuffle)
    switch request.compression {
    case nil: break
    case .some(.none): options.deflateLevel = nil
    case .deflate(let level): options.deflateLevel = level
    case .zstd, .lzw:
      throw BrickworkError(
        .badRequest, path: request.output,
        reason: "HDF5 is not compressed with \(request.compression?.name ?? "that")",
        remedy: "Choose --compression deflate:1 or none")
    }
    return options
  }

  /// The levels beside the finest, which only a whole level of a store has.
  private func coarserLevels(_ chosen: ChosenVolumes) throws -> [HDF5ExportJob.Level] {
    func refused(_ reason: String, _ remedy: String) -> BrickworkError {
      BrickworkError(.badRequest, path: request.output, reason: reason, remedy: remedy)
    }
    let wanted: Int?
    switch request.levels {
    case nil, .count(1): return []
    case .store: wanted = nil
    case .count(let count): wanted = count
    case .bdv:
      throw refused(
        "BigDataViewer's levels belong to its own files",
        "Say --levels store or how many, or leave out --format hdf5")
    }
    guard let store = chosen.store, store.isWhole else {
      throw refused(
        "coarser levels are taken from a store, whole",
        "Leave out --levels, or stitch or import the tiles first and leave out --roi")
    }
    let levels = store.image.levels.indices.dropFirst(store.finest + 1)
    guard wanted.map({ $0 - 1 <= levels.count }) ?? true else {
      throw refused(
        "\(wanted ?? 0) levels were asked for, and the store has \(levels.count + 1) from this one on",
        "Ask for fewer levels")
    }
    let base = store.image.factor(level: store.finest)
    return try levels.prefix(wanted.map { $0 - 1 } ?? levels.count).map { level in
      HDF5ExportJob.Level(
        factor: store.image.factor(level: level).dividedRoundingDown(by: base),
        parts: try store.timepoints.flatMap { timepoint in
          try store.channels.map {
            try store.image.volume(level: level, channel: $0, timepoint: timepoint)
          }
        })
    }
  }
}
