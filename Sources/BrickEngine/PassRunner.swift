internal import BrickCore
internal import BrickLabels
internal import BrickZarr
internal import Synchronization

/// Runs one pass of a plan: computes the items that no earlier run finished.
struct PassRunner: Sendable {
  let plan: StorePlan
  let number: Int
  /// One volume for each part of the image.
  let sources: [any Volume]
  let folder: RunFolder
  let wantsHistogram: Bool
  var budget: MemoryBudget
  let threads: Int
  /// Bytes that are held as long as the job runs.
  let heldBytes: Int
  /// Who is shown the blocks; nil for nobody.
  let observer: (any BlockObserver)?

  var pass: PassPlan { plan.passes[number] }

  /// How the budget is shared out.
  struct Width: Sendable, Hashable {
    let workers: Int
    /// Items that go together along x and across channels.
    let together: WorkOrder.Together
    /// Bytes of decoded pieces to keep: no more than there is use for.
    let cache: Int
    /// Bytes that decoded pieces might take.
    let room: Int
    /// Bytes of decoded pieces that a group's items share.
    let demand: Int
    /// Bytes the pass takes at most without the cache.
    let planned: Int
  }

  /// Shares the budget out: workers first, then up to four items along x and all channels together, the rest for
  /// the cache.
  func width() throws -> Width {
    let worker =
      BlockWorker.byteCount(sources: sources, plan: plan, pass: pass)
      + (observer?.bytesPerThread ?? 0)
    let histogram = wantsHistogram ? (1 << 16) * 8 : 0
    let item = WorkItem.byteCount(plan: plan, pass: pass)
    // Two groups of items and two rows of blocks can be in hand at once, one that ends and one that begins, and each
    // worker may be waiting for the disk to finish one more item. Each channel has a histogram in the end.
    func shared(_ together: WorkOrder.Together, _ workers: Int) -> Int {
      let items = 2 * together.items + workers
      return items * (item + workers * histogram) + (plan.leading.channels ?? 1) * histogram
        + 2 * rowBytes(together.neighbours) + heldBytes
    }
    let (allowed, _) = try budget.share(
      wanted: max(1, threads), perWorker: worker + 3 * histogram,
      shared: shared(WorkOrder.Together(), 1))
    func planned(_ together: WorkOrder.Together, _ workers: Int) -> Int {
      MemoryBudget.baseline + budget.keptBytes + workers * worker + shared(together, workers)
    }
    // Fewer workers that decode each piece once are faster than many that decode it again and again.
    let least = self.demand(1)
    let workers =
      (1...allowed).last { planned(WorkOrder.Together(), $0) + least <= budget.byteCount }
      ?? allowed
    func planned(_ together: WorkOrder.Together) -> Int { planned(together, workers) }
    // Half of the budget stays for decoded pieces, and what neighbours share has to fit into it to be of use.
    func fits(_ together: WorkOrder.Together) -> Bool {
      let bytes = planned(together)
      return bytes <= budget.byteCount / 2
        && self.demand(together.neighbours) <= budget.byteCount - bytes
    }
    var together = WorkOrder.Together(neighbours: 4, channels: plan.leading.channels ?? 1)
    while together.items > 1, !fits(together) {
      if together.neighbours > 1 {
        together.neighbours -= 1
      } else {
        together = WorkOrder.Together(neighbours: 4)
      }
    }
    let room = max(0, budget.byteCount - planned(together))
    let demand = self.demand(together.neighbours)
    return Width(
      workers: workers, together: together, cache: MemoryBudget.cache(demand: demand, room: room),
      room: room, demand: demand, planned: planned(together))
  }

  /// The decoded pieces that a slab of a group's blocks goes through.
  private func demand(_ neighbours: Int) -> Int {
    sources[0].decodedBytes(reading: middleSlab(neighbours))
  }

  /// A slab of the blocks of a group of items, in the middle of the volume, where tiles overlap as much as anywhere.
  func middleSlab(_ neighbours: Int) -> Box3 {
    let size = plan.levels[pass.levels.lowerBound].array.size
    var slab = pass.region
    slab.z = pass.block.z
    slab.x *= neighbours
    slab = slab.minimum(size)
    let grid = BrickGrid(size: size, brick: slab)
    return grid.box(at: grid.index(at: grid.count / 2))
  }

  /// The pages of mapped tiles that a row of blocks keeps in memory until it is done.
  private func rowBytes(_ neighbours: Int) -> Int {
    let size = plan.levels[pass.levels.lowerBound].array.size
    var row = pass.block
    row.x = pass.region.x * neighbours
    return row.minimum(size).volume * sources[0].type.byteCount
  }

  /// Computes `items` and calls `finished` after each, from any thread.
  func run(
    items: [Int], width: Width, meter: ProgressMeter,
    finished: @escaping @Sendable (WorkItem) -> Void
  ) async throws {
    let order = WorkOrder(
      items: items, grid: plan.items(of: pass), channels: plan.leading.channels ?? 1,
      block: pass.block, together: width.together)
    let open = OpenItems { number in
      WorkItem(
        number: number, plan: plan, pass: pass, folder: folder, wantsHistogram: wantsHistogram)
    }
    let spare = SpareResults()
    let type = sources[0].type
    try await OrderedPipeline.run(count: order.count, workers: width.workers) {
      try BlockWorker(sources: sources, plan: plan, pass: pass, observer: observer)
    } produce: { worker, place in
      let step = order.step(at: place)
      prepare(order, place, step)
      let result = spare.take()
      try worker.compute(step.box, item: open.item(step.item), into: result)
      return result
    } commit: { place, result in
      let step = order.step(at: place)
      let item = open.item(step.item)
      let written = try item.commit(result)
      spare.giveBack(result)
      if step.endsRow { sources[step.part].didRead(step.row) }
      meter.add(
        voxels: step.box.count, voxelBytes: step.box.count * type.byteCount, written: written)
      guard step.isLast else { return nil }
      open.close(step.item)
      return {
        try item.finish(passNumber: number)
        meter.add(items: 1)
        finished(item)
      }
    }
  }
}

extension PassRunner {
  /// Has a row's pages read while the row before it is computed: neighbouring blocks share most
  /// pages, so asking and giving back row by row faults each page in once.
  private func prepare(_ order: WorkOrder, _ place: Int, _ step: WorkOrder.Step) {
    guard step.startsRow else { return }
    if place == 0 { sources[step.part].willRead(step.row) }
    var next = place + (step.row.size.x + pass.block.x - 1) / pass.block.x
    // Items that end inside a block make a row one block longer here and there.
    while next < order.count, !order.step(at: next).startsRow { next += 1 }
    guard next < order.count else { return }
    let following = order.step(at: next)
    sources[following.part].willRead(following.row)
  }
}

/// The items that have begun and not ended.
private final class OpenItems: Sendable {
  private let items = Mutex<[Int: WorkItem]>([:])
  private let make: @Sendable (Int) -> WorkItem

  init(make: @escaping @Sendable (Int) -> WorkItem) { self.make = make }

  func item(_ number: Int) -> WorkItem {
    items.withLock { items in
      if let item = items[number] { return item }
      let item = make(number)
      items[number] = item
      return item
    }
  }

  func close(_ number: Int) { items.withLock { $0[number] = nil } }
}

/// Results that were committed and can be filled again.
private final class SpareResults: Sendable {
  private let results = Mutex<[BlockResult]>([])

  func take() -> BlockResult { results.withLock { $0.popLast() } ?? BlockResult() }

  func giveBack(_ result: BlockResult) {
    result.empty()
    results.withLock { $0.append(result) }
  }
}
