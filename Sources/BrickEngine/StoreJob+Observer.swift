internal import BrickCore
internal import BrickLabels
internal import BrickZarr

extension StoreJob {
  /// Shows the observer what earlier runs wrote of level 0: all items of the first pass but those that are `missing`.
  ///
  /// - Parameter workers: as many as the pass has room for: reading a block back takes less than making it.
  func showKept(without missing: [Int], workers: Int) async throws {
    guard let observer else { return }
    let pass = plan.passes[0]
    let absent = Set(missing)
    let items = (0..<plan.itemCount(of: pass)).filter { !absent.contains($0) }
    guard !items.isEmpty else { return }
    // Blocks are made of whole bricks, so each is decoded once and none has to be kept.
    let order = WorkOrder(
      items: items, grid: plan.items(of: pass), channels: 1, block: pass.block,
      together: WorkOrder.Together())
    cache.capacity = 0
    let level = try ZarrVolume(
      plan.levels[0].array.path, leading: plan.leading.indices(of: 0), cache: cache)
    let meter = ProgressMeter(
      phase: "reading back",
      totalVoxels: items.reduce(0) { $0 + plan.place(ofItem: $1, pass: pass).box.count },
      totalItems: items.count, listener: listener)
    try await OrderedPipeline.run(count: order.count, workers: workers) {
      KeptBlock()
    } produce: { kept, place in
      try level.withVoxels(of: order.step(at: place).box, scratch: &kept.scratch) {
        try observer.observe($0)
      }
    } commit: { place, _ in
      let step = order.step(at: place)
      meter.add(voxels: step.box.count, items: step.isLast ? 1 : 0)
      return nil
    }
    meter.finish()
  }

  /// What a worker keeps: the block it reads.
  private final class KeptBlock {
    var scratch = VoxelBlock()
  }
}
