public import BrickCore
internal import CBrickSystem

/// What was counted in a box that two tiles share, or in a part of it.
public struct OverlapPart: Sendable {
  /// Voxels by pairs of labels, sorted; 0 stands for background, but not on both sides.
  var counts: [LabelOverlap] = []
  /// Labels of the first tile that reach a face of it inside the second; unsorted, may repeat.
  var firstAtSeam: [UInt64] = []
  /// The same for the second tile.
  var secondAtSeam: [UInt64] = []

  /// Bytes of all of it.
  package var byteCount: Int {
    counts.count * 24 + (firstAtSeam.count + secondAtSeam.count) * 8
  }
}

/// Counts the pairs of labels in boxes that two tiles share.
///
/// Runs in which both labels stay the same cost one look-up. What is counted includes voxels where only one tile has a
/// label: the sums are the labels' voxels in the overlap.
public struct OverlapCounter: Sendable {
  private var table = PairTable()
  private var firstAtSeam = LabelHashSet()
  private var secondAtSeam = LabelHashSet()
  private var last = LabelPair(0, 0)
  private var lastVoxels = 0
  /// Rows of tiles that differ in type, as 64-bit numbers.
  private var wideRows: (first: [UInt64], second: [UInt64]) = ([], [])

  /// Bytes of rows that are over before the processor has noticed where they lie.
  private static let shortRow = 1024
  /// How many rows before its turn a short row is asked for.
  private static let rowsAhead = 8

  /// A counter that has seen nothing.
  public init() {}

  /// Bytes the counter and what it hands out take at most for `voxels` voxels.
  package static func byteCount(voxels: Int) -> Int {
    PairTable.byteCount(pairs: voxels) + voxels * (24 + 32)
  }

  /// Counts the voxels of two views of the same box.
  ///
  /// - Parameters:
  ///   - first: voxels of the first tile, in the tile's own coordinates.
  ///   - second: the voxels of the second tile at the same places of the stitched volume.
  ///   - tiles: both tiles.
  /// - Throws: `BrickworkError` with code `.damagedInput`, naming tile, voxel and value, if a label is negative.
  public mutating func add(
    _ first: borrowing VoxelView, _ second: borrowing VoxelView,
    of tiles: (first: LabelTile, second: LabelTile)
  ) throws {
    let job = Job(
      tiles: tiles,
      seams: (
        SeamFaces(of: tiles.first.box, with: tiles.second.box),
        SeamFaces(of: tiles.second.box, with: tiles.first.box)
      ))
    let a = first.translated(by: tiles.first.box.origin)
    let b = second.translated(by: tiles.second.box.origin)
    precondition(a.box == b.box, "Both views show one box, not \(a.box) and \(b.box)")
    guard !a.box.isEmpty else { return }
    if a.type.byteCount == b.type.byteCount {
      switch a.type.byteCount {
      case 1: try addRows(a, b, UInt8.self, job)
      case 2: try addRows(a, b, UInt16.self, job)
      case 4: try addRows(a, b, UInt32.self, job)
      default: try addRows(a, b, UInt64.self, job)
      }
    } else {
      try addDifferent(a, b, job)
    }
  }

  fileprivate struct Job {
    let tiles: (first: LabelTile, second: LabelTile)
    let seams: (first: SeamFaces, second: SeamFaces)
  }

  @inline(__always)
  private mutating func addRows<V: FixedWidthInteger & BitwiseCopyable>(
    _ first: borrowing VoxelView, _ second: borrowing VoxelView, _: V.Type, _ job: Job
  ) throws {
    let box = first.box
    let limits = (largestLabel(first.type), largestLabel(second.type))
    let isShort = box.size.x * first.type.byteCount <= Self.shortRow
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        if isShort && y + Self.rowsAhead < box.end.y {
          prefetch(first, z: z, y: y + Self.rowsAhead)
          prefetch(second, z: z, y: y + Self.rowsAhead)
        }
        let a = Span<V>(_bytes: first.bytes.extracting(first.rowRange(z: z, y: y)))
        let b = Span<V>(_bytes: second.bytes.extracting(second.rowRange(z: z, y: y)))
        try addRow(a, b, Index3(z: z, y: y, x: box.origin.x), limits, first.type, second.type, job)
      }
    }
  }

  /// Rows of different types go through rows of 64 bits.
  private mutating func addDifferent(
    _ first: borrowing VoxelView, _ second: borrowing VoxelView, _ job: Job
  ) throws {
    let box = first.box
    let limits = (largestLabel(first.type), largestLabel(second.type))
    var rows = wideRows
    if rows.first.count != box.size.x {
      rows.first = [UInt64](repeating: 0, count: box.size.x)
      rows.second = rows.first
    }
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        widen(first.rowBytes(z: z, y: y), first.type, into: &rows.first)
        widen(second.rowBytes(z: z, y: y), second.type, into: &rows.second)
        try addRow(
          rows.first.span, rows.second.span, Index3(z: z, y: y, x: box.origin.x), limits,
          first.type, second.type, job)
      }
    }
    wideRows = rows
  }

  @inline(__always)
  private mutating func addRow<V: FixedWidthInteger & BitwiseCopyable>(
    _ a: Span<V>, _ b: Span<V>, _ start: Index3, _ limits: (UInt64, UInt64),
    _ firstType: VoxelType, _ secondType: VoxelType, _ job: Job
  ) throws {
    let count = a.count
    var i = 0
    while i < count {
      let (first, second) = (a[i], b[i])
      let end = runEnd(a, b, from: i + 1, of: first, second)
      if first | second != 0 {
        let pair = LabelPair(UInt64(first), UInt64(second))
        if pair.first > limits.0 || pair.second > limits.1 {
          throw job.negative(
            pair, limits, Index3(z: start.z, y: start.y, x: start.x + i), firstType, secondType)
        }
        add(pair, end - i)
      }
      i = end
    }
    addSeam(a, start, job.seams.first, into: &firstAtSeam)
    addSeam(b, start, job.seams.second, into: &secondAtSeam)
  }

  /// Equal pairs that follow each other, row after row, are looked up once.
  @inline(__always)
  private mutating func add(_ pair: LabelPair, _ voxels: Int) {
    if pair == last {
      lastVoxels &+= voxels
      return
    }
    flush()
    last = pair
    lastVoxels = voxels
  }

  @inline(__always)
  private mutating func flush() {
    if lastVoxels > 0 { table.add(last.first, last.second, voxels: lastVoxels) }
  }

  /// Hands out what was counted and starts again.
  public mutating func take() -> OverlapPart {
    flush()
    last = LabelPair(0, 0)
    lastVoxels = 0
    return OverlapPart(
      counts: table.takeSorted(), firstAtSeam: firstAtSeam.take(),
      secondAtSeam: secondAtSeam.take())
  }
}

extension OverlapCounter.Job {
  fileprivate func negative(
    _ pair: LabelPair, _ limits: (UInt64, UInt64), _ place: Index3, _ firstType: VoxelType,
    _ secondType: VoxelType
  ) -> BrickworkError {
    if pair.first > limits.0 {
      return tiles.first.negativeLabel(
        signedValue(pair.first, firstType), at: place - tiles.first.box.origin)
    }
    return tiles.second.negativeLabel(
      signedValue(pair.second, secondType), at: place - tiles.second.box.origin)
  }
}

/// A row of any integer type as 64-bit numbers, signed ones by their bits.
private func widen(_ bytes: RawSpan, _ type: VoxelType, into row: inout [UInt64]) {
  switch type.byteCount {
  case 1: widen(Span<UInt8>(_bytes: bytes), into: &row)
  case 2: widen(Span<UInt16>(_bytes: bytes), into: &row)
  case 4: widen(Span<UInt32>(_bytes: bytes), into: &row)
  default: widen(Span<UInt64>(_bytes: bytes), into: &row)
  }
}

@inline(__always)
private func widen<V: FixedWidthInteger & BitwiseCopyable>(
  _ values: Span<V>, into row: inout [UInt64]
) {
  for i in 0..<values.count { row[i] = UInt64(values[i]) }
}

/// Takes in the labels of a row that lie in a seam.
///
/// No method: that would copy the counter for each row.
@inline(__always)
private func addSeam<V: FixedWidthInteger & BitwiseCopyable>(
  _ row: Span<V>, _ start: Index3, _ seams: SeamFaces, into labels: inout LabelHashSet
) {
  if seams.containsRow(z: start.z, y: start.y) {
    var i = 0
    while i < row.count {
      let value = row[i]
      if value != 0 { labels.insert(UInt64(value)) }
      i = runEnd(row, from: i + 1, of: value)
    }
  } else {
    seams.forEachColumn(in: start.x..<start.x + row.count) { x in
      let value = row[x - start.x]
      if value != 0 { labels.insert(UInt64(value)) }
    }
  }
}

/// Asks for the cache lines of a row.
///
/// Where tiles overlap at a side, rows are short and far apart: the processor does not see where the next one lies, and
/// would wait for each.
@inline(__always)
private func prefetch(_ view: borrowing VoxelView, z: Int, y: Int) {
  let row = view.bytes.extracting(view.rowRange(z: z, y: y))
  unsafe row.withUnsafeBytes { bytes in
    guard let start = bytes.baseAddress else { return }
    for place in stride(from: 0, to: bytes.count, by: 64) { unsafe brick_prefetch(start + place) }
    // A row seldom begins at a cache line.
    unsafe brick_prefetch(start + bytes.count - 1)
  }
}
