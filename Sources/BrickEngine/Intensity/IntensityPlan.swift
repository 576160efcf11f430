internal import BrickCore

/// How the memory of an intensity job is shared out before it starts.
struct IntensityPlan: Sendable, Hashable {
  let shape: ReadingShape
  let workers: Int
  /// Bytes of decoded pieces of files to keep.
  let cache: Int
  /// Bins that may be guessed for each channel; 0 for no guess.
  let guessBins: Int
  /// Percentiles that one pass can narrow.
  let percentilesAtOnce: Int
  /// Keys that may be collected for each channel.
  let mostKeys: Int

  /// Counts of 16 bits of a key.
  private static let tallyBytes = 8 << 16

  /// - Parameters:
  ///   - volume: the largest one.
  ///   - voxels: of all volumes.
  init(
    largest volume: any Volume, channels: Int, voxels: Int, bins: Int, budget: MemoryBudget,
    threads: Int
  ) throws {
    let type = volume.type
    let isWide = type.byteCount > 2
    let wanted = max(1, min(threads, voxels >> 19))
    // A wide percentile lies between two bins.
    let least = isWide ? 2 * Self.tallyBytes : 0
    let counter = IntensityCounter.byteCount(type: type, guess: nil) + least + bins * 16
    var chosen: (shape: ReadingShape, workers: Int, room: Int)?
    var failure: (any Error)?
    for shape in try ReadingShape.candidates(for: volume) {
      let block = shape.block.volume * type.byteCount
      let worker =
        channels * counter + BlockStorage.footprint(of: block)
        + volume.scratchBytes(reading: shape.block)
        // The pages of the block at hand and of the one asked for.
        + 2 * block
      do {
        let (workers, room) = try budget.share(
          wanted: wanted, perWorker: worker, shared: channels * 2 * counter)
        if workers > chosen?.workers ?? 0 { chosen = (shape, workers, room) }
        if workers == wanted { break }
      } catch { failure = error }
    }
    guard let chosen else {
      var error =
        failure as? BrickworkError ?? BrickworkError(.outOfBudget, reason: "no block fits")
      error.remedy = "Raise --memory"
      throw error
    }
    shape = chosen.shape
    workers = chosen.workers
    let tally = (workers + 1) * channels * Self.tallyBytes
    let bins = isWide ? min(32, chosen.room / 2 / tally) : 0
    guessBins = bins < 4 ? 0 : bins
    percentilesAtOnce = 1 + chosen.room / 2 / (2 * tally)
    // Collected, gathered and sorted, each with room to grow.
    mostKeys = min(1 << 24, chosen.room / 2 / (6 * 8 * channels))
    var slab = volume.size
    slab.z = min(slab.z, shape.block.z)
    let demand = 2 * volume.decodedBytes(reading: Box3(size: slab))
    cache = min(chosen.room / 2, demand)
  }
}
