internal import BrickCore

/// Records by label, in pages, so that growing copies none of them.
struct ObjectMap: Sendable {
  private static let pageCount = 1 << 12
  /// Bytes a record takes at most with its slots, and with what sorting it takes.
  static let bytesPerRecord = MemoryLayout<ObjectRecord>.stride + 16 + 2 * MemoryLayout<Key>.stride

  /// The most labels.
  let limit: Int
  private(set) var count = 0
  private var pages: [[ObjectRecord]] = []
  /// Places of records counted from 1, 0 where none is.
  private var slots = [UInt32](repeating: 0, count: 1 << 10)

  init(limit: Int) {
    precondition(limit > 0 && limit < UInt32.max)
    self.limit = limit
  }

  subscript(_ index: Int) -> ObjectRecord { pages[index / Self.pageCount][index % Self.pageCount] }

  /// Adds a record to that of its label; false if there is none and no room for one.
  mutating func add(_ record: ObjectRecord) -> Bool {
    let mask = slots.count - 1
    var slot = slot(of: record.label)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      let (page, place) = (index / Self.pageCount, index % Self.pageCount)
      if pages[page][place].label == record.label {
        pages[page][place].add(record)
        return true
      }
      slot = (slot + 1) & mask
    }
    guard count < limit else { return false }
    if 4 * (count + 1) > 3 * slots.count {
      grow()
      slot = freeSlot(for: record.label)
    }
    slots[slot] = UInt32(count + 1)
    let page = count / Self.pageCount
    // Pages that were emptied are filled again.
    if page == pages.count {
      var fresh: [ObjectRecord] = []
      fresh.reserveCapacity(min(Self.pageCount, limit))
      pages.append(fresh)
    }
    pages[page].append(record)
    count += 1
    return true
  }

  private func slot(of label: UInt64) -> Int {
    let hash = label &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash &>> UInt64(64 - slots.count.trailingZeroBitCount))
  }

  private func freeSlot(for label: UInt64) -> Int {
    var slot = slot(of: label)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: 2 * slots.count)
    for index in 0..<count { slots[freeSlot(for: self[index].label)] = UInt32(index + 1) }
  }

  /// Forgets all records and keeps the memory.
  mutating func removeAll() {
    for page in pages.indices { pages[page].removeAll(keepingCapacity: true) }
    var all = slots.mutableSpan
    all.update(repeating: 0)
    count = 0
  }

  // MARK: Order

  struct Key: BitwiseCopyable {
    var label: UInt64
    var index: UInt32
  }

  /// The places of all records by label, ascending: sorted digit by digit, in linear time.
  func order() -> [UInt32] {
    var keys: [Key] = []
    keys.reserveCapacity(count)
    var varying: UInt64 = 0
    let first = count > 0 ? self[0].label : 0
    for index in 0..<count {
      let label = self[index].label
      varying |= label ^ first
      keys.append(Key(label: label, index: UInt32(index)))
    }
    var other = keys
    for shift in stride(from: UInt64(0), to: 64, by: 8) where varying >> shift & 0xFF != 0 {
      var starts = [Int](repeating: 0, count: 257)
      for key in keys { starts[Int(key.label >> shift & 0xFF) + 1] += 1 }
      for digit in 0..<256 { starts[digit + 1] += starts[digit] }
      for key in keys {
        let digit = Int(key.label >> shift & 0xFF)
        other[starts[digit]] = key
        starts[digit] += 1
      }
      swap(&keys, &other)
    }
    return keys.map(\.index)
  }
}
