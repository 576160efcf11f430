/// Counts voxels for one worker, as fast as they can be read: histogram, sum and extremes in one loop.
///
/// Neighbouring voxels are often equal, and a counter that was just written has to be waited for, so they are
/// counted in several tables by turns. The tables stay with the counter, however small the views are, and are
/// added up when they are asked for. It takes 1 MiB and, with a guess, 512 KiB for each bin of it.
public struct IntensityCounter: Sendable {
  private var sum: IntensityCounts
  /// Counts by turns: four tables for bytes, two for others.
  private var tables: [UInt32]
  /// Sums of the bits behind the leading one, for each sign and exponent of a float: in four tables by turns; of
  /// 64-bit ones in two tables for the lower 32 bits and two for the rest.
  private var mantissas: [UInt64]
  /// For each bin its place in the guess, counted from 1; 0 for bins that are not in it.
  private let slots: [UInt8]
  /// Voxels that the tables may hold.
  private var pending = 0

  /// A counter that has counted nothing.
  ///
  /// - Parameter guess: for wide types the bins in which percentiles are expected; 255 at most.
  public init(type: VoxelType, guess: RadixGuess? = nil) {
    sum = IntensityCounts(type: type)
    let isWide = type.byteCount > 2
    tables = [UInt32](repeating: 0, count: type.byteCount == 1 ? 4 << 8 : 2 << 16)
    mantissas = [UInt64](repeating: 0, count: type.isFloat ? type.exponentCount * 4 : 0)
    var slots = [UInt8](repeating: 0, count: isWide ? 1 << 16 : 0)
    if let guess, isWide {
      precondition(guess.type == type, "The guess is of another type")
      for (place, prefix) in guess.prefixes.enumerated() { slots[Int(prefix)] = UInt8(place + 1) }
      sum.guessed = RadixTally(type: type, bitsKnown: 16, prefixes: guess.prefixes)
    }
    self.slots = slots
  }

  /// Bytes a counter takes.
  public static func byteCount(type: VoxelType, guess: RadixGuess?) -> Int {
    (1 << 20) + (128 << 10) + (guess?.prefixes.count ?? 0) * (8 << 16)
  }

  /// Counts the voxels of `view`, which holds the counter's type and less than 2³² of them.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(view.type == sum.type, "A counter of \(sum.type) takes no \(view.type)")
    let count = view.box.count
    guard count > 0 else { return }
    precondition(count <= UInt32.max, "A view is small enough for 32-bit counts")
    if pending + count > UInt32.max { settle() }
    pending += count
    switch view.type {
    case .uint8, .int8: countBytes(of: view, in: &tables)
    case .uint16, .int16: countShorts(of: view, in: &tables)
    case .uint32: addIntegers(view, UInt32.self)
    case .int32: addIntegers(view, Int32.self)
    case .uint64: addIntegers(view, UInt64.self)
    case .int64: addIntegers(view, Int64.self)
    case .float32: addFloats(view, Float.self)
    case .float64: addFloats(view, Double.self)
    }
  }

  /// Counts what another counter of the same type has counted.
  public mutating func merge(_ other: IntensityCounter) {
    var other = other
    sum.merge(other.take())
  }

  /// Everything counted so far.
  public mutating func take() -> IntensityCounts {
    settle()
    return sum
  }

  private mutating func addIntegers<V: OrderedVoxel & FixedWidthInteger>(
    _ view: borrowing VoxelView, _: V.Type
  ) {
    let shift = V.Key(truncatingIfNeeded: V.Key.bitWidth - 16)
    var (smallest, largest) = (V.Key.max, V.Key.min)
    var total: Int128 = 0
    // Taken out of self, so that nothing is copied or checked inside the loop.
    var (tables, finer) = (self.tables, sum.guessed?.counts ?? [])
    self.tables = []
    sum.guessed?.counts = []
    var fine = finer.mutableSpan
    var counts = tables.mutableSpan
    let places = self.slots
    let slots = places.span
    precondition(counts.count == 2 << 16 && slots.count == 1 << 16)
    for z in view.box.origin.z..<view.box.end.z {
      for y in view.box.origin.y..<view.box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        var rowTotal: Int64 = 0
        for i in 0..<row.count {
          let voxel = row[i]
          let key = voxel.key
          let bin = Int(truncatingIfNeeded: key &>> shift)
          counts[bin | (i & 1) << 16] &+= 1
          smallest = min(smallest, key)
          largest = max(largest, key)
          if V.bitWidth <= 32 {
            // A row is shorter than 2³¹ voxels.
            rowTotal &+= Int64(truncatingIfNeeded: voxel)
          } else {
            total &+= Int128(truncatingIfNeeded: voxel)
          }
          let slot = slots[bin]
          if slot != 0 { fine[(Int(slot) - 1) << 16 | key.next16] &+= 1 }
        }
        total += Int128(rowTotal)
      }
    }
    self.tables = tables
    sum.guessed?.counts = finer
    sum.sum.add(total)
    sum.smallestKey = min(sum.smallestKey, UInt64(smallest))
    sum.largestKey = max(sum.largestKey, UInt64(largest))
  }

  private mutating func addFloats<V: FloatBits>(
    _ view: borrowing VoxelView, _: V.Type
  ) {
    let shift = V.Key(truncatingIfNeeded: V.Key.bitWidth - 16)
    let exponentShift = V.Key(truncatingIfNeeded: V.significandBits)
    let half = V.exponentCount
    var (smallest, largest) = (V.Key.max, V.Key.min)
    var (nans, below, above) = (0, 0, 0)
    // Taken out of self, so that nothing is copied or checked inside the loop.
    var (tables, mantissas, finer) = (self.tables, self.mantissas, sum.guessed?.counts ?? [])
    (self.tables, self.mantissas) = ([], [])
    sum.guessed?.counts = []
    var fine = finer.mutableSpan
    var counts = tables.mutableSpan
    var sums = mantissas.mutableSpan
    let places = self.slots
    let slots = places.span
    precondition(counts.count == 2 << 16 && slots.count == 1 << 16 && sums.count == 4 * half)
    for z in view.box.origin.z..<view.box.end.z {
      for y in view.box.origin.y..<view.box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        for i in 0..<row.count {
          let voxel = row[i]
          let bits = voxel.bits
          let key = voxel.key
          let bin = Int(truncatingIfNeeded: key &>> shift)
          if bits & V.magnitudeMask < V.infinityBits {
            smallest = min(smallest, key)
            largest = max(largest, key)
            let exponent = Int(truncatingIfNeeded: bits &>> exponentShift) & (half - 1)
            let mantissa = UInt64(truncatingIfNeeded: bits & V.significandMask)
            if V.significandBits <= 32 {
              sums[exponent | (i & 3) * half] &+= mantissa
            } else {
              let turn = (i & 1) * half
              sums[exponent | turn] &+= mantissa & 0xFFFF_FFFF
              sums[exponent | turn | 2 * half] &+= mantissa >> 32
            }
          } else if voxel == voxel {
            if voxel < V.zero { below += 1 } else { above += 1 }
          } else {
            nans += 1
            continue
          }
          counts[bin | (i & 1) << 16] &+= 1
          let slot = slots[bin]
          if slot != 0 { fine[(Int(slot) - 1) << 16 | key.next16] &+= 1 }
        }
      }
    }
    (self.tables, self.mantissas) = (tables, mantissas)
    sum.guessed?.counts = finer
    sum.histogram.nanCount += nans
    sum.negativeInfinities += below
    sum.positiveInfinities += above
    guard smallest <= largest else { return }
    sum.smallestKey = min(sum.smallestKey, UInt64(smallest))
    sum.largestKey = max(sum.largestKey, UInt64(largest))
  }

  /// Adds the tables up and empties them.
  private mutating func settle() {
    guard pending > 0 else { return }
    pending = 0
    let (bins, turn) = (sum.histogram.bins.count, sum.type.turn)
    var counts = [Int](repeating: 0, count: bins)
    for i in tables.indices { counts[i & (bins - 1)] += Int(tables[i]) }
    for i in tables.indices { tables[i] = 0 }
    for bin in 0..<bins { sum.histogram.bins[bin ^ turn] += counts[bin] }
    sum.histogram.count += counts.reduce(0, +)
    guard !sum.histogram.isExact else { return }
    if sum.type.isFloat { settleMantissas(counts) }
    // Infinities are the extremes where there are any, but have no part in the finite ones.
    let (down, up) = (sum.negativeInfinities > 0, sum.positiveInfinities > 0)
    let isAnyFinite = sum.smallestKey <= sum.largestKey
    let (lowest, highest) = (sum.type.key(of: -.infinity), sum.type.key(of: .infinity))
    sum.histogram.smallestKey =
      down ? lowest : isAnyFinite || !up ? sum.smallestKey : highest
    sum.histogram.largestKey = up ? highest : isAnyFinite || !down ? sum.largestKey : lowest
  }

  private mutating func settleMantissas(_ counts: [Int]) {
    let half = sum.type.exponentCount
    let (bits, bias) = sum.type == .float32 ? (23, 150) : (52, 1075)
    // How many voxels have each sign and exponent: a bin holds the first bits of both, turned round as keys are.
    var leading = [Int](repeating: 0, count: half)
    for (bin, count) in counts.enumerated() where count > 0 {
      let top = bin >= 0x8000 ? bin ^ 0x8000 : ~bin & 0xFFFF
      leading[top / ((1 << 16) / half)] += count
    }
    for place in 0..<half {
      let exponent = place & (half / 2 - 1)
      // The last exponent is that of infinities.
      guard leading[place] > 0, exponent < half / 2 - 1 else { continue }
      var total = UInt128(mantissas[place]) + UInt128(mantissas[place | half])
      let upper = UInt128(mantissas[place | 2 * half]) + UInt128(mantissas[place | 3 * half])
      total += bits > 32 ? upper << 32 : upper
      if exponent > 0 { total += UInt128(leading[place]) << UInt128(bits) }
      sum.sum.add(total, exponent: max(1, exponent) - bias, negative: place >= half / 2)
    }
    for i in mantissas.indices { mantissas[i] = 0 }
  }
}

/// A float as its bits: sign, exponent, and the significand without its leading one.
private protocol FloatBits: OrderedVoxel {
  var bits: Key { get }
  static var significandBits: Int { get }
}

extension FloatBits {
  static var significandMask: Key { (1 as Key) << Key(significandBits) - 1 }
  static var magnitudeMask: Key { Key.max >> 1 }
  /// The smallest magnitude that is no number.
  static var infinityBits: Key { magnitudeMask & ~significandMask }
  /// How many signs with exponents there are.
  static var exponentCount: Int { 1 << (Key.bitWidth - significandBits) }
}

extension Float: FloatBits {
  fileprivate var bits: UInt32 { bitPattern }
  fileprivate static var significandBits: Int { 23 }
}

extension Double: FloatBits {
  fileprivate var bits: UInt64 { bitPattern }
  fileprivate static var significandBits: Int { 52 }
}

extension VoxelType {
  /// Signs with exponents that a float type has; 0 for integers.
  fileprivate var exponentCount: Int {
    switch self {
    case .float32: Float.exponentCount
    case .float64: Double.exponentCount
    default: 0
    }
  }

  /// What turns the bits of a narrow integer into its place among the bins.
  fileprivate var turn: Int {
    switch self {
    case .int8: 0x80
    case .int16: 0x8000
    default: 0
    }
  }
}
