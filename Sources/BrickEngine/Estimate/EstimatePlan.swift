internal import BrickCore
internal import BrickFiles

/// What an estimate is made of, whatever the job.
struct EstimatePlan {
  /// A level of the volumes of a group.
  struct Level {
    /// In the output.
    let number: Int
    /// Of the whole level in all parts.
    let bricks: Int
    /// Voxels of a brick.
    let brick: Index3
    /// Voxels of the whole level in all parts.
    let voxels: Int
    /// Bytes of an index or a header of the whole level.
    var indexBytes = 0
    /// What the sampled bytes are to be multiplied by: bricks at the end are filled up, which the sample may not show.
    var filling = 1.0
    /// The share of the level that is still to be written, where the group's voxels don't say it.
    var left = 1.0
  }

  let path: String
  /// What is deleted before anything is written.
  var deleted: [String] = []
  var groups: [SampleGroup] = []
  /// The levels that are made of each group's volumes.
  var levels: [[Level]] = []
  /// Bytes of metadata.
  var metadataBytes = 0
  var keptBytes = 0
  /// Pieces of work that leave a record until the end.
  var records = 0
  var peakMemory = 0
  var workers = 1
  var decodings = 1.0
  /// The work of all passes by that of the first.
  var allPasses = 1.0
  let cache: PieceCache
  /// Bytes of decoded pieces that may be kept.
  var cacheBytes = 0

  init(path: String, cache: PieceCache) {
    self.path = path
    self.cache = cache
  }

  /// Bytes that are written at most, if nothing compresses.
  func bound(type: VoxelType) -> Int {
    levels.joined().reduce(metadataBytes + records << 20) {
      // Codecs give up on voxels that don't shrink, but for a few bytes each.
      $0 + Int(Double($1.bricks * ($1.brick.volume * type.byteCount + 256)) * min(1, $1.left))
        + $1.indexBytes
    }
  }

  /// Computes the sample and puts the estimate together.
  ///
  /// - Parameters:
  ///   - sample: bytes of voxels that are sampled at most, about.
  ///   - recordBytes: bytes of the record of a piece of work, known after the sample.
  func estimate(
    disk: OutputDisk, sample: Int, recordBytes: () -> Int = { 0 },
    _ work: (_ group: Int, _ block: SampledBlock) throws -> SampledWork
  ) throws -> Estimate {
    let place = try OutputPlace(path, deleting: deleted, disk: disk)
    cache.capacity = cacheBytes
    defer { cache.capacity = 0 }
    let tally = try SampleTally(groups, sample: sample, cache: cache, work)
    var estimate = Estimate(
      path: path, levels: [], voxelBytesIn: 0, bytesOut: 0, temporaryBytes: 0,
      keptBytes: keptBytes, peakMemory: peakMemory, workers: workers, computingSeconds: 0,
      processorSeconds: 0, writingSeconds: nil, freeBytes: place.free, freedBytes: place.freed,
      sampledVoxelBytes: tally.voxelBytes, sampledBlocks: tally.blocks)
    var sums: [Int: Estimate.Level] = [:]
    for (number, group) in groups.enumerated() {
      let left = levels[number].first?.left ?? 1
      estimate.voxelBytesIn += Int(
        left * Double(group.left(Box3(size: group.size)) * group.type.byteCount))
      for (place, level) in levels[number].enumerated() {
        let bytes = tally.bytes(group: number, level: place) * level.filling
        var sum =
          sums[level.number]
          ?? Estimate.Level(number: level.number, bricks: 0, voxelBytes: 0, bytes: 0)
        sum.bricks += level.bricks
        sum.voxelBytes += level.voxels * group.type.byteCount
        sum.bytes += Int(
          ((bytes + Double(bytes > 0 ? level.indexBytes : 0)) * level.left).rounded())
        sums[level.number] = sum
      }
    }
    estimate.levels = sums.keys.sorted().compactMap { sums[$0] }
    let bytes = estimate.levels.reduce(0) { $0 + $1.bytes }
    estimate.bytesOut = bytes + metadataBytes
    estimate.temporaryBytes = records * recordBytes()
    let left = levels.first?.first?.left ?? 1
    var seconds = tally.seconds(decodings: decodings) * (left * allPasses)
    if estimate.bytesOut > 0,
      let speed = try disk.speed(DiskSpace.nearestFolder(of: path), place.free)
    {
      estimate.writingSeconds = Double(estimate.bytesOut) / speed.disk
      seconds =
        seconds + Stopwatch.Seconds(wall: 1, processor: 1)
        * (Double(estimate.bytesOut) / speed.handingOver)
    }
    estimate.computingSeconds = seconds.wall / Double(max(1, workers))
    estimate.processorSeconds = seconds.processor
    return estimate
  }
}
