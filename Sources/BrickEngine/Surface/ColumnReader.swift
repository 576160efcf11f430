internal import BrickCore
internal import BrickSurface
internal import Synchronization

/// Reads bands of columns on all workers: for their thresholds, then for where they exceed them.
final class ColumnReader: Sendable {
  let source: any Volume
  let plan: SurfacePlan
  private let meter: ProgressMeter
  private let read = Atomic<Int>(0)

  init(_ source: any Volume, _ plan: SurfacePlan, _ meter: ProgressMeter) {
    self.source = source
    self.plan = plan
    self.meter = meter
  }

  /// Bytes of voxels read so far.
  var bytesRead: Int { read.load(ordering: .relaxed) }

  /// Lends voxels, and counts them.
  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    read.wrappingAdd(box.count * source.type.byteCount, ordering: .relaxed)
    try source.withVoxels(of: box, scratch: &scratch, body)
  }

  // MARK: Thresholds

  private final class Tops: Sendable {
    let tops: Mutex<ColumnTops>
    init(_ box: Box3, type: VoxelType, percentile: Double) {
      tops = Mutex(ColumnTops(box, type: type, percentile: percentile))
    }
  }

  /// The thresholds of all columns of a band.
  func thresholds(_ grid: ColumnGrid, percentile: Double, divisor: Double) async throws
    -> BandThresholds
  {
    let type = source.type
    let blocks = grid.blocks.map { Tops($0, type: type, percentile: percentile) }
    try await OrderedPipeline.run(count: grid.count, workers: plan.workers) {
      Scratch()
    } produce: { [self] worker, number in
      let step = grid.step(number)
      if step.startsRow {
        if step.isFirst { source.willRead(step.row) }
        if let next = grid.step(afterRowOf: number) { source.willRead(next.row) }
      }
      try withVoxels(of: step.box, scratch: &worker.voxels) { view in
        blocks[step.block].tops.withLock { $0.add(view) }
      }
    } commit: { [self] number, _ in
      finish(grid.step(number))
      return nil
    }
    meter.add(items: 1)
    return BandThresholds(grid) { place in
      blocks[place].tops.withLock { $0.thresholds(dividedBy: divisor) }
    }
  }

  // MARK: Planes

  private final class Search: Sendable {
    let search: Mutex<ColumnSearch>
    init(_ box: Box3, type: VoxelType, side: SurfaceSide, thresholds: [Double]) {
      search = Mutex(ColumnSearch(box, type: type, side: side, thresholds: thresholds))
    }
    var isDone: Bool { search.withLock { $0.pending == 0 } }
  }

  /// The plane at which each column of a band first exceeds its threshold, x fastest; −1 where none does.
  func search(_ grid: ColumnGrid, _ thresholds: BandThresholds, from side: SurfaceSide)
    async throws -> BandPlanes
  {
    let type = source.type
    let blocks = grid.blocks.map {
      Search(
        $0, type: type, side: side, thresholds: thresholds.searched($0, of: grid.band))
    }
    let down = side == .top
    try await OrderedPipeline.run(count: grid.count, workers: plan.workers) {
      Scratch()
    } produce: { [self] worker, number -> [ColumnSearch.Hit] in
      let step = grid.step(number, downwards: down)
      if step.startsRow {
        if step.isFirst { source.willRead(step.row) }
        if let next = grid.step(afterRowOf: number, downwards: down),
          next.blocksOfRow.contains(where: { !blocks[$0].isDone })
        {
          source.willRead(next.row)
        }
      }
      let isDone = blocks[step.block].search.withLock { search in
        if search.pending > 0 { search.copyLimits(into: &worker.limits) }
        return search.pending == 0
      }
      guard !isDone else { return [] }
      var hits: [ColumnSearch.Hit] = []
      try withVoxels(of: step.box, scratch: &worker.voxels) { view in
        hits = ColumnSearch.hits(in: view, from: side, limits: &worker.limits)
      }
      return hits
    } commit: { [self] number, hits in
      let step = grid.step(number, downwards: down)
      if !hits.isEmpty { blocks[step.block].search.withLock { $0.note(hits) } }
      finish(step)
      return nil
    }
    meter.add(items: 1)
    return BandPlanes(grid) { place in blocks[place].search.withLock { $0.planes } }
  }

  private func finish(_ step: ColumnGrid.Step) {
    if step.endsRow { source.didRead(step.row) }
    meter.add(voxels: step.box.count, voxelBytes: step.box.count * source.type.byteCount)
  }

  /// What a worker keeps between its steps.
  private final class Scratch: @unchecked Sendable {
    // @unchecked: one worker uses it.
    var voxels = VoxelBlock()
    var limits = VoxelBlock()
  }
}

/// The planes of a band's columns, row by row.
struct BandPlanes: Sendable {
  let rows: Range<Int>
  let width: Int
  /// x fastest; −1 where there is none.
  let planes: [Int32]

  init(rows: Range<Int>, width: Int, planes: [Int32]) {
    self.rows = rows
    self.width = width
    self.planes = planes
  }

  /// Planes put together from those of blocks.
  init(_ grid: ColumnGrid, _ blocks: (_ place: Int) -> [Int32]) {
    var planes = [Int32](repeating: -1, count: grid.band.size.y * grid.band.size.x)
    for (place, box) in grid.blocks.enumerated() {
      let found = blocks(place)
      for y in 0..<box.size.y {
        let start = (box.origin.y - grid.band.origin.y + y) * grid.band.size.x + box.origin.x
        for x in 0..<box.size.x { planes[start + x] = found[y * box.size.x + x] }
      }
    }
    self.init(
      rows: grid.band.origin.y..<grid.band.end.y, width: grid.band.size.x, planes: planes)
  }

  /// The planes of one row.
  func row(_ y: Int) -> ArraySlice<Int32> {
    planes[(y - rows.lowerBound) * width..<(y - rows.lowerBound + 1) * width]
  }
}
