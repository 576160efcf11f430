internal import BrickCore
internal import BrickZarr
internal import Synchronization

/// Turns the reports on single tiles into reports on all of them.
final class ImportProgress: Sendable {
  private struct State {
    var report: ProgressReport
    var current = -1
    /// What the tiles before the current one came to.
    var before: ProgressReport
  }

  private let state: Mutex<State>
  private let listener: any ProgressListener
  /// Voxels and work items of each tile.
  private let voxels: [Int]
  private let items: [Int]
  private let start = ContinuousClock.now

  init(_ listener: any ProgressListener, plans: [StorePlan]) {
    self.listener = listener
    voxels = plans.map { $0.leading.count * $0.levels[0].array.size.volume }
    items = plans.map(\.itemCount)
    let nothing = ProgressReport(
      phase: "importing", doneVoxels: 0, totalVoxels: voxels.reduce(0, +), voxelBytes: 0,
      bytesWritten: 0, seconds: 0, finishedItems: 0, totalItems: items.reduce(0, +))
    state = Mutex(State(report: nothing, before: nothing))
  }

  func listener(of tile: Int) -> any ProgressListener { TileListener(tile: tile, whole: self) }

  private struct TileListener: ProgressListener {
    let tile: Int
    let whole: ImportProgress
    func update(_ report: ProgressReport) { whole.update(report, tile: tile) }
  }

  private func update(_ report: ProgressReport, tile: Int) {
    let sum = state.withLock { state in
      if tile != state.current {
        state.before = state.report
        // Tiles that were there before count as done.
        state.before.doneVoxels = voxels.prefix(tile).reduce(0, +)
        state.before.finishedItems = items.prefix(tile).reduce(0, +)
        state.current = tile
      }
      let before = state.before
      // What earlier runs did of this tile is done as well.
      let done = voxels[tile] - report.totalVoxels + report.doneVoxels
      state.report.phase = "tile \(tile + 1) of \(voxels.count)"
      state.report.doneVoxels = before.doneVoxels + max(0, min(voxels[tile], done))
      state.report.voxelBytes = before.voxelBytes + report.voxelBytes
      state.report.bytesWritten = before.bytesWritten + report.bytesWritten
      state.report.finishedItems =
        before.finishedItems + items[tile] - report.totalItems + report.finishedItems
      state.report.seconds = (ContinuousClock.now - start).inSeconds
      return state.report
    }
    listener.update(sum)
  }
}
