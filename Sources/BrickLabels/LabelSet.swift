/// The labels of one tile, ascending, background left out.
///
/// Neighbouring labels are kept as one range, so that 1…n takes a few bytes; lone ones take 12 bytes each.
public struct LabelSet: Sendable, Hashable {
  /// The first label of each range.
  private var starts: [UInt64] = []
  /// How many labels lie before each range.
  private var ranks: [UInt32] = []
  /// The number of labels.
  public private(set) var count = 0
  /// Whether the tile has background, which is no member.
  public var hasBackground = false
  private var last: UInt64 = 0

  /// The set of labels given in any order, each as often as it may be; 0 says that there is background.
  public init(_ labels: some Sequence<UInt64>) {
    self.init(sorted: labels.sorted())
  }

  /// The set of ascending labels, equals allowed.
  init(sorted labels: [UInt64]) {
    for label in labels { append(label) }
  }

  /// Appends a label that is not smaller than any member.
  mutating func append(_ label: UInt64) {
    if label == 0 {
      hasBackground = true
      return
    }
    if count > 0 && label == last { return }
    precondition(count == 0 || label > last, "Labels come in ascending order")
    // More labels than this would need a tile of more voxels than any machine counts in a day.
    precondition(count < Int(UInt32.max), "A tile has fewer than 2³² labels")
    if count == 0 || label != last + 1 {
      starts.append(label)
      ranks.append(UInt32(count))
    }
    count += 1
    last = label
  }

  /// The largest label; 0 without any.
  public var largest: UInt64 { last }
  /// Bytes the set takes.
  package var byteCount: Int { starts.count * 12 }

  /// How many smaller labels there are; nil if `label` is no member.
  public func place(of label: UInt64) -> Int? {
    guard let first = starts.first, label >= first, label <= last else { return nil }
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= label { low = middle } else { high = middle }
    }
    let place = Int(ranks[low]) + Int(label - starts[low])
    let end = low + 1 < ranks.count ? Int(ranks[low + 1]) : count
    return place < end ? place : nil
  }

  /// The label that has `place` smaller ones.
  public subscript(place: Int) -> UInt64 {
    precondition(place >= 0 && place < count, "There are \(count) labels, none at \(place)")
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(ranks[middle]) <= place { low = middle } else { high = middle }
    }
    return starts[low] + UInt64(place - Int(ranks[low]))
  }

  /// Calls `body` with each label, ascending.
  public func forEach(_ body: (UInt64) throws -> Void) rethrows {
    for range in starts.indices {
      let end = range + 1 < ranks.count ? Int(ranks[range + 1]) : count
      for step in 0..<UInt64(end - Int(ranks[range])) { try body(starts[range] + step) }
    }
  }

  /// All labels, ascending.
  public var labels: [UInt64] {
    var all: [UInt64] = []
    all.reserveCapacity(count)
    forEach { all.append($0) }
    return all
  }
}
