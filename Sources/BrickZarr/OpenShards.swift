internal import Synchronization

/// Keeps the open shards of all arrays together within bounds, however many arrays there are.
///
/// A process may map some 65 000 files, and thousands of tiles with a few dozen shards each would pass that.
/// Beyond the bounds the shard that was opened first is closed; who needs it again opens it again.
final class OpenShards: Sendable {
  static let shared = OpenShards(mostFiles: 4096, mostBytes: 64 << 20)

  private struct Entry {
    weak var slot: ShardTable.Slot?
    let bytes: Int
  }

  private struct State {
    var entries: [Entry] = []
    /// Entries before this one are gone.
    var first = 0
    var bytes = 0

    mutating func takeFirst() -> Entry {
      let entry = entries[first]
      first += 1
      bytes -= entry.bytes
      // Half of the array is gone: moving the rest is cheap for each of them.
      if first * 2 > entries.count {
        entries.removeFirst(first)
        first = 0
      }
      return entry
    }
  }

  private let mostFiles: Int
  private let mostBytes: Int
  private let state = Mutex(State())

  init(mostFiles: Int, mostBytes: Int) {
    self.mostFiles = mostFiles
    self.mostBytes = mostBytes
  }

  /// Counts a shard that was just opened, and closes those that are too many.
  ///
  /// - Parameter bytes: of its index.
  func add(_ slot: ShardTable.Slot, bytes: Int) {
    var surplus: [ShardTable.Slot] = []
    state.withLock { state in
      state.entries.append(Entry(slot: slot, bytes: bytes))
      state.bytes += bytes
      while state.entries.count - state.first > 1,
        state.entries.count - state.first > mostFiles || state.bytes > mostBytes
      {
        if let slot = state.takeFirst().slot { surplus.append(slot) }
      }
    }
    // One that is being opened again just now may stay: it is counted anew.
    for slot in surplus { slot.content.withLockIfAvailable { $0 = .unknown } }
  }
}
