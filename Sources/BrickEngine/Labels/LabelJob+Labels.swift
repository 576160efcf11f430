internal import BrickCore
internal import BrickLabels
internal import Synchronization

extension LabelJob {
  /// - Parameter held: bytes of earlier results that stay; those of this one are added.
  func labels(held: inout Int) async throws -> [LabelSet] {
    let tiles = tiles
    let plan = try LabelPlan(
      reading: tiles.map { ($0, $0.box) }, tilesAtOnce: 1, budget: budget, threads: threads,
      most: pieceVoxels, held: held
    ) { voxels in
      // The bitmap, and lists of labels on their way to the commit.
      LabelCollector.byteCount(voxels: voxels) + 5 * 8 * voxels
    }
    cache?.capacity = plan.cache
    let work = LabelPieces(
      tiles.map(\.box), most: plan.pieceVoxels, planes: plan.planes)
    let sum = LabelSetSum(count: tiles.count, LabelLedger(limit: plan.results, budget: budget))
    let meter = ProgressMeter(
      phase: "finding labels", totalVoxels: work.voxels, totalItems: work.steps.count,
      listener: listener)
    try await OrderedPipeline.run(count: work.steps.count, workers: plan.workers) {
      LabelScanner()
    } produce: { worker, step in
      let found = try work.steps[step].map { place in
        let piece = work.pieces[place]
        return try worker.labels(piece.box, of: tiles[piece.item])
      }
      meter.add(
        voxels: work.steps[step].reduce(0) { $0 + work.pieces[$1].box.count }, items: 1)
      return found
    } commit: { step, found in
      for (place, labels) in zip(work.steps[step], found) {
        try sum.add(labels, work.pieces[place])
      }
      return nil
    }
    meter.finish()
    let (sets, bytes) = sum.take()
    held += bytes
    return sets
  }
}

/// Finds the labels of one piece at a time, for one worker.
private final class LabelScanner: @unchecked Sendable {
  // @unchecked: one worker uses it.
  private var collector = LabelCollector()
  private var scratch = VoxelBlock()

  func labels(_ box: Box3, of tile: LabelTile) throws -> [UInt64] {
    let local = box.translated(by: .zero - tile.box.origin)
    tile.volume.willRead(local)
    try tile.volume.withVoxels(of: local, scratch: &scratch) { try collector.add($0, of: tile) }
    tile.volume.didRead(local)
    return collector.take()
  }
}

/// Puts the labels of pieces together into those of tiles.
private final class LabelSetSum: Sendable {
  private struct State {
    var sets: [LabelSet]
    /// The labels of the tile whose pieces are coming in.
    var collector = LabelCollector()
    var ledger: LabelLedger
  }
  private let state: Mutex<State>

  init(count: Int, _ ledger: LabelLedger) {
    state = Mutex(State(sets: Array(repeating: LabelSet([]), count: count), ledger: ledger))
  }

  func add(_ labels: [UInt64], _ piece: LabelPiece) throws {
    try state.withLock { state in
      let all: [UInt64]
      if piece.isWhole {
        all = labels
      } else {
        state.collector.insert(labels)
        guard piece.isLast else {
          return try state.ledger.add(0, passing: state.collector.byteCount)
        }
        all = state.collector.take()
      }
      state.sets[piece.item] = LabelSet(all)
      try state.ledger.add(state.sets[piece.item].byteCount, passing: all.count * 8)
    }
  }

  func take() -> ([LabelSet], Int) { state.withLock { ($0.sets, $0.ledger.byteCount) } }
}
