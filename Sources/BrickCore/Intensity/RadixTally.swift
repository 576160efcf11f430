/// Counts of one pass of a `RadixSelection`: of the next 16 bits behind a few prefixes.
public struct RadixTally: Sendable, Hashable {
  let type: VoxelType
  let bitsKnown: Int
  let prefixes: KeyPrefixes
  /// 65 536 counts for each prefix.
  var counts: [Int]

  init(type: VoxelType, bitsKnown: Int, prefixes: [UInt64]) {
    self.type = type
    self.bitsKnown = bitsKnown
    self.prefixes = KeyPrefixes(prefixes)
    counts = [Int](repeating: 0, count: prefixes.count << 16)
  }

  /// Bytes of the counts.
  public var byteCount: Int { counts.count * 8 }

  /// Counts the voxels of `view`, which holds the selection's type.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(view.type == type, "A tally of \(type) takes no voxels of \(view.type)")
    switch type {
    case .uint32: count(view, UInt32.self)
    case .int32: count(view, Int32.self)
    case .float32: count(view, Float.self)
    case .uint64: count(view, UInt64.self)
    case .int64: count(view, Int64.self)
    case .float64: count(view, Double.self)
    case .uint8, .int8, .uint16, .int16: return
    }
  }

  /// Counts what another tally of the same pass has counted.
  public mutating func merge(_ other: RadixTally) {
    precondition(isAlike(other), "Both tallies are of one pass")
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  /// Whether another tally counts the same.
  func isAlike(_ other: RadixTally) -> Bool {
    other.type == type && other.bitsKnown == bitsKnown && other.prefixes == prefixes
  }

  private mutating func count<V: OrderedVoxel>(_ view: borrowing VoxelView, _: V.Type) {
    let binShift = V.Key(truncatingIfNeeded: type.keyBits - bitsKnown - 16)
    var taken = counts
    counts = []
    var bins = taken.mutableSpan
    prefixes.forEachKey(of: view, V.self, bitsKnown: bitsKnown) { key, place in
      bins[place << 16 | Int(truncatingIfNeeded: key &>> binShift) & 0xFFFF] += 1
    }
    counts = taken
  }
}

/// The keys of all voxels that are left of a `RadixSelection`, in no order.
public struct RadixKeys: Sendable {
  let type: VoxelType
  let bitsKnown: Int
  let prefixes: KeyPrefixes
  private(set) var keys: [UInt64] = []

  init(type: VoxelType, bitsKnown: Int, prefixes: KeyPrefixes) {
    self.type = type
    self.bitsKnown = bitsKnown
    self.prefixes = prefixes
  }

  /// Collects from the voxels of `view`, which holds the selection's type.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(view.type == type, "Keys of \(type) are not found among \(view.type)")
    switch type {
    case .uint32: collect(view, UInt32.self)
    case .int32: collect(view, Int32.self)
    case .float32: collect(view, Float.self)
    case .uint64: collect(view, UInt64.self)
    case .int64: collect(view, Int64.self)
    case .float64: collect(view, Double.self)
    case .uint8, .int8, .uint16, .int16: return
    }
  }

  /// Takes what others have collected.
  public mutating func merge(_ other: RadixKeys) { keys += other.keys }

  private mutating func collect<V: OrderedVoxel>(_ view: borrowing VoxelView, _: V.Type) {
    prefixes.forEachKey(of: view, V.self, bitsKnown: bitsKnown) { key, _ in
      keys.append(UInt64(key))
    }
  }
}

/// The leading bits of the keys looked for, ascending, none twice.
struct KeyPrefixes: Sendable, Hashable {
  let values: [UInt64]
  /// For each prefix of 16 bits its place, counted from 1, or 0; empty where prefixes are longer.
  private let places: [UInt16]

  init(_ values: [UInt64]) {
    self.values = values
    guard let last = values.last, last < 1 << 16, values.count < 1 << 16 else {
      places = []
      return
    }
    var places = [UInt16](repeating: 0, count: 1 << 16)
    for (place, value) in values.enumerated() { places[Int(value)] = UInt16(place + 1) }
    self.places = places
  }

  /// Where a prefix stands.
  func place(of prefix: UInt64) -> Int? {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    return low < values.count && values[low] == prefix ? low : nil
  }

  /// Calls `body` with each key that begins with a prefix, and the prefix's place.
  @inline(__always)
  func forEachKey<V: OrderedVoxel>(
    of view: borrowing VoxelView, _: V.Type, bitsKnown: Int, _ body: (V.Key, Int) -> Void
  ) {
    let box = view.box
    guard !box.isEmpty, let first = values.first, let last = values.last else { return }
    let shift = V.Key(truncatingIfNeeded: V.Key.bitWidth - bitsKnown)
    let (lowest, highest) = (V.Key(truncatingIfNeeded: first), V.Key(truncatingIfNeeded: last))
    let table = places.span
    let hasTable = table.count == 1 << 16
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        for i in 0..<row.count {
          let voxel = row[i]
          let key = voxel.key
          let prefix = key &>> shift
          guard prefix >= lowest && prefix <= highest && voxel == voxel else { continue }
          if hasTable {
            let place = Int(table[Int(truncatingIfNeeded: prefix)])
            if place > 0 { body(key, place - 1) }
          } else if let place = place(of: UInt64(prefix)) {
            body(key, place)
          }
        }
      }
    }
  }
}
