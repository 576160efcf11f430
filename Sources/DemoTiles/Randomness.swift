/// A seeded generator with the few distributions the scene needs.
///
/// Only additions, products and square roots are used, which are exact on every machine: the same seed
/// gives the same tiles everywhere.
struct Randomness {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// The next 64 bits (SplitMix64).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number that looks random but depends on `value` alone.
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `range`, evenly spread.
  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    let unit = Float(next() >> 40) * (1 / 16_777_216)
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }

  /// A whole number in `range`.
  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A number around 0 with standard deviation 1: four 16-bit uniforms, close enough to a bell curve.
  mutating func normal() -> Float {
    let bits = next()
    let sum =
      Int32(truncatingIfNeeded: bits & 0xFFFF) + Int32(truncatingIfNeeded: (bits >> 16) & 0xFFFF)
      + Int32(truncatingIfNeeded: (bits >> 32) & 0xFFFF) + Int32(truncatingIfNeeded: bits >> 48)
    return Float(sum - 131_070) * (1 / 37_837)
  }

  /// A direction of length 1 whose z part is at most about `flatness` of it.
  mutating func direction(flatness: Float) -> Vector {
    while true {
      let vector = Vector(
        x: uniform(-1...1), y: uniform(-1...1), z: uniform(-flatness...flatness))
      if vector.length > 0.2 && vector.length <= 1 { return vector.normalized }
    }
  }
}

/// A point or direction in voxels of the scene.
struct Vector {
  var x: Float
  var y: Float
  var z: Float

  var length: Float { (x * x + y * y + z * z).squareRoot() }
  var normalized: Vector { self * (1 / length) }

  static func + (a: Vector, b: Vector) -> Vector {
    Vector(x: a.x + b.x, y: a.y + b.y, z: a.z + b.z)
  }
  static func - (a: Vector, b: Vector) -> Vector {
    Vector(x: a.x - b.x, y: a.y - b.y, z: a.z - b.z)
  }
  static func * (a: Vector, factor: Float) -> Vector {
    Vector(x: a.x * factor, y: a.y * factor, z: a.z * factor)
  }
}
