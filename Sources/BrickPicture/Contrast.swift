/// Which voxel values become black and white.
public enum Contrast: Sendable, Hashable {
  /// Black at the 1st and white at the 99.9th percentile of the picture.
  case automatic
  /// Black at `low` and below, white at `high` and above.
  case range(low: Double, high: Double)
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
  /// NaN is black.
  ///
  /// Where both ends are equal, values above are white and all others black.
  public func grey(_ value: Float) -> UInt8 {
    let value = Double(value)
    if value >= high && high > low { return 255 }
    if high <= low { return value > high ? 255 : 0 }
    let scaled = (value - low) / (high - low) * 255
    return scaled > 0 ? UInt8(min(255, (scaled + 0.5).rounded(.down))) : 0
  }

  /// The window from the 1st to the 99.9th percentile of `values`, which are sorted.
  ///
  /// NaN must be left out.
  ///
  /// Percentiles lie between two neighbours in proportion, like NumPy's default.
  init(percentilesOf sorted: [Float]) {
    func percentile(_ p: Double) -> Double {
      guard let last = sorted.last else { return 0 }
      let place = p / 100 * Double(sorted.count - 1)
      let index = Int(place)
      guard index + 1 < sorted.count else { return Double(last) }
      let (a, b) = (Double(sorted[index]), Double(sorted[index + 1]))
      return a == b ? a : a + (b - a) * (place - Double(index))
    }
    self.init(low: percentile(1), high: percentile(99.9))
  }
}
