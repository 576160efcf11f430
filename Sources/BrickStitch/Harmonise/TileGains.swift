public import BrickCore

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What may be changed to make seams disappear.
public enum Harmonisation: String, Sendable, Hashable, CaseIterable {
  /// Each tile is multiplied by a number.
  case gain
  /// Each tile is multiplied by a number, and another one is added.
  case gainAndOffset = "gain+offset"
}

/// The intensity adjustment of each tile that makes overlapping tiles agree.
///
/// Logarithms of gains are found by weighted least squares over the graph of tiles and seams: the difference of two tiles'
/// is the logarithm of the ratio of their intensities in the overlap, weighted by its standard error; seams that
/// disagree with the rest lose weight (Huber), and the solution is repeated. Offsets follow in the same way from the means
/// after gains. In each group of connected tiles gains have the mean 1 and offsets the mean 0; a tile without a seam keeps
/// gain 1. A group whose gains all lie within five standard errors or a thousandth of 1 is left alone, with gains of
/// exactly 1. Time and memory are linear in tiles and seams for each step of the solver (conjugate gradients).
public struct TileGains: Sendable, Hashable {
  /// One for each tile.
  public let adjustments: [IntensityAdjustment]
  /// The seams the adjustments were made of.
  public let seams: [SeamStatistics]

  /// Gains closer to 1 than this are not told from it, however exact they seem.
  static let least = 1e-3
  /// Errors from which on a value differs; an error supposes that the neighbours' values are known, which they are not.
  static let sure = 5.0

  /// Solves for `count` tiles.
  public init(_ seams: [SeamStatistics], count: Int, _ kind: Harmonisation) {
    self.seams = seams
    let groups = Self.groups(seams, count)
    func links(_ value: (SeamStatistics) -> Double, _ error: (SeamStatistics) -> Double) -> [Link] {
      seams.compactMap { seam in
        let error = error(seam)
        guard error.isFinite, error > 0 else { return nil }
        return Link(first: seam.first, second: seam.second, value: value(seam), error: error)
      }
    }
    let ratios =
      kind == .gain
      ? links(\.logRatio, \.logRatioError) : links(\.logSlope, \.logSlopeError)
    var gains = Self.solve(ratios, count, groups).map { exp($0) }
    Self.normalise(&gains, groups) { $0 / $1 }
    Self.settle(&gains, ratios, groups)
    var offsets = [Double](repeating: 0, count: count)
    if kind == .gainAndOffset {
      let steps = links {
        gains[$0.second] * $0.secondMean - gains[$0.first] * $0.firstMean
      } _: {
        $0.logRatioError * max($0.firstMean, $0.secondMean)
      }
      offsets = Self.solve(steps, count, groups)
      Self.normalise(&offsets, groups) { $0 - $1 }
      // Where no offset is larger than its error, or than a thousandth of the intensities, all stay zero.
      var levels = [Double](repeating: 0, count: count)
      for seam in seams {
        levels[seam.first] = max(levels[seam.first], seam.firstMean)
        levels[seam.second] = max(levels[seam.second], seam.secondMean)
      }
      let errors = Self.errors(steps, count)
      for group in groups
      where group.allSatisfy({
        abs(offsets[$0]) <= max(Self.least * levels[$0], Self.sure * errors[$0])
      }) {
        for tile in group { offsets[tile] = 0 }
      }
    }
    adjustments = zip(gains, offsets).map { IntensityAdjustment(gain: $0, offset: $1) }
  }

  /// The step that is left at a seam, as a part of the intensity there; nil where nothing could be compared.
  ///
  /// - Parameter adjusted: whether the tiles are adjusted, or as they were.
  public func residual(of seam: SeamStatistics, adjusted: Bool) -> Double? {
    guard seam.cells > 0, seam.firstMean > 0, seam.secondMean > 0 else { return nil }
    let (a, b) =
      adjusted
      ? (adjustments[seam.first], adjustments[seam.second])
      : (IntensityAdjustment(), IntensityAdjustment())
    let first = a.gain * seam.firstMean + a.offset
    let second = b.gain * seam.secondMean + b.offset
    return (second - first) / (0.5 * (abs(first) + abs(second)))
  }

  // MARK: Least squares

  /// A difference x[first] − x[second] that is known to an error.
  private struct Link {
    var first: Int
    var second: Int
    var value: Double
    var error: Double
    var weight: Double { 1 / (error * error) }
  }

  /// Tiles that seams connect, each group ascending.
  private static func groups(_ seams: [SeamStatistics], _ count: Int) -> [[Int]] {
    var parents = Array(0..<count)
    func root(_ tile: Int) -> Int {
      var tile = tile
      while parents[tile] != tile {
        parents[tile] = parents[parents[tile]]
        tile = parents[tile]
      }
      return tile
    }
    for seam in seams where seam.logRatioError.isFinite {
      let (a, b) = (root(seam.first), root(seam.second))
      parents[max(a, b)] = min(a, b)
    }
    var groups: [Int: [Int]] = [:]
    for tile in 0..<count { groups[root(tile), default: []].append(tile) }
    return groups.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Divides or shifts each group so that its mean is the neutral one.
  private static func normalise(
    _ values: inout [Double], _ groups: [[Int]], _ apply: (Double, Double) -> Double
  ) {
    for group in groups {
      let mean = group.reduce(0) { $0 + values[$1] } / Double(group.count)
      for tile in group { values[tile] = apply(values[tile], mean) }
    }
  }

  /// The error of each tile's value if its neighbours' were known: what a tile can be told from at best.
  private static func errors(_ links: [Link], _ count: Int) -> [Double] {
    var weights = [Double](repeating: 0, count: count)
    for link in links {
      weights[link.first] += link.weight
      weights[link.second] += link.weight
    }
    return weights.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
  }

  private static func settle(_ gains: inout [Double], _ links: [Link], _ groups: [[Int]]) {
    let errors = errors(links, gains.count)
    for group in groups
    where group.allSatisfy({ abs(gains[$0] - 1) <= max(least, sure * errors[$0]) }) {
      for tile in group { gains[tile] = 1 }
    }
  }

  /// The values whose differences fit the links best, each group's sum being 0.
  private static func solve(_ links: [Link], _ count: Int, _ groups: [[Int]]) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    var factors = [Double](repeating: 1, count: links.count)
    for _ in 0..<50 {
      let before = values
      values = minimum(links, factors, start: values, groups)
      // Beyond three errors a link counts less the farther it is off: sums of distances rather than of squares.
      for (place, link) in links.enumerated() {
        let miss = abs(values[link.first] - values[link.second] - link.value) / link.error
        factors[place] = miss > 3 ? 3 / miss : 1
      }
      let largest = values.reduce(1e-9) { max($0, abs($1)) }
      if zip(values, before).allSatisfy({ abs($0 - $1) <= 1e-7 * largest }) { break }
    }
    return values
  }

  /// Conjugate gradients on the normal equations, whose matrix is the graph's Laplacian, scaled to a diagonal of ones.
  private static func minimum(
    _ links: [Link], _ factors: [Double], start: [Double], _ groups: [[Int]]
  ) -> [Double] {
    let count = start.count
    var diagonal = [Double](repeating: 0, count: count)
    var right = diagonal
    let weights = zip(links, factors).map { $0.weight * $1 }
    for (link, weight) in zip(links, weights) {
      diagonal[link.first] += weight
      diagonal[link.second] += weight
      right[link.first] += weight * link.value
      right[link.second] -= weight * link.value
    }
    func product(_ x: [Double]) -> [Double] {
      var y = [Double](repeating: 0, count: count)
      for (link, weight) in zip(links, weights) {
        let flow = weight * (x[link.first] - x[link.second])
        y[link.first] += flow
        y[link.second] -= flow
      }
      return y
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let inverse = diagonal.map { $0 > 0 ? 1 / $0 : 0 }
    var x = start
    var residual = zip(right, product(x)).map { $0 - $1 }
    var scaled = zip(residual, inverse).map { $0 * $1 }
    var direction = scaled
    var size = dot(residual, scaled)
    let wanted = max(1e-24 * dot(right, zip(right, inverse).map { $0 * $1 }), 1e-300)
    var step = 0
    while size > wanted, step < 2 * count + 50 {
      let image = product(direction)
      let curvature = dot(direction, image)
      guard curvature > 0 else { break }
      let length = size / curvature
      for tile in 0..<count {
        x[tile] += length * direction[tile]
        residual[tile] -= length * image[tile]
        scaled[tile] = residual[tile] * inverse[tile]
      }
      let next = dot(residual, scaled)
      let share = next / size
      for tile in 0..<count { direction[tile] = scaled[tile] + share * direction[tile] }
      size = next
      step += 1
    }
    normalise(&x, groups) { $0 - $1 }
    return x
  }
}
