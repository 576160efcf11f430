#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// How the intensities of two tiles compare where they overlap.
public struct SeamStatistics: Sendable, Hashable {
  /// The tiles' places, the first one smaller.
  public var first: Int
  /// The place of the second tile.
  public var second: Int
  /// Voxels that counted.
  public var voxels = 0
  /// Cells that were compared.
  public var cells = 0
  /// The logarithm of the second tile's intensity over the first one's.
  public var logRatio = 0.0
  /// The standard error of `logRatio`; infinite where nothing could be compared.
  public var logRatioError = Double.infinity
  /// The logarithm of the slope of the second tile's intensities over the first one's.
  public var logSlope = 0.0
  /// The standard error of `logSlope`; infinite where intensities vary too little to tell.
  public var logSlopeError = Double.infinity
  /// The mean intensity of the first tile over the cells that agree.
  public var firstMean = 0.0
  /// The mean intensity of the second tile over the same.
  public var secondMean = 0.0

  /// A cell counts where at least this part of its voxels does.
  private static let leastPart = 0.125
  /// No estimate is taken for more exact than this.
  private static let leastError = 1e-5

  /// Compares the cells of a shared box; the order of the cells does not matter.
  ///
  /// The ratio is a mean of the cells' logarithms of ratios, weighted by their sums, as photons vary, and by how far they
  /// are from the others (Tukey's biweight, starting at the median): cells that disagree have no say.
  public init(first: Int, second: Int, cells: [SeamCell], cellVoxels: Int) {
    self.first = first
    self.second = second
    let used = cells.filter {
      Double($0.count) >= max(1, Double(cellVoxels) * Self.leastPart) && $0.first > 0
        && $0.second > 0
    }
    voxels = used.reduce(0) { $0 + $1.count }
    self.cells = used.count
    guard !used.isEmpty else { return }
    let ratios = used.map { log($0.second / $0.first) }
    let shares = used.map { min($0.first, $0.second) }
    let (median, spread) = Self.median(ratios, shares)
    var centre = median
    var weights = shares
    for _ in 0..<10 {
      let reach = 4.685 * max(spread, 1e-9)
      for place in ratios.indices {
        let far = (ratios[place] - centre) / reach
        weights[place] = abs(far) < 1 ? shares[place] * (1 - far * far) * (1 - far * far) : 0
      }
      let total = weights.reduce(0, +)
      guard total > 0 else { break }
      let next = zip(weights, ratios).reduce(0) { $0 + $1.0 * $1.1 } / total
      let isSettled = abs(next - centre) < 1e-12
      centre = next
      if isSettled { break }
    }
    logRatio = centre
    let total = weights.reduce(0, +)
    guard total > 0 else { return }
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    let variance =
      zip(weights, ratios).reduce(0) { $0 + $1.0 * ($1.1 - centre) * ($1.1 - centre) } / total
    // Cells that speak for themselves: fewer than there are where some weigh much more than others.
    let count = total * total / max(squares, .leastNormalMagnitude)
    // A single cell tells nothing of its error.
    logRatioError = max(Self.leastError, count > 1.5 ? (variance / (count - 1)).squareRoot() : 0.1)
    compare(used, weights)
  }

  /// The means, and the slope as the ratio of the standard deviations, which favours neither tile.
  private mutating func compare(_ cells: [SeamCell], _ weights: [Double]) {
    let weights = zip(cells, weights).map { $1 > 0 ? Double($0.count) : 0 }
    let total = weights.reduce(0, +)
    guard total > 0 else { return }
    let a = cells.map { $0.first / Double($0.count) }
    let b = cells.map { $0.second / Double($0.count) }
    firstMean = zip(weights, a).reduce(0) { $0 + $1.0 * $1.1 } / total
    secondMean = zip(weights, b).reduce(0) { $0 + $1.0 * $1.1 } / total
    var (aa, bb, ab) = (0.0, 0.0, 0.0)
    for place in cells.indices {
      let (u, v) = (a[place] - firstMean, b[place] - secondMean)
      aa += weights[place] * u * u
      bb += weights[place] * v * v
      ab += weights[place] * u * v
    }
    let count = weights.count { $0 > 0 }
    guard count > 8, aa > 0, bb > 0, ab > 0 else { return }
    let correlation = ab / (aa * bb).squareRoot()
    guard correlation > 0.7 else { return }
    logSlope = 0.5 * log(bb / aa)
    logSlopeError = max(
      Self.leastError,
      (max(0, 1 - correlation * correlation) / Double(count - 2)).squareRoot())
  }

  /// The weighted median, and the spread around it as a standard deviation.
  ///
  /// The spread is the distance that six tenths stay within, not the usual half: that would be zero where two
  /// values are as frequent as each other.
  private static func median(_ values: [Double], _ weights: [Double]) -> (Double, Double) {
    func quantile(_ values: [Double], _ part: Double) -> Double {
      let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
      let wanted = weights.reduce(0, +) * part
      var below = 0.0
      for place in order {
        below += weights[place]
        if below >= wanted { return values[place] }
      }
      return values[order[order.count - 1]]
    }
    let centre = quantile(values, 0.5)
    // Of a normal distribution 60 % lie within 0.8416 standard deviations.
    return (centre, quantile(values.map { abs($0 - centre) }, 0.6) / 0.8416)
  }
}
