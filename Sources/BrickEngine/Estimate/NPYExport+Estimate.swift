public import BrickCore

extension NPYExport {
  /// What writing takes of time, memory and disk; its bytes are known exactly.
  ///
  /// An old file stays until the new one is whole, so its room does not count as free.
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small, what reading throws, and
  ///   `.outputExists` if no file can be made where it goes.
  public static func estimate(
    _ volumes: ExportedVolumes, to path: String, budget: MemoryBudget, cache: PieceCache,
    disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    let scratch = scratchBytes(volumes)
    try budget.check(holding: scratch)
    var plan = EstimatePlan(path: path, cache: cache)
    var block = band(of: volumes.parts[0])
    let rowBytes = max(1, block.z * block.x * volumes.type.byteCount)
    block.y = min(block.y, max(1, (4 << 20) / rowBytes))
    plan.groups = [SampleGroup(volumes.parts, block: block.maximum(.one))]
    let voxels = volumes.size.volume * volumes.parts.count
    plan.levels = [
      [
        EstimatePlan.Level(
          number: 0, bricks: volumes.parts.count, brick: volumes.size, voxels: voxels)
      ]
    ]
    plan.metadataBytes = header(volumes).count
    plan.cacheBytes = max(0, budget.byteCount / 2 - scratch)
    let decodes = plan.groups[0].decodes
    plan.peakMemory =
      MemoryBudget.baseline + budget.keptBytes + scratch + (decodes ? plan.cacheBytes : 0)
    var reading = VoxelBlock()
    return try plan.estimate(disk: disk, sample: sample) { _, sample in
      let watch = Stopwatch()
      reading.reshape(to: sample.box, type: volumes.type)
      try volumes.parts[sample.part].read(into: &reading)
      return SampledWork(
        bytes: [sample.box.count * volumes.type.byteCount],
        seconds: watch.elapsed)
    }
  }

  /// Refuses to begin where the disk is too small.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists`, with the bytes that are wanted and those that are free.
  public static func checkRoom(
    _ volumes: ExportedVolumes, to path: String, disk: OutputDisk = .machine
  ) throws {
    let voxels = volumes.size.volume * volumes.parts.count
    let bytes = voxels * volumes.type.byteCount + header(volumes).count
    let estimate = Estimate(
      path: path, levels: [], voxelBytesIn: bytes, bytesOut: bytes, temporaryBytes: 0,
      keptBytes: 0, peakMemory: 0, workers: 1, computingSeconds: 0, processorSeconds: 0,
      writingSeconds: nil,
      freeBytes: try disk.free(path), freedBytes: 0, sampledVoxelBytes: 0, sampledBlocks: 0)
    try estimate.checkRoom()
  }
}
