internal import BrickCore
internal import BrickFiles
internal import BrickTIFF

extension TIFFExportJob {
  /// What a run would take of time, memory and disk, as for `StoreJob.estimate`.
  ///
  /// An old file stays until the new one is whole, so its room does not count as free.
  public func estimate(
    overwrite: Bool = false, disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    let plan = try estimatePlan(overwrite: overwrite)
    let encoder = try TIFFStepEncoder(self.plan, compression, method: volumes.reduction.method)
    let coarser = CoarserLevels(
      steps: self.plan.levels.dropFirst().map { _ in TIFFPlan.halving },
      reduction: volumes.reduction)
    return try plan.estimate(disk: disk, sample: sample) { _, block in
      let watch = Stopwatch()
      let step = TIFFSteps.Step(pass: 0, part: block.part, box: block.box)
      let pieces = try encoder.encode(step, of: volumes.parts[block.part])
      let seconds = watch.elapsed
      let bytes = try coarser.bytes(
        of: volumes.parts[block.part], block.box, known: pieces.bytesByLevel
      ) { view, _ in try encoder.byteCount(of: view) }
      return SampledWork(bytes: bytes, seconds: seconds)
    }
  }

  /// Refuses to begin where the disk is too small, as `StoreJob.checkRoom` does.
  public func checkRoom(overwrite: Bool = false, disk: OutputDisk = .machine) throws {
    let plan = try estimatePlan(overwrite: overwrite)
    guard plan.bound(type: volumes.type) > (try OutputPlace(path, disk: disk)).room else { return }
    try estimate(overwrite: overwrite, disk: disk.unmeasured)
      .checkRoom()
  }

  private func estimatePlan(overwrite: Bool) throws -> EstimatePlan {
    var estimate = EstimatePlan(path: path, cache: cache)
    estimate.groups = [SampleGroup(volumes.parts, block: sampledBlock)]
    let left = left(overwrite: overwrite)
    estimate.keptBytes = left.keptBytes
    estimate.levels = [
      plan.levels.enumerated().map { number, size in
        let pieces = size.dividedRoundingUp(by: plan.piece).volume * plan.parts
        let voxels = size.volume * plan.parts
        let isPart = number >= 2 && compression == .none
        // Two numbers for a piece, and a directory for a page; both are larger in a BigTIFF.
        let isBig = plan.voxelBytes > 4_000_000_000
        let index = (isBig ? 16 : 8) * pieces + (isBig ? 300 : 190) * plan.pages
        return EstimatePlan.Level(
          number: number, bricks: pieces, brick: plan.piece, voxels: voxels, indexBytes: index,
          filling: isPart ? Double(pieces * plan.piece.volume) / Double(voxels) : 1,
          left: left.share)
      }
    ]
    estimate.metadataBytes = 4096
    let width = try width()
    let forecast = try forecast()
    estimate.workers = min(forecast.workers, SystemMemory.cores)
    let thick = Box3(size: TIFFSteps(plan, planes: plan.slab).largest)
    let thin = Box3(size: sampledBlock.minimum(plan.size))
    let demand = max(
      volumes.parts[0].decodedBytes(reading: thick), volumes.parts[0].decodedBytes(reading: thin))
    estimate.cacheBytes = min(width.cache, 2 * demand)
    estimate.peakMemory = forecast.plannedBytes + estimate.cacheBytes
    estimate.decodings = width.decodings
    estimate.allPasses = plan.levels.count > 2 ? 1 + 1.0 / 16 : 1
    return estimate
  }

  /// Whole pieces of the first two levels.
  private var sampledBlock: Index3 {
    var block = TIFFSteps(plan, planes: 1).largest
    if !plan.isTiled {
      let rowBytes = max(1, plan.size.x * plan.type.byteCount)
      block.y = min(block.y, max(1, (4 << 20) / rowBytes / plan.piece.y) * plan.piece.y)
    }
    let bytes = max(1, block.volume * plan.type.byteCount)
    // Planes don't depend on each other. Where one decodes pieces that many share, several are worth it.
    let decodes = volumes.parts[0].decodedBytes(reading: Box3(size: block.minimum(plan.size))) > 0
    block.z = max(1, min(decodes ? plan.slab : plan.size.z, (decodes ? 16 << 20 : 1 << 20) / bytes))
    return block
  }

  /// What a run before left that this one keeps.
  private func left(overwrite: Bool) -> (share: Double, keptBytes: Int) {
    let unfinished = UnfinishedExport(path: path, settings: settings)
    guard let earlier = try? PieceFile.unfinishedSettings(of: path),
      (try? unfinished.mayContinue(earlier, overwrite: overwrite)) == true,
      let kept = PieceFile.unfinishedPieces(of: path)
    else { return (1, 0) }
    let done = Double(min(kept.pieces, plan.pieceCount))
    return (1 - done / Double(max(1, plan.pieceCount)), kept.bytes)
  }
}
