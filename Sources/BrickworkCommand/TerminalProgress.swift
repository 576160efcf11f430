import Brickwork
import Synchronization

/// Shows how far a job is on standard error.
final class TerminalProgress: ProgressListener {
  private enum Style: Sendable {
    /// One line, written over.
    case line
    /// A line every few seconds.
    case plain
    /// One JSON object per line, at most one a second.
    case json
  }

  private struct State {
    var lastShown: Double?
    var hasEnded = false
    var width = 0
  }

  private let style: Style
  private let state = Mutex(State())

  /// A listener for this option; nil where nothing is to be shown.
  init?(_ option: ProgressOption, quiet: Bool) {
    if quiet && option != .json { return nil }
    switch option {
    case .none: return nil
    case .json: style = .json
    case .plain: style = .plain
    case .auto: style = Terminal.isInteractive(.error) ? .line : .plain
    }
  }

  func update(_ report: ProgressReport) {
    let isLast = report.finishedItems >= report.totalItems
    let interval: Double =
      switch style {
      case .line: 0.1
      case .plain: 5
      case .json: 1
      }
    state.withLock { state in
      let isDue = report.seconds - (state.lastShown ?? 0) >= interval
      // The end is reported by the last piece of work and once more when the metadata are written.
      guard isLast ? !state.hasEnded || style == .line : isDue else { return }
      state.lastShown = report.seconds
      state.hasEnded = isLast
      switch style {
      case .json: Terminal.write(Self.json(report) + "\n", to: .error)
      case .plain: Terminal.write("brickwork: \(Self.sentence(report))\n", to: .error)
      case .line:
        let text = String(Self.sentence(report).prefix(max(20, Terminal.columns(.error) - 1)))
        let padding = String(repeating: " ", count: max(0, state.width - text.count))
        Terminal.write("\r\(text)\(padding)", to: .error)
        state.width = text.count
      }
    }
  }

  /// Leaves the written-over line, so that what follows starts on its own.
  func finish() {
    let hasLine = state.withLock { state in
      defer { state.width = 0 }
      return state.width > 0
    }
    if style == .line && hasLine { Terminal.write("\n", to: .error) }
  }

  static func sentence(_ report: ProgressReport) -> String {
    let share = Double(report.doneVoxels) / Double(max(1, report.totalVoxels))
    var words = "\(report.phase) \(Text.fixed(share * 100, 1)) %"
    if report.seconds > 0 {
      words += ", \(Text.fixed(Double(report.voxelBytes) / report.seconds / 1e6, 0)) MB/s"
    }
    if share > 0.005 && share < 1 && report.seconds > 1 {
      words += ", \(Text.duration(report.seconds / share * (1 - share))) left"
    }
    return words + ", \(Text.bytes(report.bytesWritten)) written"
  }

  static func json(_ report: ProgressReport) -> String {
    let object: JSON = [
      "phase": .string(report.phase), "done_voxels": JSON(report.doneVoxels),
      "total_voxels": JSON(report.totalVoxels), "voxel_bytes": JSON(report.voxelBytes),
      "bytes_written": JSON(report.bytesWritten), "seconds": .number(report.seconds),
      "finished_shards": JSON(report.finishedItems), "total_shards": JSON(report.totalItems),
    ]
    return object.text(pretty: false)
  }
}
