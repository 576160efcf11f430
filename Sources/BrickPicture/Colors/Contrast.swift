/// Which voxel values become black and white.
public enum Contrast: Sendable, Hashable {
  /// Black at one percentile of what is shown and white at another, 0 to 100.
  case percentiles(low: Double, high: Double)
  /// Black at `low` and below, white at `high` and above.
  case range(low: Double, high: Double)

  /// From the 0.1th to the 99.9th percentile.
  public static let automatic = Contrast.percentiles(low: 0.1, high: 99.9)
}

/// The values that became black and white.
public struct ContrastWindow: Sendable, Hashable {
  /// The value shown black.
  public var low: Double
  /// The value shown white.
  public var high: Double

  /// The window between two values.
  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// The grey of a value: 0 at `low`, 255 at `high`, straight between, rounded half up.
  ///
  /// NaN is black. Where both ends are equal, values above are white and all others black.
  @inline(__always)
  public func grey(_ value: Double) -> UInt8 { UInt8(level(value, top: 255)) }

  /// The same in 16 bits: 65 535 at `high`.
  @inline(__always)
  public func grey16(_ value: Double) -> UInt16 { UInt16(level(value, top: 65535)) }

  @inline(__always)
  private func level(_ value: Double, top: Double) -> Double {
    if value >= high && high > low { return top }
    if high <= low { return value > high ? top : 0 }
    let scaled = (value - low) / (high - low) * top
    return scaled > 0 ? min(top, (scaled + 0.5).rounded(.down)) : 0
  }
}
