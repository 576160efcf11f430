internal import BrickCore
internal import BrickSurface

/// How the memory of a search for surfaces is shared out before it starts.
struct SurfacePlan: Sendable {
  /// Planes of a slab, and columns of a block.
  let block: Index3
  /// Rows of columns of which everything is held at once.
  let bandRows: Int
  let workers: Int
  /// Bytes of decoded pieces of files that may be kept.
  let cache: Int

  /// Blocks from the largest to the smallest; bricks of 64 voxels are whole in the first ones.
  private static let blocks = [
    Index3(z: 64, y: 64, x: 2048), Index3(z: 64, y: 64, x: 512), Index3(z: 64, y: 64, x: 256),
    Index3(z: 64, y: 64, x: 128), Index3(z: 64, y: 64, x: 64), Index3(z: 32, y: 32, x: 64),
    Index3(z: 16, y: 16, x: 64), Index3(z: 8, y: 8, x: 64), Index3(z: 4, y: 1, x: 64),
  ]

  /// Bytes for each column of a band: the largest of what its passes hold.
  private static func bytesPerColumn(_ source: any Volume, _ threshold: SurfaceThreshold) -> Int {
    let voxel = source.type.byteCount
    // Thresholds and what is known of them; then planes as found, in blocks and rows, as dilated, in rows and pieces,
    // and voxels, in pieces and rows. Memory comes in steps of an eighth.
    let searching = (8 + 1 + 5 * 4 + 4 * voxel) * 9 / 8
    guard case .percentile(let percentile, _) = threshold else { return searching }
    let tops = ColumnTops.bytesPerColumn(
      type: source.type, planes: source.size.z, percentile: percentile)
    return max(searching, 8 + 1 + tops + tops / 8)
  }

  /// - Parameter fixed: the block, for tests that want many steps; `fixedRows` the rows of a band.
  init(
    _ source: any Volume, _ threshold: SurfaceThreshold, budget: MemoryBudget, threads: Int,
    heldBytes: Int, block fixed: Index3?, bandRows fixedRows: Int?
  ) throws {
    let size = source.size
    let voxel = source.type.byteCount
    let rowBytes = Self.bytesPerColumn(source, threshold) * size.x
    let shapes = fixed.map { [$0] } ?? Self.blocks
    var best: (plan: SurfacePlan, cost: Double)?
    var failure: (any Error)?
    // One worker leaves room for wider bands than several.
    for (wanted, shape) in [max(1, threads), 1].flatMap({ wanted in shapes.map { (wanted, $0) } }) {
      var block = shape.minimum(size)
      // Each worker should find a block of its own.
      while fixed == nil, wanted > 1, block.x > 256,
        ((size.x - 1) / block.x + 1) * ((size.y - 1) / block.y + 1) < 2 * wanted
      {
        block.x = (block.x + 1) / 2
      }
      let blockBytes = BlockStorage.footprint(of: block.volume * voxel)
      let columns = block.y * block.x
      // Voxels, a copy of the limits, and what was found in this and in waiting steps.
      let perWorker =
        blockBytes + source.scratchBytes(reading: block) + columns * (voxel + 4 * 8)
      // Rows of blocks whose pages are mapped, rows that wait for those below them, and a block's thresholds.
      let shared =
        heldBytes + 2 * block.z * block.y * size.x * voxel + 24 * size.x * 4 * 2
        + (block.y + 10) * rowBytes + 16 * columns
      do {
        let share = try budget.share(
          wanted: wanted, perWorker: perWorker, shared: shared)
        let slab = Box3(size: Index3(z: block.z, y: size.y, x: size.x))
        let demand = 2 * source.decodedBytes(reading: slab)
        let cache = min(share.cache / 2, demand)
        // Thinner slabs where their pages would not fit.
        while fixed == nil, demand > 0, block.z > 1,
          2 * source.decodedBytes(reading: Box3(size: Index3(z: block.z, y: size.y, x: size.x)))
            > share.cache / 2
        {
          block.z /= 2
        }
        var rows = min(size.y, block.y + (share.cache - cache) / rowBytes)
        if rows < size.y { rows = max(block.y, rows / block.y * block.y) }
        let plan = SurfacePlan(
          block: block, bandRows: fixedRows ?? rows, workers: share.workers, cache: cache)
        // Pieces that a band cuts are decoded for its neighbour again: that decides, shared among the workers.
        let cost = plan.repetition(of: source) / Double(plan.workers)
        if plan.workers == max(1, threads) && plan.repetition(of: source) < 1.25
          && (rows == size.y || rows >= 4 * block.y || fixed != nil)
        {
          self = plan
          return
        }
        if best.map({ cost < $0.cost * 0.99 }) ?? true { best = (plan, cost) }
      } catch { failure = error }
    }
    guard let best else {
      throw failure ?? BrickworkError(.outOfBudget, reason: "no block of columns fits the budget")
    }
    self = best.plan
  }

  private init(block: Index3, bandRows: Int, workers: Int, cache: Int) {
    self.block = block
    self.bandRows = bandRows
    self.workers = workers
    self.cache = cache
  }

  /// How often the bands' reading decodes each piece of the source; 1 where nothing is decoded.
  private func repetition(of source: any Volume) -> Double {
    let part = Index3(z: block.z, y: bandRows, x: source.size.x).minimum(source.size)
    let whole = Index3(z: block.z, y: source.size.y, x: source.size.x).minimum(source.size)
    let (once, inBands) = (
      source.decodedBytes(reading: Box3(size: whole)),
      source.decodedBytes(reading: Box3(size: part))
    )
    guard once > 0 else { return 1 }
    return Double(inBands) * Double((source.size.y + part.y - 1) / part.y) / Double(once)
  }
}
