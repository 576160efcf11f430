internal import BrickCore

/// Finds the objects of one block after the other: what one thread keeps.
///
/// Rows are read run by run, words of equal voxels at a time. A block has few labels, so they fit a small
/// table of 64-bit sums relative to the block; the block's records then go on to the table of all.
struct ObjectAccumulator: Sendable {
  /// Where records go, many at a time.
  typealias Sink = ([ObjectRecord]) throws -> Void

  private struct Entry {
    let label: UInt64
    var voxels = 0
    var sumZ = 0
    var sumY = 0
    var sumX = 0
    let minZ: Int
    var maxZ: Int
    var minY: Int
    var maxY: Int
    var minX: Int
    var maxX: Int
    /// Where the label lies in `slots`.
    var slot = 0

    init(_ label: UInt64, z: Int, y: Int, x: Int) {
      self.label = label
      (minZ, maxZ, minY, maxY, minX, maxX) = (z, z, y, y, x, x)
    }

    /// Adds `count` voxels of a row from `x` on; rows come in the order of z, then y.
    @inline(__always)
    mutating func add(_ count: Int, z: Int, y: Int, x: Int) {
      voxels &+= count
      sumZ &+= count &* z
      sumY &+= count &* y
      sumX &+= count &* x &+ count &* (count &- 1) / 2
      maxZ = z
      minY = min(minY, y)
      maxY = max(maxY, y)
      minX = min(minX, x)
      maxX = max(maxX, x &+ count &- 1)
    }
  }

  /// A table with so many labels hands them on, whatever the block: noise must not grow it.
  static let capacity = 1 << 14
  /// Bytes it takes at most, records on their way included.
  static let byteCount =
    capacity * (MemoryLayout<Entry>.stride + 2 * 4 + MemoryLayout<ObjectRecord>.stride) * 2
  /// No sum overflows 64 bits while so many voxels are added, since axes of blocks end at 2³¹.
  private static let voxelsBetweenFlushes = 1 << 30

  private let type: VoxelType
  private var entries: [Entry] = []
  /// Places in `entries` counted from 1, 0 where none is; twice as many as labels at least.
  private var slots = [Int32](repeating: 0, count: 256)
  private var voxelsSinceFlush = 0
  private var records: [ObjectRecord] = []

  /// - Precondition: the type is an integer.
  init(type: VoxelType) {
    precondition(!type.isFloat, "Labels are integers, not \(type)")
    self.type = type
  }

  /// Hands the objects of `view`, which holds the accumulator's type, to `sink`.
  ///
  /// - Throws: `BrickworkError` if a label is negative, or what `sink` throws; the accumulator is empty
  ///   afterwards.
  mutating func add(_ view: borrowing VoxelView, sink: Sink) throws {
    precondition(view.type == type, "Objects of \(type) voxels are not found in \(view.type)")
    let size = view.box.size
    precondition(max(size.z, size.y, size.x) <= 1 << 31, "A block's axis ends at 2³¹")
    guard !view.box.isEmpty else { return }
    do {
      switch type.byteCount {
      case 1: try addRows(view, UInt8.self, sink)
      case 2: try addRows(view, UInt16.self, sink)
      case 4: try addRows(view, UInt32.self, sink)
      default: try addRows(view, UInt64.self, sink)
      }
      try flush(view.box.origin, sink)
    } catch {
      clear()
      throw error
    }
  }

  private mutating func addRows<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ view: borrowing VoxelView, _: V.Type, _ sink: Sink
  ) throws {
    let box = view.box
    for z in 0..<box.size.z {
      for y in 0..<box.size.y {
        if voxelsSinceFlush > Self.voxelsBetweenFlushes { try flush(box.origin, sink) }
        voxelsSinceFlush += box.size.x
        let row = view.rowBytes(z: box.origin.z + z, y: box.origin.y + y)
        try addRow(row, V.self, Index3(z: z, y: y, x: 0), box.origin, sink)
      }
    }
  }

  @inline(__always)
  private mutating func addRow<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ row: RawSpan, _: V.Type, _ place: Index3, _ origin: Index3, _ sink: Sink
  ) throws {
    let count = row.byteCount / MemoryLayout<V>.size
    var (last, index): (V, Int) = (0, 0)
    var x = 0
    while x < count {
      // `x` is in the row.
      let label = unsafe row.unsafeLoadUnaligned(
        fromUncheckedByteOffset: x &* MemoryLayout<V>.size, as: V.self)
      let end = endOfRun(row, label, from: x &+ 1, count: count)
      if label != 0 {
        if label != last {
          let found = find(UInt64(label))
          index =
            if found >= 0 { found } else {
              try insert(UInt64(label), Index3(z: place.z, y: place.y, x: x), origin, sink)
            }
          last = label
        }
        entries[index].add(end &- x, z: place.z, y: place.y, x: x)
      }
      x = end
    }
  }

  // MARK: The table

  @inline(__always)
  private func slot(of label: UInt64) -> Int {
    // Fibonacci hashing: the upper bits of the product, as many as there are slots.
    let hash = label &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash &>> UInt64(64 &- slots.count.trailingZeroBitCount))
  }

  /// The label's place in `entries`, or −1.
  @inline(__always)
  private func find(_ label: UInt64) -> Int {
    let mask = slots.count &- 1
    var slot = slot(of: label)
    while true {
      let index = Int(slots[slot]) &- 1
      if index < 0 || entries[index].label == label { return index }
      slot = (slot &+ 1) & mask
    }
  }

  /// Adds a label that is not there; `place` is seen from the block's origin.
  @inline(never)
  private mutating func insert(
    _ label: UInt64, _ place: Index3, _ origin: Index3, _ sink: Sink
  ) throws -> Int {
    if type.isSigned && label >> UInt64(8 * type.byteCount - 1) != 0 {
      throw negative(label, at: place + origin)
    }
    if entries.count == Self.capacity { try flush(origin, sink) }
    if 2 * (entries.count + 1) > slots.count { grow() }
    entries.append(Entry(label, z: place.z, y: place.y, x: place.x))
    occupy(entries.count - 1)
    return entries.count - 1
  }

  private func negative(_ label: UInt64, at place: Index3) -> BrickworkError {
    let shift = 64 - 8 * type.byteCount
    return BrickworkError(
      .unsupportedInput, place: "voxel \(place)",
      reason: "the label \(Int64(bitPattern: label << shift) >> shift) is negative",
      remedy: "Labels are whole numbers from 1 on, and 0 is background: check that these are labels"
    )
  }

  private mutating func occupy(_ index: Int) {
    let mask = slots.count - 1
    var slot = slot(of: entries[index].label)
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(index + 1)
    entries[index].slot = slot
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: 2 * slots.count)
    for index in entries.indices { occupy(index) }
  }

  private mutating func clear() {
    for entry in entries { slots[entry.slot] = 0 }
    entries.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
    voxelsSinceFlush = 0
  }

  /// Hands on what was found; `origin` is what all sums are relative to.
  private mutating func flush(_ origin: Index3, _ sink: Sink) throws {
    for entry in entries {
      let count = Int128(entry.voxels)
      records.append(
        ObjectRecord(
          label: entry.label, voxels: entry.voxels,
          sumZ: Int128(entry.sumZ) + count * Int128(origin.z),
          sumY: Int128(entry.sumY) + count * Int128(origin.y),
          sumX: Int128(entry.sumX) + count * Int128(origin.x),
          box: Box3(
            from: Index3(z: entry.minZ, y: entry.minY, x: entry.minX) + origin,
            to: Index3(z: entry.maxZ + 1, y: entry.maxY + 1, x: entry.maxX + 1) + origin)))
    }
    if !records.isEmpty { try sink(records) }
    clear()
  }
}

/// The place of the first voxel from `start` on that is not `label`, or `count`.
@inline(__always)
private func endOfRun<V: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  _ row: RawSpan, _ label: V, from start: Int, count: Int
) -> Int {
  let width = MemoryLayout<V>.size
  let lanes = 8 / width
  // The label in every lane of a word.
  let pattern = UInt64(truncatingIfNeeded: label) &* (UInt64.max / UInt64(V.max))
  let patterns = SIMD2(repeating: pattern)
  @inline(__always)
  func differences(_ x: Int) -> UInt64 {
    // Callers see to it that the word lies in the row.
    let word = unsafe row.unsafeLoadUnaligned(
      fromUncheckedByteOffset: x &* width, as: UInt64.self)
    return word ^ pattern
  }
  var x = start
  var words = 0
  while x &+ lanes <= count {
    let others = differences(x)
    if others != 0 {
      // The lowest differing bits are those of the first voxel that differs.
      return x &+ UInt64(littleEndian: others).trailingZeroBitCount / V.bitWidth
    }
    x &+= lanes
    words &+= 1
    // A run this long is likely to go on: eight words at a time, and then singly to its end.
    guard words == 4 else { continue }
    while x &+ 8 &* lanes <= count {
      // Vectors of two words, since of single ones the compiler makes eight comparisons.
      var others = SIMD2<UInt64>.zero
      for k in 0..<4 {
        let pair = unsafe row.unsafeLoadUnaligned(
          fromUncheckedByteOffset: (x &+ 2 &* k &* lanes) &* width, as: SIMD2<UInt64>.self)
        others |= pair ^ patterns
      }
      if others[0] | others[1] != 0 { break }
      x &+= 8 &* lanes
    }
  }
  while x < count {
    let next = unsafe row.unsafeLoadUnaligned(fromUncheckedByteOffset: x &* width, as: V.self)
    if next != label { break }
    x &+= 1
  }
  return x
}
