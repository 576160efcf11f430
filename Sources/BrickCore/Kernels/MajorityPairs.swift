// The majority of 2×2×2 and 1×2×2 voxels. Thirty-two blocks are voted on together: their voxels are laid
// out as eight (or four) rows, so that each step is one loop over lanes that is vectorised. There is no
// branch on a label: noise costs as much as blobs.

/// Where the voxels of blocks and their votes lie while they are counted.
enum Lanes {
  /// Blocks that are voted on together; where all their voxels are one label, nobody counts.
  static var width: Int { 32 }
  /// Eight rows of voxels come first, then eight of votes.
  static var votes: Int { 8 * width }
  /// A row for the most votes of each block.
  static var top: Int { 16 * width }
  /// A row for the labels that win.
  static var winners: Int { 17 * width }
  static var count: Int { 18 * width }
}

/// Votes on the pairs of four rows: 2×2×2.
func voteRow<V: Voxel & FixedWidthInteger & UnsignedInteger>(
  _ a: Span<V>, _ b: Span<V>, _ c: Span<V>, _ d: Span<V>, _ lanes: inout [V],
  into result: inout MutableSpan<V>
) {
  let count = a.count
  let pairs = count / 2
  precondition(b.count == count && c.count == count && d.count == count)
  precondition(result.count == (count + 1) / 2)
  var lanes = lanes.mutableSpan
  for first in stride(from: 0, to: pairs, by: Lanes.width) {
    let end = min(first + Lanes.width, pairs)
    let label = a[2 * first]
    var others: V = 0
    for i in 2 * first..<2 * end {
      others |= (a[i] ^ label) | (b[i] ^ label) | (c[i] ^ label) | (d[i] ^ label)
    }
    if others == 0 {
      for i in first..<end { result[i] = label }
      continue
    }
    part(a, first..<end, 0, &lanes)
    part(b, first..<end, 2, &lanes)
    part(c, first..<end, 4, &lanes)
    part(d, first..<end, 6, &lanes)
    countEight(&lanes)
    elect(of: 8, &lanes)
    for i in first..<end { result[i] = lanes[Lanes.winners + i - first] }
  }
  if 2 * pairs < count {
    // Blocks of one column: each voxel votes twice.
    let last = (a[count - 1], b[count - 1], c[count - 1], d[count - 1])
    for row in 0..<2 {
      lanes[row * Lanes.width] = last.0
      lanes[(2 + row) * Lanes.width] = last.1
      lanes[(4 + row) * Lanes.width] = last.2
      lanes[(6 + row) * Lanes.width] = last.3
    }
    countEight(&lanes)
    elect(of: 8, &lanes)
    result[pairs] = lanes[Lanes.winners]
  }
}

/// Votes on the pairs of two rows: 1×2×2 and 2×1×2.
func voteRow<V: Voxel & FixedWidthInteger & UnsignedInteger>(
  _ a: Span<V>, _ b: Span<V>, _ lanes: inout [V], into result: inout MutableSpan<V>
) {
  let count = a.count
  let pairs = count / 2
  precondition(b.count == count && result.count == (count + 1) / 2)
  var lanes = lanes.mutableSpan
  for first in stride(from: 0, to: pairs, by: Lanes.width) {
    let end = min(first + Lanes.width, pairs)
    let label = a[2 * first]
    var others: V = 0
    for i in 2 * first..<2 * end { others |= (a[i] ^ label) | (b[i] ^ label) }
    if others == 0 {
      for i in first..<end { result[i] = label }
      continue
    }
    part(a, first..<end, 0, &lanes)
    part(b, first..<end, 2, &lanes)
    countFour(&lanes)
    elect(of: 4, &lanes)
    for i in first..<end { result[i] = lanes[Lanes.winners + i - first] }
  }
  if 2 * pairs < count {
    for row in 0..<2 {
      lanes[row * Lanes.width] = a[count - 1]
      lanes[(2 + row) * Lanes.width] = b[count - 1]
    }
    countFour(&lanes)
    elect(of: 4, &lanes)
    result[pairs] = lanes[Lanes.winners]
  }
}

/// Lays the pairs of a row out as two rows of lanes.
@inline(__always)
private func part<V: BitwiseCopyable>(
  _ row: Span<V>, _ pairs: Range<Int>, _ lane: Int, _ lanes: inout MutableSpan<V>
) {
  let count = pairs.count
  let start = 2 * pairs.lowerBound
  let (even, odd) = (lane * Lanes.width, (lane + 1) * Lanes.width)
  precondition(
    count <= Lanes.width && lanes.count == Lanes.count && start >= 0
      && start + 2 * count <= row.count)
  for i in 0..<count {
    // In bounds by what was just checked; the checks themselves would keep the loop from being vectorised.
    unsafe lanes[unchecked: even &+ i] = row[unchecked: start &+ 2 &* i]
    unsafe lanes[unchecked: odd &+ i] = row[unchecked: start &+ 2 &* i &+ 1]
  }
}

/// 1 where both are the same; in the label's own type, so that a count keeps to its lane.
@inline(__always)
private func same<V: FixedWidthInteger>(_ a: V, _ b: V) -> V { a == b ? 1 : 0 }

/// What votes count: nothing for zeros that are no more than half of all.
@inline(__always)
private func counted<V: FixedWidthInteger>(_ votes: V, for label: V, half: V) -> V {
  let ofZero: V = votes > half ? votes : 0
  return label == 0 ? ofZero : votes
}

/// Counts for each of eight voxels those that have its label.
@inline(__always)
private func countEight<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  _ lanes: inout MutableSpan<V>
) {
  precondition(lanes.count == Lanes.count)
  let width = Lanes.width
  for row in 0..<8 {
    let (labels, votes) = (row &* width, Lanes.votes &+ row &* width)
    for i in 0..<width {
      // Rows and lanes lie within `Lanes.count`, here and below.
      let label = unsafe lanes[unchecked: labels &+ i]
      let near =
        unsafe same(label, lanes[unchecked: i])
        &+ same(label, lanes[unchecked: width &+ i])
        &+ same(label, lanes[unchecked: 2 &* width &+ i])
        &+ same(label, lanes[unchecked: 3 &* width &+ i])
      let far =
        unsafe same(label, lanes[unchecked: 4 &* width &+ i])
        &+ same(label, lanes[unchecked: 5 &* width &+ i])
        &+ same(label, lanes[unchecked: 6 &* width &+ i])
        &+ same(label, lanes[unchecked: 7 &* width &+ i])
      unsafe lanes[unchecked: votes &+ i] = counted(near &+ far, for: label, half: 4)
    }
  }
}

@inline(__always)
private func countFour<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  _ lanes: inout MutableSpan<V>
) {
  precondition(lanes.count == Lanes.count)
  let width = Lanes.width
  for row in 0..<4 {
    let (labels, votes) = (row &* width, Lanes.votes &+ row &* width)
    for i in 0..<width {
      let label = unsafe lanes[unchecked: labels &+ i]
      let count =
        unsafe same(label, lanes[unchecked: i])
        &+ same(label, lanes[unchecked: width &+ i])
        &+ same(label, lanes[unchecked: 2 &* width &+ i])
        &+ same(label, lanes[unchecked: 3 &* width &+ i])
      unsafe lanes[unchecked: votes &+ i] = counted(count, for: label, half: 2)
    }
  }
}

/// Puts the winners of `rows` voxels into the row of winners.
///
/// One row after the other: loops of two operands are what is vectorised for every type.
@inline(__always)
private func elect<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  of rows: Int, _ lanes: inout MutableSpan<V>
) {
  precondition(lanes.count == Lanes.count && rows <= 8)
  let (width, top, best) = (Lanes.width, Lanes.top, Lanes.winners)
  for i in 0..<width {
    unsafe lanes[unchecked: top &+ i] = lanes[unchecked: Lanes.votes &+ i]
    unsafe lanes[unchecked: best &+ i] = V.max
  }
  for row in 1..<rows {
    let votes = Lanes.votes &+ row &* width
    for i in 0..<width {
      let (most, count) = unsafe (lanes[unchecked: top &+ i], lanes[unchecked: votes &+ i])
      unsafe lanes[unchecked: top &+ i] = most > count ? most : count
    }
  }
  for row in 0..<rows {
    let (labels, votes) = (row &* width, Lanes.votes &+ row &* width)
    for i in 0..<width {
      let (most, count) = unsafe (lanes[unchecked: top &+ i], lanes[unchecked: votes &+ i])
      let (winner, label) = unsafe (lanes[unchecked: best &+ i], lanes[unchecked: labels &+ i])
      // All ones where at least one vote is missing (of at most eight): a comparison here would be drawn
      // into the next one as a branch, and the loop run voxel by voxel.
      let lost = 0 &- ((most &- count &+ 15) &>> 4)
      let candidate = label | lost
      unsafe lanes[unchecked: best &+ i] = winner < candidate ? winner : candidate
    }
  }
}
