/// A sum of integers or floats that is exact, so that it doesn't depend on their order.
///
/// It is one fixed-point number, wide enough for 2⁶³ doubles of any size: two's complement, least significant
/// limb first. As everything added is a multiple of the smallest double, nothing is ever rounded but the result.
struct ExactSum: Sendable, Hashable {
  /// The lowest bit is worth two to this power: below the smallest double, so that results have bits to round.
  private static let lowest = -17 * 64
  private static let limbCount = 36
  private var limbs = [UInt64](repeating: 0, count: limbCount)

  /// Adds ±magnitude · 2^exponent.
  ///
  /// - Precondition: −1074 ≤ exponent ≤ 1024.
  mutating func add(_ magnitude: UInt128, exponent: Int, negative: Bool = false) {
    guard magnitude != 0 else { return }
    let (place, shift) = (exponent - Self.lowest).quotientAndRemainder(dividingBy: 64)
    let low = magnitude << UInt128(shift)
    let high = shift == 0 ? 0 : magnitude >> UInt128(128 - shift)
    let parts = [
      UInt64(truncatingIfNeeded: low), UInt64(truncatingIfNeeded: low >> 64),
      UInt64(truncatingIfNeeded: high),
    ]
    var carries = false
    for i in place..<Self.limbCount {
      let part = i - place < parts.count ? parts[i - place] : 0
      if i - place >= parts.count && !carries { break }
      let first =
        negative
        ? limbs[i].subtractingReportingOverflow(part) : limbs[i].addingReportingOverflow(part)
      let second =
        negative
        ? first.partialValue.subtractingReportingOverflow(carries ? 1 : 0)
        : first.partialValue.addingReportingOverflow(carries ? 1 : 0)
      limbs[i] = second.partialValue
      carries = first.overflow || second.overflow
    }
  }

  /// Adds an integer.
  mutating func add(_ number: Int128) {
    add(number.magnitude, exponent: 0, negative: number < 0)
  }

  /// Adds another sum.
  mutating func add(_ other: ExactSum) {
    var carries = false
    for i in limbs.indices {
      let first = limbs[i].addingReportingOverflow(other.limbs[i])
      let second = first.partialValue.addingReportingOverflow(carries ? 1 : 0)
      limbs[i] = second.partialValue
      carries = first.overflow || second.overflow
    }
  }

  /// The double nearest to the sum divided by `count`, ties to even: the only rounding there is.
  func divided(by count: Int) -> Double {
    precondition(count > 0, "A mean has voxels")
    let isNegative = limbs[Self.limbCount - 1] >> 63 == 1
    var quotient = isNegative ? negated : limbs
    var remainder: UInt64 = 0
    for i in quotient.indices.reversed() {
      (quotient[i], remainder) = UInt64(count).dividingFullWidth((remainder, quotient[i]))
    }
    let magnitude = Self.nearest(quotient, isExact: remainder == 0)
    return isNegative ? -magnitude : magnitude
  }

  private var negated: [UInt64] {
    var carries = true
    return limbs.map { limb in
      let (value, overflow) = (~limb).addingReportingOverflow(carries ? 1 : 0)
      carries = overflow
      return value
    }
  }

  /// The double nearest to a positive number in limbs.
  private static func nearest(_ limbs: [UInt64], isExact: Bool) -> Double {
    guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
    let highest = top * 64 + 63 - limbs[top].leadingZeroBitCount
    // 53 bits are kept, fewer where the result is subnormal.
    let kept = max(highest - 52, -1074 - lowest)
    func bit(_ place: Int) -> Bool { limbs[place / 64] >> UInt64(place % 64) & 1 == 1 }
    var significand: UInt64 = 0
    if highest >= kept {
      for place in (kept...highest).reversed() {
        significand = significand << 1 | (bit(place) ? 1 : 0)
      }
    }
    if bit(kept - 1) {
      let isHalf = isExact && !(0..<kept - 1).contains(where: bit)
      if !isHalf || significand & 1 == 1 { significand += 1 }
    }
    return Double(sign: .plus, exponent: kept + lowest, significand: Double(significand))
  }
}
