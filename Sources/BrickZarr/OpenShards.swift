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

    mutating func append(_ slot: ShardTable.Slot, _ bytes: Int) {
      entries.append(Entry(slot: slot, bytes: bytes))
      self.bytes += bytes
    }

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
    var surplus: [(ShardTable.Slot, bytes: Int)] = []
    state.withLock { state in
      state.append(slot, bytes)
      while state.entries.count - state.first > 1,
        state.entries.count - state.first > mostFiles || state.bytes > mostBytes
      {
        let entry = state.takeFirst()
        if let slot = entry.slot { surplus.append((slot, entry.bytes)) }
      }
    }
    for (slot, bytes) in surplus {
      // Somebody is looking at it just now: its turn comes again. The caller's own is never among these.
      let closed: Void? = slot.content.withLockIfAvailable { $0 = .unknown }
      if closed == nil { state.withLock { $0.append(slot, bytes) } }
    }
  }
}
