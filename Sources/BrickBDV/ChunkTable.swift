internal import BrickCore
internal import Synchronization

/// What is known of each chunk of a file in the making: a byte per chunk.
final class ChunkTable: Sendable {
  enum Content: UInt8, Sendable {
    case unknown, stored, empty
  }

  private struct State {
    /// Dataset by dataset; empty while nothing of a dataset is known.
    var contents: [[UInt8]]
    var known = 0
  }

  /// Chunks of each dataset.
  private let counts: [Int]
  /// Chunks of the file.
  let total: Int
  private let state: Mutex<State>

  init(counts: [Int]) {
    self.counts = counts
    total = counts.reduce(0, +)
    state = Mutex(State(contents: Array(repeating: [], count: counts.count)))
  }

  /// Chunks of which it is known whether they are stored or empty.
  var known: Int { state.withLock { $0.known } }

  func content(_ dataset: Int, _ chunk: Int) -> Content {
    state.withLock { state in
      guard chunk < state.contents[dataset].count else { return .unknown }
      return Content(rawValue: state.contents[dataset][chunk]) ?? .unknown
    }
  }

  func set(_ dataset: Int, _ chunk: Int, _ content: Content) {
    state.withLock { state in
      if state.contents[dataset].isEmpty {
        state.contents[dataset] = Array(repeating: 0, count: counts[dataset])
      }
      if state.contents[dataset][chunk] == Content.unknown.rawValue { state.known += 1 }
      state.contents[dataset][chunk] = content.rawValue
    }
  }

  /// Whether a record can be about a chunk of this file.
  func contains(_ dataset: Int, _ chunk: Int) -> Bool {
    counts.indices.contains(dataset) && chunk >= 0 && chunk < counts[dataset]
  }
}
