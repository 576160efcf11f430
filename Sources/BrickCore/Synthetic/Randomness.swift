/// A seeded generator for made-up tiles.
///
/// Only additions, products and square roots are used, which are exact on every machine: the same seed
/// gives the same tiles everywhere.
package struct Randomness {
  private var state: UInt64
  /// The golden ratio as a fraction of 2⁶⁴: SplitMix64 steps by it.
  static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  package init(seed: UInt64) { state = seed }

  /// The next 64 bits (SplitMix64).
  package mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  /// A number that looks random but depends on `value` alone.
  package static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `range`, evenly spread.
  package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    let unit = Float(next() >> 40) * (1 / 16_777_216)
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }

  /// A whole number in `range`.
  package mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A number around 0 with standard deviation 1: four 16-bit uniforms, close enough to a bell curve.
  package mutating func normal() -> Float { Self.normal(of: next()) }

  /// The number of 64 random bits on that curve.
  static func normal(of bits: UInt64) -> Float {
    let sum =
      Int32(truncatingIfNeeded: bits & 0xFFFF) + Int32(truncatingIfNeeded: (bits >> 16) & 0xFFFF)
      + Int32(truncatingIfNeeded: (bits >> 32) & 0xFFFF) + Int32(truncatingIfNeeded: bits >> 48)
    return Float(sum - 131_070) * (1 / 37_837)
  }
}
