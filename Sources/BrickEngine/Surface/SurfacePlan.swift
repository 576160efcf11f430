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
    // Thresholds and what is known of them; then planes as found and as dilated, and voxels, in pieces and in rows.
    let searching = 8 + 1 + 3 * 4 + 4 * voxel
    guard case .percentile(let percentile, _) = threshold else { return searching }
    let tops = ColumnTops.bytesPerColumn(
      type: source.type, planes: source.size.z, percentile: percentile)
    // Memory comes in steps of an eighth.
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
    var best: SurfacePlan?
    var failure: (any Error)?
    for shape in shapes {
      var block = shape.minimum(size)
      // Each worker should find a block of its own.
      while fixed == nil, threads > 1, block.x > 256,
        ((size.x - 1) / block.x + 1) * ((size.y - 1) / block.y + 1) < 2 * threads
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
          wanted: max(1, threads), perWorker: perWorker, shared: shared)
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
        if plan.workers == max(1, threads) && (rows == size.y || rows >= 4 * block.y) {
          self = plan
          return
        }
        if let before = best,
          before.workers > plan.workers
            || before.workers == plan.workers && before.bandRows >= plan.bandRows
        {
          continue
        }
        best = plan
      } catch { failure = error }
    }
    guard let best else {
      throw failure ?? BrickworkError(.outOfBudget, reason: "no block of columns fits the budget")
    }
    self = best
  }

  private init(block: Index3, bandRows: Int, workers: Int, cache: Int) {
    self.block = block
    self.bandRows = bandRows
    self.workers = workers
    self.cache = cache
  }
}
