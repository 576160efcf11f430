/// What is known of voxels that passed by once: histogram, extremes and sum, all exact.
///
/// Counts of parts merge into those of the whole in any order and give the same numbers.
public struct IntensityCounts: Sendable, Hashable {
  /// Of 8- and 16-bit types every value, of wider ones the leading bits; its count leaves out NaN.
  public internal(set) var histogram: VoxelHistogram
  /// Voxels that are −∞.
  public internal(set) var negativeInfinities = 0
  /// Voxels that are +∞.
  public internal(set) var positiveInfinities = 0
  /// A finer count of the bins in which percentiles were expected; nil if none were.
  public internal(set) var guessed: RadixTally?
  /// The sum of finite voxels of a wide type; narrow ones leave it to their histogram.
  var sum = ExactSum()
  /// Keys of the smallest and largest finite voxel of a wide type, the other way round while there is none.
  var smallestKey = UInt64.max
  var largestKey = UInt64.min

  /// Counts of nothing.
  public init(type: VoxelType) { histogram = VoxelHistogram(type: type) }

  /// The type of the voxels.
  public var type: VoxelType { histogram.type }
  /// Voxels counted, infinite ones included, NaN left out.
  public var count: Int { histogram.count }
  /// NaN voxels.
  public var nanCount: Int { histogram.nanCount }

  /// The smallest voxel, exactly; nil if there is none but NaN.
  public var minimum: VoxelNumber? {
    histogram.keyRange.map { VoxelNumber(key: $0.lowerBound, of: type) }
  }

  /// The largest voxel, exactly; nil if there is none but NaN.
  public var maximum: VoxelNumber? {
    histogram.keyRange.map { VoxelNumber(key: $0.upperBound, of: type) }
  }

  /// The smallest and largest finite voxel, as doubles; nil if there is none.
  public var finiteRange: ClosedRange<Double>? {
    guard !histogram.isExact else {
      guard let keys = histogram.keyRange else { return nil }
      return type.value(ofKey: keys.lowerBound)...type.value(ofKey: keys.upperBound)
    }
    guard smallestKey <= largestKey else { return nil }
    return type.value(ofKey: smallestKey)...type.value(ofKey: largestKey)
  }

  /// The mean of all voxels but NaN: the exact sum divided by their number, rounded once, to the nearest double.
  ///
  /// Infinite voxels make it infinite, both kinds together NaN. Nil if there is no voxel but NaN.
  public var mean: Double? {
    guard count > 0 else { return nil }
    switch (negativeInfinities > 0, positiveInfinities > 0) {
    case (true, true): return .nan
    case (true, false): return -.infinity
    case (false, true): return .infinity
    case (false, false): break
    }
    guard histogram.isExact else { return sum.divided(by: count) }
    var total: Int128 = 0
    for (bin, count) in histogram.bins.enumerated() where count > 0 {
      // Values of 16 bits are exact as doubles.
      total += Int128(type.value(ofKey: UInt64(bin))) * Int128(count)
    }
    var exact = ExactSum()
    exact.add(total)
    return exact.divided(by: count)
  }

  /// Counts what another part has counted.
  ///
  /// What was guessed is kept only where both guessed alike.
  public mutating func merge(_ other: IntensityCounts) {
    histogram.merge(other.histogram)
    negativeInfinities += other.negativeInfinities
    positiveInfinities += other.positiveInfinities
    sum.add(other.sum)
    smallestKey = min(smallestKey, other.smallestKey)
    largestKey = max(largestKey, other.largestKey)
    if let mine = guessed, let theirs = other.guessed, mine.isAlike(theirs) {
      guessed?.merge(theirs)
    } else {
      guessed = nil
    }
  }
}
