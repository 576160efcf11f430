/// A number to sort by, and what goes with it.
struct SortEntry: BitwiseCopyable, Sendable {
  var key: UInt64
  var value: UInt64
}

/// Sorts by keys in linear time; entries of equal keys keep their order.
///
/// Digits of eleven bits from the lowest on; a digit that is the same for all is skipped, so labels below two million
/// cost two passes. Few entries are sorted by comparison.
func sortStably(_ entries: inout [SortEntry]) {
  let count = entries.count
  guard count > 256 else {
    // Swift's sort is stable in fact but not by contract: the place decides between equals.
    let places = entries.indices.sorted {
      (entries[$0].key, $0) < (entries[$1].key, $1)
    }
    entries = places.map { entries[$0] }
    return
  }
  var (all, any): (UInt64, UInt64) = (.max, 0)
  for entry in entries {
    all &= entry.key
    any |= entry.key
  }
  var other = [SortEntry](repeating: SortEntry(key: 0, value: 0), count: count)
  var starts = [Int](repeating: 0, count: 2048)
  for shift in stride(from: UInt64(0), to: 64, by: 11) where (all ^ any) >> shift & 2047 != 0 {
    pass(entries, into: &other, shift, &starts)
    swap(&entries, &other)
  }
}

private func pass(
  _ entries: [SortEntry], into other: inout [SortEntry], _ shift: UInt64, _ starts: inout [Int]
) {
  for digit in starts.indices { starts[digit] = 0 }
  for entry in entries { starts[Int(entry.key >> shift & 2047)] += 1 }
  var sum = 0
  for digit in starts.indices {
    let here = starts[digit]
    starts[digit] = sum
    sum += here
  }
  for entry in entries {
    let digit = Int(entry.key >> shift & 2047)
    other[starts[digit]] = entry
    starts[digit] += 1
  }
}
