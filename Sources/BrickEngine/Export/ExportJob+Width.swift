internal import BrickCore

extension ExportJob {
  /// How the budget is shared out.
  struct Width: Sendable, Hashable {
    let workers: Int
    /// Bytes of decoded pieces to keep: no more than there is use for.
    let cache: Int
    /// Bytes that decoded pieces might take.
    let room: Int
    /// Bytes of decoded pieces that a row's blocks share.
    let demand: Int
    /// Bytes the round takes at most without the cache.
    let planned: Int
  }

  /// The passes in their rounds.
  var rounds: [[ExportPass]] {
    (0...(passes.last?.round ?? 0)).map { round in passes.filter { $0.round == round } }
  }

  /// How each round shares the budget.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` and the smallest budget with which all rounds succeed: with
  ///   another budget they are other rounds.
  func widths() throws -> [Width] {
    try budget.planned { budget in
      guard budget != self.budget else { return try rounds.map { try width(of: $0) } }
      let job = try with(budget)
      return try job.rounds.map { try job.width(of: $0) }
    }
  }

  /// The same job with another budget.
  private func with(_ budget: MemoryBudget) throws -> ExportJob {
    try ExportJob(
      path: path, images: images, options: options, budget: budget, threads: threads, cache: cache,
      heldBytes: heldBytes)
  }

  /// Shares the budget out over a round: workers first, the rest for the cache.
  func width(of round: [ExportPass]) throws -> Width {
    func most(_ bytes: (ExportPass, ExportImage) -> Int) -> Int {
      round.reduce(0) { max($0, bytes($1, images[$1.image])) }
    }
    let worker = most { $0.workerBytes($1) }
    let demand = most { $0.demand($1) }
    let shared = writerBytes + heldBytes + most { $0.rowBytes($1) }
    let (allowed, _) = try budget.share(wanted: threads, perWorker: worker, shared: shared)
    func planned(_ workers: Int) -> Int {
      MemoryBudget.baseline + budget.keptBytes + shared + workers * worker
    }
    // Fewer workers that decode each piece once are faster than many that decode it again and again.
    let workers = (1...allowed).last { planned($0) + demand <= budget.byteCount } ?? allowed
    let room = max(0, budget.byteCount - planned(workers))
    // A row's pieces are still wanted when those of the next one come.
    return Width(
      workers: workers, cache: MemoryBudget.cache(demand: demand, room: room), room: room,
      demand: demand,
      planned: planned(workers))
  }

  /// What the HDF5 library and the writer keep for the file.
  private var writerBytes: Int {
    let datasets = images.reduce(0) { $0 + $1.parts * $1.levels.count }
    let chunks = images.reduce(0) { sum, image in
      sum + image.parts * image.levels.reduce(0) { $0 + $1.grid.count }
    }
    // The checksums of a store's bricks: as numbers, as bytes, and as they are written.
    return (16 << 20) + datasets * (16 << 10) + chunks + 24 * storedBricks
  }

  /// What a run will take of memory, and how often it decodes.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> StoreJob.Forecast {
    let widths = try widths()
    let first = widths[0]
    let expected = decodings(room: first.room)
    var advised: Int?
    if expected > StoreJob.acceptedDecodings {
      advised = try DecodingForecast.advisedMemory(beyond: budget) { larger in
        let job = try with(larger)
        let width = try job.width(of: job.rounds[0])
        return (job.decodings(room: width.room), width.demand - width.room)
      }
    }
    return StoreJob.Forecast(
      workers: widths.map(\.workers).max() ?? 1, plannedBytes: widths.map(\.planned).max() ?? 0,
      cacheBytes: first.room, sharedPieceBytes: first.demand, expectedDecodings: expected,
      advisedMemory: advised)
  }

  /// How often a piece of the sources is decoded on average, by the images' voxels.
  private func decodings(room: Int) -> Double {
    var (sum, weight) = (0.0, 0.0)
    for pass in passes where !pass.readsFile {
      guard let source = images[pass.image].levels[pass.read].volumes?.first else { continue }
      let voxels = Double(pass.order.size.volume)
      weight += voxels
      sum += voxels * decodings(of: source, pass, images[pass.image], room: room)
    }
    return weight > 0 ? sum / weight : 1
  }

  private func decodings(
    of source: any Volume, _ pass: ExportPass, _ image: ExportImage, room: Int
  ) -> Double {
    let demand = pass.demand(image)
    guard demand > 0 else { return 1 }
    // All rows of a region, one after the other, share pieces with their neighbours.
    var slab = pass.middleRow
    let (block, size) = (pass.order.block, pass.order.size)
    let rows = min(size.y, 16 * block.y)
    slab.origin.y = max(0, min(slab.origin.y, size.y - rows)) / block.y * block.y
    slab.size.y = min(rows, size.y - slab.origin.y)
    return DecodingForecast(of: source, slab: slab, block: block, turn: demand).decodings(
      room: room)
  }
}
