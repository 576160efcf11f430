internal import BrickCore

/// The new labels of one tile, laid out to be looked up voxel by voxel.
///
/// Where labels are dense it is a table with an entry for each label up to the largest, in the output's type; where
/// they are sparse, an open-addressing table of 16 bytes a slot, at most two thirds full. In both, 0 stands for
/// "background, or not in the map": the difference is looked for only where it occurs.
struct RelabelTable: Sendable {
  enum Storage: Sendable {
    case dense8([UInt8])
    case dense16([UInt16])
    case dense32([UInt32])
    case dense64([UInt64])
    case sparse([SortEntry])
  }

  let map: TileLabelMap
  let storage: Storage

  /// Bytes of the table for labels of type `input` that become labels of type `output`, without the map.
  static func byteCount(_ map: TileLabelMap, from input: VoxelType, to output: VoxelType) -> Int {
    let largest = largest(of: map, input)
    return isDense(map, largest)
      ? (Int(largest) + 2) * output.byteCount
      : slots(map) * MemoryLayout<SortEntry>.stride
  }

  /// The largest label that a tile can hold: a signed type's negative numbers are not to be taken for large labels.
  private static func largest(of map: TileLabelMap, _ input: VoxelType) -> UInt64 {
    min(map.labels.largest, largestLabel(input))
  }

  private static func isDense(_ map: TileLabelMap, _ largest: UInt64) -> Bool {
    largest < max(1 << 16, 4 * UInt64(map.labels.count))
  }

  private static func slots(_ map: TileLabelMap) -> Int {
    var slots = 16
    while slots * 2 < map.labels.count * 3 { slots *= 2 }
    return slots
  }

  /// The table for labels of type `input` that become labels of type `output`.
  init(_ map: TileLabelMap, from input: VoxelType, to output: VoxelType) {
    self.map = map
    let largest = Self.largest(of: map, input)
    if Self.isDense(map, largest) {
      storage =
        switch output {
        case .uint8: .dense8(Self.dense(map, largest))
        case .uint16: .dense16(Self.dense(map, largest))
        case .uint32: .dense32(Self.dense(map, largest))
        default: .dense64(Self.dense(map, largest))
        }
    } else {
      storage = .sparse(Self.sparse(map, largest))
    }
  }

  /// Entries 0…largest and one more for every label beyond.
  private static func dense<Out: FixedWidthInteger>(
    _ map: TileLabelMap, _ largest: UInt64
  ) -> [Out] {
    var table = [Out](repeating: 0, count: Int(largest) + 2)
    var place = 0
    map.labels.forEach { label in
      if label <= largest { table[Int(label)] = Out(map.newLabels[place]) }
      place += 1
    }
    return table
  }

  private static func sparse(_ map: TileLabelMap, _ largest: UInt64) -> [SortEntry] {
    let slots = slots(map)
    var table = [SortEntry](repeating: SortEntry(key: 0, value: 0), count: slots)
    var number = 0
    map.labels.forEach { label in
      defer { number += 1 }
      guard label <= largest else { return }
      var place = Int(truncatingIfNeeded: spread(label)) & (slots - 1)
      while table[place].key != 0 { place = (place + 1) & (slots - 1) }
      table[place] = SortEntry(key: label, value: map.newLabels[number])
    }
    return table
  }
}

/// The new label of a dense table; labels past its end take its last entry, which is 0.
@inline(__always)
func relabelDense<In, Out>(
  _ source: Span<In>, into target: inout MutableSpan<Out>, _ table: Span<Out>
) -> Bool
where
  In: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
  Out: FixedWidthInteger & BitwiseCopyable
{
  let count = source.count
  precondition(target.count == count && table.count > 0, "Both rows are equally long")
  let end = UInt64(table.count - 1)
  // A bit and no branch: it is looked at once a row.
  var missing: UInt8 = 0
  @inline(__always) func look(_ value: In) -> Out {
    let place = Int(truncatingIfNeeded: min(UInt64(value), end))
    // In bounds: the place is at most the table's last.
    let new = unsafe table[unchecked: place]
    missing |= (new == 0 ? 1 : 0) & (value != 0 ? 1 : 0)
    return new
  }
  let bytes = unsafe source.bytes
  let many = 64 / MemoryLayout<In>.size
  var i = 0
  while i &+ many <= count {
    let first = unsafe source[unchecked: i]
    // The first label in every lane of a word.
    let words = SIMD2(repeating: UInt64(first) &* (UInt64.max / UInt64(In.max)))
    var different = SIMD2<UInt64>.zero
    for k in 0..<4 {
      // In bounds: 64 bytes are left from i on.
      let pair = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: i &* MemoryLayout<In>.size &+ 16 &* k, as: SIMD2<UInt64>.self)
      different |= pair ^ words
    }
    // 64 bytes of one label, background most of all, are one look-up and vectors of stores.
    if different[0] | different[1] == 0 {
      let new = look(first)
      for k in 0..<many { unsafe target[unchecked: i &+ k] = new }
    } else {
      for k in 0..<many { unsafe target[unchecked: i &+ k] = look(source[unchecked: i &+ k]) }
    }
    i &+= many
  }
  while i < count {
    target[i] = look(source[i])
    i &+= 1
  }
  return missing != 0
}

/// The same through a table of hashed labels; a run of equal labels is looked up once.
@inline(__always)
func relabelSparse<In, Out>(
  _ source: Span<In>, into target: inout MutableSpan<Out>, _ table: Span<SortEntry>
) -> Bool
where
  In: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
  Out: FixedWidthInteger & BitwiseCopyable
{
  let count = source.count
  precondition(target.count == count && table.count > 0, "Both rows are equally long")
  let mask = table.count - 1
  var isMissing = false
  var (last, new): (In, Out) = (0, 0)
  var i = 0
  while i < count {
    let value = source[i]
    if value != last {
      let label = UInt64(value)
      var found: UInt64 = 0
      if label != 0 {
        var place = Int(truncatingIfNeeded: spread(label)) & mask
        while true {
          // In bounds: the mask is the table's size less one.
          let entry = unsafe table[unchecked: place]
          if entry.key == label {
            found = entry.value
            break
          }
          if entry.key == 0 { break }
          place = (place &+ 1) & mask
        }
        isMissing = isMissing || found == 0
      }
      last = value
      new = Out(truncatingIfNeeded: found)
    }
    let end = runEnd(source, from: i &+ 1, of: value)
    // In bounds: the run ends within the row.
    for k in i..<end { unsafe target[unchecked: k] = new }
    i = end
  }
  return isMissing
}
