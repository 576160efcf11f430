internal import Synchronization

/// How far a job is.
public struct ProgressReport: Sendable, Hashable {
  /// What is being done: "stitching", "coarser levels", "exporting".
  public var phase: String
  /// Voxels of the output that are done.
  public var doneVoxels: Int
  /// Voxels of the output in all.
  public var totalVoxels: Int
  /// Bytes of voxels done, before compression.
  public var voxelBytes: Int
  /// Bytes written to files.
  public var bytesWritten: Int
  /// Seconds since the job began.
  public var seconds: Double
  /// Work items done: whole shards of all levels of a pass, or the chunks of an export.
  public var finishedItems: Int
  /// Work items in all, without those that earlier runs had finished.
  public var totalItems: Int
}

/// Hears how far a job is, at most some ten times a second, from any thread.
public protocol ProgressListener: Sendable {
  /// Takes a report.
  func update(_ report: ProgressReport)
}

/// Counts what a job has done and tells the listener now and then.
final class ProgressMeter: Sendable {
  private struct State {
    var report: ProgressReport
    var lastTold = ContinuousClock.now
  }
  private let state: Mutex<State>
  private let start = ContinuousClock.now
  private let listener: (any ProgressListener)?

  init(phase: String, totalVoxels: Int, totalItems: Int, listener: (any ProgressListener)?) {
    state = Mutex(
      State(
        report: ProgressReport(
          phase: phase, doneVoxels: 0, totalVoxels: totalVoxels, voxelBytes: 0, bytesWritten: 0,
          seconds: 0, finishedItems: 0, totalItems: totalItems)))
    self.listener = listener
  }

  func add(voxels: Int = 0, voxelBytes: Int = 0, written: Int = 0, items: Int = 0) {
    let now = ContinuousClock.now
    let due: ProgressReport? = state.withLock { state in
      state.report.doneVoxels += voxels
      state.report.voxelBytes += voxelBytes
      state.report.bytesWritten += written
      state.report.finishedItems += items
      guard now - state.lastTold > .milliseconds(100) else { return nil }
      state.lastTold = now
      state.report.seconds = (now - start).inSeconds
      return state.report
    }
    if let due { listener?.update(due) }
  }

  func setPhase(_ phase: String) { state.withLock { $0.report.phase = phase } }

  /// The last word: also told to the listener.
  @discardableResult
  func finish() -> ProgressReport {
    let report = state.withLock { state in
      state.report.seconds = (ContinuousClock.now - start).inSeconds
      return state.report
    }
    listener?.update(report)
    return report
  }
}

extension Duration {
  /// The duration as a number of seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
