public import BrickCore

/// What is known of the intensities of some voxels, all of it exact.
public struct IntensityStatistics: Sendable, Hashable {
  /// The type of the voxels.
  public let type: VoxelType
  /// Voxels, infinite ones included, NaN left out.
  public let count: Int
  /// NaN voxels.
  public let nanCount: Int
  /// Voxels that are −∞.
  public let negativeInfinities: Int
  /// Voxels that are +∞.
  public let positiveInfinities: Int
  /// The smallest voxel; nil if there is none but NaN.
  public let minimum: VoxelNumber?
  /// The largest voxel; nil if there is none but NaN.
  public let maximum: VoxelNumber?
  /// The double nearest to the exact mean; nil if there is no voxel but NaN.
  public let mean: Double?
  /// The percentiles in the order they were asked for, as `numpy.percentile` has them; empty if there is no voxel but NaN.
  public let percentiles: [Double]
  /// Counts in equal bins from the smallest to the largest finite voxel; nil if none were asked for, or there is no finite voxel.
  public let bins: BinCounts?

  init(_ counts: IntensityCounts, percentiles: [Double], bins: BinCounts?) {
    type = counts.type
    count = counts.count
    nanCount = counts.nanCount
    negativeInfinities = counts.negativeInfinities
    positiveInfinities = counts.positiveInfinities
    minimum = counts.minimum
    maximum = counts.maximum
    mean = counts.mean
    self.percentiles = percentiles
    self.bins = bins
  }
}

/// What an intensity job found.
public struct IntensityResult: Sendable, Hashable {
  /// The statistics of all voxels, one for each channel.
  public let channels: [IntensityStatistics]
  /// The statistics of each tile, again one for each channel; empty unless they were asked for.
  public let tiles: [[IntensityStatistics]]
  /// Seconds from the start to the result.
  public let seconds: Double
  /// Bytes of voxels of all passes.
  public let voxelBytes: Int
  /// How often the voxels were read: 1, unless wide percentiles took more; of each tile or all of them together.
  public let passes: Int
  /// Workers that the budget and the machine allowed.
  public let workers: Int
  /// Compressed pieces that were decoded.
  public let decoding: PieceCache.Count
}
