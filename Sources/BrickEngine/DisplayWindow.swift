internal import BrickCore
internal import BrickZarr

extension StoreJob {
  /// The percentiles of the written voxels between which viewers show the image at first.
  static let shownPercentiles = [1.0, 99.9]

  /// The range of a channel's values and the shown part of it, from the exact percentiles of level 0 as it was written
  /// at all time points.
  ///
  /// 8- and 16-bit voxels were counted while they were written. For wider ones that count holds the
  /// upper 16 bits, and the store is read again until the percentiles are known to the last bit:
  /// once for 32 bits, three times for 64.
  func window(_ histogram: VoxelHistogram, channel: Int, workers: Int) async throws
    -> OMEChannel.Window?
  {
    guard let least = histogram.minimum, let most = histogram.maximum else { return nil }
    var shown = Self.shownPercentiles.compactMap { histogram.percentile($0) }
    if !histogram.isExact {
      let level = plan.levels[0].array
      let volumes = try (0..<(plan.leading.timepoints ?? 1)).map {
        let part = plan.leading.part(timepoint: $0, channel: channel)
        return try ZarrVolume(level.path, leading: plan.leading.indices(of: part), cache: cache)
      }
      // Tallies take what the cache had: bricks are read once and whole.
      cache.capacity = 0
      var selection = try RadixSelection(Self.shownPercentiles, of: histogram)
      while !selection.isComplete {
        let pass = CountingPass(
          steps: CountingSteps(volumes.map { [$0] }, block: level.brick), workers: workers)
        let sums = try await pass.run([selection.tally()])
        try selection.narrow(by: sums[0])
      }
      shown = selection.values
    }
    guard shown.count == 2, (shown + [least, most]).allSatisfy(\.isFinite) else { return nil }
    // The slider spans what the type can hold where that is little, and what the data hold otherwise.
    let span: ClosedRange<Double> =
      switch type {
      case .uint8: 0...255
      case .uint16: 0...65535
      case .int8: -128...127
      case .int16: -32768...32767
      default: least...most
      }
    let end = shown[1] > shown[0] ? shown[1] : Swift.max(most, shown[0] + 1)
    return OMEChannel.Window(
      min: span.lowerBound, max: Swift.max(span.upperBound, end), start: shown[0], end: end)
  }
}
