/// Counts of voxels by pairs of labels, by open addressing.
///
/// Pairs of labels below 2³² are packed into one number, 16 bytes an entry; others go to a table of their own with
/// 24 bytes an entry. The pair of two backgrounds is never counted. Slots are at most three quarters full.
struct PairTable: Sendable {
  private var packed = [SortEntry](
    repeating: SortEntry(key: 0, value: 0), count: PairTable.smallest)
  private var packedCount = 0
  private var wide: [LabelOverlap] = []
  private var wideCount = 0
  private static let smallest = 256
  private static let nothing = LabelOverlap(LabelPair(0, 0), voxels: 0)

  /// The number of different pairs.
  var count: Int { packedCount + wideCount }
  /// Bytes of both tables.
  var byteCount: Int { packed.count * 16 + wide.count * 24 }
  /// Bytes a table of `pairs` entries takes at most, while it grows.
  static func byteCount(pairs: Int) -> Int {
    // As wide entries, in the larger table and the one half as large that it comes from.
    var slots = smallest
    while slots * 3 < pairs * 4 { slots *= 2 }
    return slots * 24 * 3 / 2
  }

  /// Adds to the count of a pair, of which one at least is no background.
  @inline(__always)
  mutating func add(_ first: UInt64, _ second: UInt64, voxels: Int) {
    if (first | second) >> 32 == 0 {
      addPacked(first << 32 | second, UInt64(voxels))
    } else {
      addWide(LabelPair(first, second), voxels)
    }
  }

  @inline(__always)
  private mutating func addPacked(_ key: UInt64, _ voxels: UInt64) {
    let mask = packed.count - 1
    var place = Int(truncatingIfNeeded: spread(key)) & mask
    while true {
      let there = packed[place].key
      if there == key {
        packed[place].value &+= voxels
        return
      }
      if there == 0 { break }
      place = (place + 1) & mask
    }
    packed[place] = SortEntry(key: key, value: voxels)
    packedCount += 1
    if packedCount * 4 > packed.count * 3 { growPacked() }
  }

  private mutating func growPacked() {
    let old = packed
    packed = [SortEntry](repeating: SortEntry(key: 0, value: 0), count: old.count * 2)
    packedCount = 0
    for entry in old where entry.key != 0 { addPacked(entry.key, entry.value) }
  }

  private mutating func addWide(_ pair: LabelPair, _ voxels: Int) {
    if wide.isEmpty { wide = [LabelOverlap](repeating: Self.nothing, count: Self.smallest) }
    let mask = wide.count - 1
    var place = Int(truncatingIfNeeded: spread(pair.first ^ spread(pair.second))) & mask
    while wide[place].voxels != 0 {
      if wide[place].labels == pair {
        wide[place].voxels += voxels
        return
      }
      place = (place + 1) & mask
    }
    wide[place] = LabelOverlap(pair, voxels: voxels)
    wideCount += 1
    if wideCount * 4 > wide.count * 3 {
      let old = wide
      wide = [LabelOverlap](repeating: Self.nothing, count: old.count * 2)
      wideCount = 0
      for entry in old where entry.voxels != 0 { addWide(entry.labels, entry.voxels) }
    }
  }

  /// Hands out the counts, sorted by the first label, then the second, and empties the table.
  mutating func takeSorted() -> [LabelOverlap] {
    var entries = packed.filter { $0.key != 0 }
    sortStably(&entries)
    var result: [LabelOverlap] = []
    result.reserveCapacity(count)
    func overlap(_ entry: SortEntry) -> LabelOverlap {
      LabelOverlap(
        LabelPair(entry.key >> 32, entry.key & 0xFFFF_FFFF), voxels: Int(entry.value))
    }
    if wideCount == 0 {
      for entry in entries { result.append(overlap(entry)) }
    } else {
      let far = wide.filter { $0.voxels != 0 }.sorted { $0.labels < $1.labels }
      var next = 0
      for entry in entries {
        let near = overlap(entry)
        while next < far.count && far[next].labels < near.labels {
          result.append(far[next])
          next += 1
        }
        result.append(near)
      }
      result += far[next...]
    }
    clear()
    return result
  }

  /// Forgets the counts; keeps the memory unless it is far more than was used.
  private mutating func clear() {
    if packed.count > max(Self.smallest, 8 * packedCount) {
      packed = [SortEntry](repeating: SortEntry(key: 0, value: 0), count: Self.smallest)
    } else {
      for place in packed.indices { packed[place] = SortEntry(key: 0, value: 0) }
    }
    packedCount = 0
    wide = []
    wideCount = 0
  }
}
