internal import BrickCore
internal import BrickFiles
internal import Synchronization

/// An open shard, or an open file of a single brick.
final class ShardFile: Sendable {
  let file: MappedFile
  /// Where each brick lies; nil where it is absent.
  let ranges: [Range<Int>?]

  /// Maps the file and checks its index.
  init(_ path: String, _ metadata: ArrayMetadata) throws {
    let file = try MappedFile(path)
    self.file = file
    guard file.count > 0 else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "has no bytes; a missing brick has no file at all",
        remedy: "Delete this file and write the shard again")
    }
    guard let layout = metadata.index else {
      ranges = [0..<file.count]
      return
    }
    let bricks = metadata.bricksPerFile
    let byteCount = layout.byteCount(bricks: bricks)
    let start = layout.isAtStart ? 0 : max(0, file.count - byteCount)
    let index = start..<min(file.count, start + byteCount)
    file.willNeed(index)
    ranges = try ShardIndex.parse(file: file.bytes, bricks: bricks, layout: layout, path: path)
    try file.checkIntact()
    file.doneWith(index)
  }
}

/// The shards of one array that are open: at most 256, and at most 16 MiB of their indexes; those of all
/// arrays together are bounded by `OpenShards`.
///
/// A shard is opened when a brick of it is first needed, by one thread while others wait for it,
/// and its absence is remembered as well: while a shard is kept, a reader sees it as it was.
final class ShardTable: Sendable {
  enum Content {
    case unknown
    case absent
    case open(ShardFile)
  }
  final class Slot: Sendable {
    let content = Mutex(Content.unknown)
    let lastUse = Atomic<Int>(0)
  }

  private let metadata: ArrayMetadata
  private let limit: Int
  private let oneIndexBytes: Int
  private let slots = Mutex<[Int: Slot]>([:])
  private let clock = Atomic<Int>(0)

  init(_ metadata: ArrayMetadata) {
    self.metadata = metadata
    oneIndexBytes = metadata.bricksPerFile * MemoryLayout<Range<Int>?>.stride
    limit = max(4, min(256, (16 << 20) / oneIndexBytes))
  }

  /// The file of the shard at `indices`, or nil if it doesn't exist.
  ///
  /// A file of a single brick is not kept open: opening is cheap beside decoding, and thousands of
  /// arrays would run out of mappings.
  /// - Parameter number: the shard's place among all.
  func shard(_ number: Int, at indices: [Int]) throws -> ShardFile? {
    guard metadata.index != nil else { return try open(indices) }
    let use = clock.wrappingAdd(1, ordering: .relaxed).newValue
    let slot = slots.withLock { slots in
      if let slot = slots[number] { return slot }
      if slots.count >= limit {
        let oldest = slots.min {
          $0.value.lastUse.load(ordering: .relaxed) < $1.value.lastUse.load(ordering: .relaxed)
        }
        if let oldest { slots[oldest.key] = nil }
      }
      let slot = Slot()
      // A new slot must not look older than all others before it is used.
      slot.lastUse.store(use, ordering: .relaxed)
      slots[number] = slot
      return slot
    }
    slot.lastUse.store(use, ordering: .relaxed)
    return try slot.content.withLock { content throws -> ShardFile? in
      switch content {
      case .open(let file): return file
      case .absent: return nil
      case .unknown:
        guard let file = try open(indices) else {
          content = .absent
          return nil
        }
        content = .open(file)
        OpenShards.shared.add(slot, bytes: oneIndexBytes)
        return file
      }
    }
  }

  private func open(_ indices: [Int]) throws -> ShardFile? {
    do {
      return try ShardFile(Files.join(metadata.path, metadata.key(indices)), metadata)
    } catch let error as BrickworkError where error.code == .missingInput {
      return nil
    }
  }
}
