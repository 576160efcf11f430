internal import BrickBDV
internal import BrickCore
internal import BrickFiles

extension HDF5ExportJob {
  /// What a run would take of time, memory and disk, as for `StoreJob.estimate`.
  ///
  /// An old file stays until the new one is whole, so its room does not count as free.
  public func estimate(
    overwrite: Bool = false, disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    let plan = try estimatePlan()
    let worker = PlainChunkWorker(
      encoder: try PlainHDF5Writer.encoder(datasets, type: volumes.type, options: options))
    let parts = volumes.parts.count
    return try plan.estimate(disk: disk, sample: sample) { group, block in
      let dataset = group * parts + block.part
      let watch = Stopwatch()
      let chunks = try worker.encode(sources[dataset], grid(dataset), dataset, block.box)
      let seconds = watch.elapsed
      let bytes = chunks.reduce(0) { $0 + ($1.bytes?.bytes.count ?? 0) }
      return SampledWork(bytes: [bytes], seconds: seconds)
    }
  }

  /// Refuses to begin where the disk is too small, as `StoreJob.checkRoom` does.
  public func checkRoom(overwrite: Bool = false, disk: OutputDisk = .machine) throws {
    let plan = try estimatePlan()
    guard plan.bound(type: volumes.type) > (try OutputPlace(path, disk: disk)).room else { return }
    try estimate(overwrite: overwrite, disk: disk.unmeasured)
      .checkRoom()
  }

  /// A group for each level, with a dataset for each part.
  private func estimatePlan() throws -> EstimatePlan {
    var estimate = EstimatePlan(path: path, cache: cache)
    let parts = volumes.parts.count
    let stored = PlainHDF5Writer.stored(
      at: path, type: volumes.type, datasets: datasets, options: options,
      fingerprint: volumes.provenance.text(pretty: false))
    estimate.keptBytes = stored?.bytes ?? 0
    for level in 0..<datasets.count / parts {
      let first = level * parts
      estimate.groups.append(
        SampleGroup(Array(sources[first..<first + parts]), block: steps[first]))
      let (dataset, chunks) = (datasets[first], parts * grid(first).count)
      let done = (first..<first + parts).reduce(0) { $0 + (stored?.chunks[$1] ?? 0) }
      estimate.levels.append([
        EstimatePlan.Level(
          number: level, bricks: chunks, brick: dataset.chunk,
          voxels: parts * dataset.size.volume, indexBytes: ExportIndex.bytesPerChunk * chunks,
          left: stored?.isComplete == true ? 0 : 1 - Double(done) / Double(max(1, chunks)))
      ])
    }
    estimate.metadataBytes =
      stored?.isComplete == true ? 0 : 8192 + ExportIndex.bytesPerDataset * datasets.count
    let (workers, spare) = try width()
    estimate.workers = min(workers, SystemMemory.cores)
    estimate.peakMemory = budget.byteCount - spare
    let decodes = estimate.groups.contains { $0.decodes }
    estimate.cacheBytes = decodes ? spare : 0
    estimate.peakMemory += estimate.cacheBytes
    return estimate
  }
}
