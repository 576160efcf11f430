internal import BrickCore

/// How voxels of one type are summed for a mean and for a weighted mean.
protocol FusionVoxel: Voxel {
  /// Holds the exact sum of any number of voxels that tiles can pile up (integers), or a double.
  associatedtype Total: Numeric & Sendable
  /// Single precision is enough where voxels have at most 16 bits.
  associatedtype Weighted: BinaryFloatingPoint & Sendable

  var total: Total { get }
  /// The mean of `count` voxels: for integers halves up.
  static func mean(_ total: Total, count: Int) -> Self
  /// The same of two voxels.
  static func mean(_ a: Self, _ b: Self) -> Self
  var weighted: Weighted { get }
  /// The nearest value: for integers halves to even, clamped.
  static func nearest(_ value: Weighted) -> Self
}

protocol IntegerFusionVoxel: FusionVoxel, FixedWidthInteger where Total: FixedWidthInteger {}

extension IntegerFusionVoxel {
  @inline(__always) var total: Total { Total(truncatingIfNeeded: self) }
  @inline(__always) var weighted: Weighted { Weighted(self) }

  @inline(__always) static func mean(_ a: Self, _ b: Self) -> Self {
    // Half of what they don't share less than all that one of them has, rounded up; nothing overflows.
    (a | b) &- ((a ^ b) &>> 1)
  }

  @inline(__always) static func mean(_ total: Total, count: Int) -> Self {
    // floor((2·total + count) / (2·count)), also for negative totals.
    let n = Total(truncatingIfNeeded: count)
    let (quotient, remainder) = (2 * total + n).quotientAndRemainder(dividingBy: 2 * n)
    return Self(truncatingIfNeeded: remainder < 0 ? quotient - 1 : quotient)
  }
}

extension IntegerFusionVoxel where Weighted == Double {
  @inline(__always) static func nearest(_ value: Double) -> Self {
    if Self.bitWidth <= 32 {
      // Added to 1.5 · 2⁵², the rounded integer is the sum's last bits: vector instructions, no trap.
      let (low, high) = (Double(Self.min), Double(Self.max))
      let clamped = value < low ? low : (value > high ? high : value)
      return Self(truncatingIfNeeded: (clamped + 6_755_399_441_055_744).bitPattern)
    }
    let rounded = value.rounded(.toNearestOrEven)
    if rounded >= Double(Self.max) { return .max }
    if rounded <= Double(Self.min) { return .min }
    return Self(rounded)
  }
}

extension IntegerFusionVoxel where Weighted == Float {
  // Adding 2²³ leaves the rounded integer in the low bits of the float, which vectorises where a checked
  // conversion doesn't. Negative values are shifted up first, so the sum stays in 2²³..<2²⁴.
  @inline(__always) static func nearest(_ value: Float) -> Self {
    let low = Float(Self.min)
    let high = Float(Self.max)
    let clamped = value < low ? low : (value > high ? high : value)
    let shifted = (clamped - low) + 8_388_608
    let bits = UInt32(truncatingIfNeeded: shifted.bitPattern & 0x7F_FFFF)
    return Self(truncatingIfNeeded: Int32(truncatingIfNeeded: bits) &+ Int32(Self.min))
  }
}

extension UInt8: IntegerFusionVoxel {
  typealias Total = Int32
  typealias Weighted = Float
}
extension UInt16: IntegerFusionVoxel {
  typealias Total = Int64
  typealias Weighted = Float
}
extension Int8: IntegerFusionVoxel {
  typealias Total = Int32
  typealias Weighted = Float
}
extension Int16: IntegerFusionVoxel {
  typealias Total = Int64
  typealias Weighted = Float
}
extension UInt32: IntegerFusionVoxel {
  typealias Total = Int64
  typealias Weighted = Double
}
extension Int32: IntegerFusionVoxel {
  typealias Total = Int64
  typealias Weighted = Double
}
extension UInt64: IntegerFusionVoxel {
  typealias Total = Int128
  typealias Weighted = Double
}
extension Int64: IntegerFusionVoxel {
  typealias Total = Int128
  typealias Weighted = Double
}
extension Float: FusionVoxel {
  @inline(__always) var total: Double { Double(self) }
  @inline(__always) static func mean(_ a: Float, _ b: Float) -> Float {
    Float((0 + Double(a) + Double(b)) / 2)
  }
  @inline(__always) static func mean(_ total: Double, count: Int) -> Float {
    Float(total / Double(count))
  }
  @inline(__always) var weighted: Double { Double(self) }
  @inline(__always) static func nearest(_ value: Double) -> Float { Float(value) }
}
extension Double: FusionVoxel {
  @inline(__always) var total: Double { self }
  @inline(__always) static func mean(_ a: Double, _ b: Double) -> Double { (0 + a + b) / 2 }
  @inline(__always) static func mean(_ total: Double, count: Int) -> Double {
    total / Double(count)
  }
  @inline(__always) var weighted: Double { self }
  @inline(__always) static func nearest(_ value: Double) -> Double { value }
}
