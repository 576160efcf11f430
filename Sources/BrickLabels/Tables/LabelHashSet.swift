/// A set of labels other than 0, by open addressing.
struct LabelHashSet: Sendable {
  /// 0 where nothing is: background is never a member.
  private var slots = [UInt64](repeating: 0, count: LabelHashSet.smallest)
  private(set) var count = 0
  private static let smallest = 64

  /// Bytes the set takes.
  var byteCount: Int { slots.count * 8 }

  @inline(__always)
  mutating func insert(_ label: UInt64) {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: spread(label)) & mask
    while true {
      let there = slots[place]
      if there == label { return }
      if there == 0 { break }
      place = (place + 1) & mask
    }
    slots[place] = label
    count += 1
    if count * 4 > slots.count * 3 { grow() }
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    count = 0
    for label in old where label != 0 { insert(label) }
  }

  /// Hands out the members, unsorted, and keeps nothing but room for as many again.
  mutating func take() -> [UInt64] {
    guard count > 0 else { return [] }
    let members = slots.filter { $0 != 0 }
    if slots.count > max(Self.smallest, 8 * count) {
      slots = [UInt64](repeating: 0, count: Self.smallest)
    } else {
      for place in slots.indices { slots[place] = 0 }
    }
    count = 0
    return members
  }
}
