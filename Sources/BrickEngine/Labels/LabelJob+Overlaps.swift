internal import BrickCore
internal import BrickLabels
internal import Synchronization

extension LabelJob {
  /// - Parameter held: bytes of earlier results that stay; those of this one are added.
  func overlaps(held: inout Int) async throws -> [TileOverlap] {
    let tiles = tiles
    let pairs = TilePair.pairs(of: tiles.map(\.box))
    let reads = pairs.flatMap { [(tiles[$0.first], $0.box), (tiles[$0.second], $0.box)] }
    let plan = try LabelPlan(
      reading: reads, tilesAtOnce: 2, budget: budget, threads: threads, most: pieceVoxels,
      held: held
    ) { voxels in
      // The counter, and counts on their way to the commit.
      OverlapCounter.byteCount(voxels: voxels) + 4 * 24 * voxels
    }
    cache?.capacity = plan.cache
    let work = LabelPieces(pairs.map(\.box), most: plan.pieceVoxels, planes: plan.planes)
    let sum = TileOverlapSum(
      count: pairs.count, LabelLedger(limit: plan.results, budget: budget))
    let meter = ProgressMeter(
      phase: "comparing overlaps", totalVoxels: work.voxels, totalItems: work.steps.count,
      listener: listener)
    try await OrderedPipeline.run(count: work.steps.count, workers: plan.workers) {
      OverlapReader()
    } produce: { worker, step in
      let counted = try work.steps[step].map { place in
        let piece = work.pieces[place]
        let pair = pairs[piece.item]
        let part = try worker.count(piece.box, of: (tiles[pair.first], tiles[pair.second]))
        return piece.isWhole ? Counted.whole(TileOverlap(pair, part)) : .part(part)
      }
      meter.add(
        voxels: work.steps[step].reduce(0) { $0 + work.pieces[$1].box.count }, items: 1)
      return counted
    } commit: { step, counted in
      for (place, one) in zip(work.steps[step], counted) {
        let piece = work.pieces[place]
        switch one {
        case .whole(let overlap): try sum.set(overlap, at: piece.item)
        case .part(let part):
          if let whole = try sum.add(part, isLast: piece.isLast) {
            // Sorting millions of counts is left to this worker, while others go on.
            return { try sum.set(TileOverlap(pairs[piece.item], whole.sorted()), at: piece.item) }
          }
        }
      }
      return nil
    }
    meter.finish()
    let (overlaps, bytes) = sum.take()
    held += bytes
    return overlaps
  }

  private enum Counted: Sendable {
    case whole(TileOverlap)
    case part(OverlapPart)
  }
}

/// Counts the shared voxels of one piece at a time, for one worker.
private final class OverlapReader: @unchecked Sendable {
  // @unchecked: one worker uses it.
  private var counter = OverlapCounter()
  private var firstScratch = VoxelBlock()
  private var secondScratch = VoxelBlock()

  func count(_ box: Box3, of tiles: (first: LabelTile, second: LabelTile)) throws -> OverlapPart {
    let first = box.translated(by: .zero - tiles.first.box.origin)
    let second = box.translated(by: .zero - tiles.second.box.origin)
    tiles.first.volume.willRead(first)
    tiles.second.volume.willRead(second)
    try tiles.first.volume.withVoxels(of: first, scratch: &firstScratch) { a in
      try tiles.second.volume.withVoxels(of: second, scratch: &secondScratch) { b in
        try counter.add(a, b, of: tiles)
      }
    }
    tiles.first.volume.didRead(first)
    tiles.second.volume.didRead(second)
    return counter.take()
  }
}

/// Puts the counts of pieces together into those of tile pairs.
private final class TileOverlapSum: Sendable {
  private struct State {
    var overlaps: [TileOverlap?]
    /// The counts of the pair whose pieces are coming in.
    var sum = OverlapSum()
    var ledger: LabelLedger
  }
  private let state: Mutex<State>

  init(count: Int, _ ledger: LabelLedger) {
    state = Mutex(State(overlaps: Array(repeating: nil, count: count), ledger: ledger))
  }

  func set(_ overlap: TileOverlap, at place: Int) throws {
    try state.withLock { state in
      state.overlaps[place] = overlap
      try state.ledger.add(overlap.byteCount)
    }
  }

  /// Adds a part; the sum of all when it was the last.
  func add(_ part: OverlapPart, isLast: Bool) throws -> OverlapSum? {
    try state.withLock { state in
      state.sum.add(part)
      // The sum and the sorted lists that are made of it are held at the same time.
      try state.ledger.add(0, passing: 3 * state.sum.byteCount)
      guard isLast else { return nil }
      defer { state.sum = OverlapSum() }
      return state.sum
    }
  }

  func take() -> ([TileOverlap], Int) {
    state.withLock { ($0.overlaps.compactMap { $0 }, $0.ledger.byteCount) }
  }
}
