public import BrickCore
public import BrickLabels
internal import BrickStitch

/// Makes the table of objects of a label volume: each label's voxels, centroid and bounding box.
///
/// The volume is read once, block by block on all workers; what the table takes is part of the budget, and
/// labels beyond it go to a scratch file. The table is the same for any budget and number of threads.
public struct ObjectsJob: Sendable {
  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Bytes of voxels that were looked at.
    public var voxelBytes: Int
    /// Seconds from the start to the complete table.
    public var seconds: Double
    /// Workers that the budget and the machine allowed.
    public var workers: Int
    /// Bytes of records that did not fit into memory.
    public var spilledBytes: Int
  }

  /// How the budget is shared out.
  private struct Plan {
    var block: Index3
    var workers: Int
    var table: Int
    var cache: Int
  }

  private let source: any Volume
  private let tiles: TileBoxes?
  private let budget: MemoryBudget
  private let threads: Int
  private let cache: PieceCache
  private let scratchFolder: String
  private let listener: (any ProgressListener)?

  /// Voxels along x whose pages are asked for and given back at once: blocks of so many go together.
  private static let rowVoxels = 2048

  /// Plans the table of `source`.
  ///
  /// - Parameters:
  ///   - tiles: boxes outside of which every voxel is 0, or nil if that is not known. What one of them has
  ///     alone is looked at where it lies, without fusing blocks across their faces; the table is the same.
  ///   - cache: the cache the source's files were opened with.
  ///   - scratchFolder: where records go that don't fit: 112 bytes for each label and each time it was
  ///     put aside.
  public init(
    source: any Volume, tiles: [Box3]? = nil, budget: MemoryBudget, threads: Int,
    cache: PieceCache, scratchFolder: String, listener: (any ProgressListener)? = nil
  ) {
    self.source = source
    self.tiles = tiles.map { TileBoxes($0) }
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.scratchFolder = scratchFolder
    self.listener = listener
  }

  /// Reads the volume and returns the table.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if voxels are floats, `.outOfBudget` if the budget is
  ///   too small, or what reading and the scratch file throw; `CancellationError` if the task was cancelled.
  public func run() async throws -> (table: ObjectTable, summary: Summary) {
    let plan = try plan()
    // Before anything is read: it refuses floats.
    let collector = try ObjectCollector(
      type: source.type, memory: plan.table, scratchFolder: scratchFolder)
    cache.capacity = plan.cache
    let grid = BrickGrid(size: source.size, brick: plan.block)
    let meter = ProgressMeter(
      phase: "finding objects", totalVoxels: source.bounds.count, totalItems: grid.count,
      listener: listener)
    let (source, tiles) = (source, tiles)
    try await OrderedPipeline.run(count: grid.count, workers: plan.workers) {
      BlockReader(source, tiles: tiles, observer: collector)
    } produce: { reader, place in
      if let row = Self.row(startingAt: place, of: grid) {
        if place == 0 { source.willRead(row) }
        if let next = Self.row(after: place, of: grid) { source.willRead(next) }
      }
      try reader.read(grid.box(at: grid.index(at: place)))
    } commit: { place, _ in
      if let row = Self.row(endingAt: place, of: grid) { source.didRead(row) }
      let voxels = grid.box(at: grid.index(at: place)).count
      meter.add(voxels: voxels, voxelBytes: voxels * source.type.byteCount, items: 1)
      return nil
    }
    // What was decoded is of no more use, and merging takes the room.
    cache.capacity = 0
    let table = try collector.finish()
    let report = meter.finish()
    return (
      table,
      Summary(
        voxelBytes: report.voxelBytes, seconds: report.seconds, workers: plan.workers,
        spilledBytes: table.spilledBytes)
    )
  }

  // MARK: Rows of blocks

  /// The place of a block in its row, and the blocks of that row.
  private static func placeInRow(_ place: Int, of grid: BrickGrid) -> (place: Int, count: Int) {
    let x = grid.index(at: place).x
    let most = max(1, rowVoxels / grid.brick.x)
    let first = x / most * most
    return (x - first, min(most, grid.counts.x - first))
  }

  private static func box(from place: Int, count: Int, of grid: BrickGrid) -> Box3 {
    grid.box(at: grid.index(at: place)).union(grid.box(at: grid.index(at: place + count - 1)))
  }

  private static func row(startingAt place: Int, of grid: BrickGrid) -> Box3? {
    let row = placeInRow(place, of: grid)
    return row.place == 0 ? box(from: place, count: row.count, of: grid) : nil
  }

  private static func row(after place: Int, of grid: BrickGrid) -> Box3? {
    let next = place + placeInRow(place, of: grid).count
    return next < grid.count ? row(startingAt: next, of: grid) : nil
  }

  private static func row(endingAt place: Int, of grid: BrickGrid) -> Box3? {
    let row = placeInRow(place, of: grid)
    guard row.place == row.count - 1 else { return nil }
    return box(from: place - row.place, count: row.count, of: grid)
  }

  // MARK: Memory

  /// Blocks for files that hold one plane after the other: read from few places.
  private static let flatBlocks = [
    Index3(z: 8, y: 512, x: 2048), Index3(z: 4, y: 256, x: 2048), Index3(z: 2, y: 128, x: 2048),
  ]

  /// Whether voxels are lent from mapped planes: seen from a voxel in the middle of the first tile.
  private func isFlat() throws -> Bool {
    let home = tiles?.first ?? source.bounds
    let centre = home.origin + home.size.dividedRoundingDown(by: Index3(repeating: 2))
    let probe = Box3(origin: centre, size: .one).intersection(source.bounds)
    // Nothing is decoded for an answer.
    guard !probe.isEmpty, source.decodedBytes(reading: probe) == 0 else { return false }
    var scratch = VoxelBlock()
    var isFlat = false
    let longRow = 512 * source.type.byteCount
    try source.withVoxels(of: probe, scratch: &scratch) { view in
      let (row, plane) = (view.rowStride, view.planeStride)
      isFlat = row >= longRow && (plane == 0 || plane / row >= 256)
    }
    return isFlat
  }

  /// Blocks from the largest to the smallest; bricks of 64 voxels are whole in all but the last two.
  private static let blocks = [
    Index3(z: 64, y: 64, x: 2048), Index3(z: 64, y: 64, x: 512), Index3(z: 64, y: 64, x: 256),
    Index3(z: 64, y: 64, x: 128),
    Index3(z: 64, y: 64, x: 64), Index3(z: 32, y: 32, x: 64), Index3(z: 16, y: 16, x: 64),
  ]

  /// The largest block that leaves all workers their room and the table half of the rest.
  private func plan() throws -> Plan {
    var best: Plan?
    var failure: (any Error)?
    let wanted = min(threads, max(1, source.bounds.count / Self.blocks[4].volume))
    for shape in (try isFlat() ? Self.flatBlocks : []) + Self.blocks {
      let block = shape.minimum(source.size.maximum(.one))
      let bytes = block.volume * source.type.byteCount
      let perWorker =
        BlockStorage.footprint(of: bytes) + source.scratchBytes(reading: block)
        + ObjectCollector.bytesPerThread
      // Two rows of pages that are mapped at once.
      let row = Index3(z: block.z, y: block.y, x: min(source.size.x, max(block.x, Self.rowVoxels)))
      let pages = 2 * row.volume * source.type.byteCount
      do {
        let share = try budget.share(
          wanted: wanted, perWorker: perWorker, shared: ObjectCollector.leastMemory + pages)
        let slab = Box3(size: Index3(z: block.z, y: source.size.y, x: source.size.x))
        let pieces = 2 * source.decodedBytes(reading: slab)
        let cache = min(share.cache / 2, pieces)
        let plan = Plan(
          block: block, workers: share.workers,
          table: ObjectCollector.leastMemory + share.cache - cache, cache: cache)
        // A tenth of the budget for the table: with less it would go to the disk for the sake of larger blocks.
        let leastTable = budget.byteCount / 10
        if plan.workers == wanted && plan.table >= leastTable { return plan }
        if let before = best,
          before.workers > plan.workers
            || before.workers == plan.workers && before.table >= min(leastTable, plan.table)
        {
          continue
        }
        best = plan
      } catch { failure = error }
    }
    if let best { return best }
    throw failure ?? BrickworkError(.outOfBudget, reason: "no block of the volume fits the budget")
  }
}

/// Where tiles lie, and which of them a box touches.
private struct TileBoxes: Sendable {
  private let boxes: [Box3]
  private let index: BoxIndex
  var first: Box3? { boxes.first }

  init(_ boxes: [Box3]) {
    self.boxes = boxes
    index = BoxIndex(boxes)
  }

  func intersecting(_ box: Box3) -> [Box3] { index.indices(intersecting: box).map { boxes[$0] } }
}

/// What a worker keeps: the block it reads.
private final class BlockReader {
  private let volume: any Volume
  private let tiles: TileBoxes?
  private let observer: any BlockObserver
  private var scratch = VoxelBlock()

  init(_ volume: any Volume, tiles: TileBoxes?, observer: any BlockObserver) {
    self.volume = volume
    self.tiles = tiles
    self.observer = observer
  }

  /// Shows the observer every voxel of `box` that a tile covers.
  func read(_ box: Box3) throws {
    guard let tiles else { return try show(box) }
    let near = tiles.intersecting(box)
    // Where many small tiles meet, cutting along all their faces would cost more than fusing them.
    if near.count > 8 { try show(box) } else { try read(box, near) }
  }

  /// Cuts the box along the tiles' faces, until each part is covered by one or more tiles whole.
  private func read(_ box: Box3, _ tiles: [Box3]) throws {
    let parts = tiles.map { $0.intersection(box) }.filter { !$0.isEmpty }
    guard let first = parts.first else { return }
    // What lies beyond all tiles is 0.
    let covered = parts.reduce(first) { $0.union($1) }
    for axis in 0..<3 {
      for face in parts.flatMap({ [$0.origin[axis], $0.end[axis]] })
      where face > covered.origin[axis] && face < covered.end[axis] {
        var (before, after) = (covered, covered)
        before.size[axis] = face - covered.origin[axis]
        after.origin[axis] = face
        after.size[axis] = covered.end[axis] - face
        try read(before, parts)
        return try read(after, parts)
      }
    }
    try show(covered)
  }

  private func show(_ box: Box3) throws {
    try volume.withVoxels(of: box, scratch: &scratch) { try observer.observe($0) }
  }
}
