internal import BrickCore

/// What a sampled block came to.
struct SampledWork {
  /// Bytes of each level of its group.
  var bytes: [Int]
  /// Seconds of the job's own work on it.
  var seconds: Stopwatch.Seconds
}

/// The sums over a sample, and what they say of the whole.
struct SampleTally {
  private struct Sums {
    var voxels = 0.0
    var seconds = Stopwatch.Seconds()
    var bytes: [Double] = []

    mutating func add(_ work: SampledWork, voxels: Int) {
      if bytes.isEmpty { bytes = Array(repeating: 0, count: work.bytes.count) }
      self.voxels += Double(voxels)
      seconds = seconds + work.seconds
      for (level, count) in work.bytes.enumerated() { bytes[level] += Double(count) }
    }
  }

  private let groups: [SampleGroup]
  private let choice: SampleChoice
  private var strata: [Sums]
  private var wholes: [Sums]
  /// Blocks and bytes of voxels that were sampled.
  private(set) var blocks = 0
  private(set) var voxelBytes = 0
  /// Bytes of pieces that were decoded, and the seconds it took.
  private var decoded = (bytes: 0.0, seconds: Stopwatch.Seconds())

  /// Seconds after which no further block is begun.
  static let longest = 1.5

  /// Computes the sample, one block after the other; how large it may be is up to `SampleChoice`.
  ///
  /// - Parameters:
  ///   - sample: bytes of voxels that are sampled at most, about.
  ///   - cache: what the sources decode through.
  ///   - work: reads a block, makes everything of it that the job would, and throws it away.
  init(
    _ groups: [SampleGroup], sample: Int, cache: PieceCache,
    _ work: (_ group: Int, _ block: SampledBlock) throws -> SampledWork
  ) throws {
    self.groups = groups
    choice = SampleChoice(groups, voxelBytes: sample)
    strata = Array(repeating: Sums(), count: choice.strata.count)
    wholes = Array(repeating: Sums(), count: groups.count)
    let start = ContinuousClock.now
    for (number, block) in choice.blocks.enumerated() {
      let elapsed = (ContinuousClock.now - start).inSeconds
      if number > 0, elapsed > Self.longest { break }
      let group = choice.strata[block.stratum].group
      let source = groups[group].sources[block.part]
      source.willRead(block.box)
      if groups[group].decodes {
        try decode(source, block.box, cache)
      } else if number == 0 {
        // The first block pays for buffers and codecs that the others find ready.
        _ = try work(group, block)
      }
      let before = cache.count
      var done = try work(group, block)
      source.didRead(block.box)
      // Where the cache holds too little, pieces were decoded once more.
      let again = Double((cache.count - before).bytes)
      done.seconds = done.seconds.without(decodingRate * again)
      strata[block.stratum].add(done, voxels: block.box.count)
      wholes[group].add(done, voxels: block.box.count)
      blocks += 1
      voxelBytes += block.box.count * source.type.byteCount
    }
  }

  /// Decodes the pieces of a box by themselves: in the job other blocks share them.
  private mutating func decode(_ source: any Volume, _ box: Box3, _ cache: PieceCache) throws {
    let before = cache.count
    let watch = Stopwatch()
    var block = VoxelBlock(box, type: source.type)
    try source.read(into: &block)
    let bytes = (cache.count - before).bytes
    guard bytes > 0 else { return }
    decoded.bytes += Double(bytes)
    decoded.seconds = decoded.seconds + watch.elapsed
  }

  /// Seconds to decode a byte.
  private var decodingRate: Stopwatch.Seconds {
    decoded.bytes > 0 ? decoded.seconds * (1 / decoded.bytes) : Stopwatch.Seconds()
  }

  /// The sums that stand best for a stratum: its own, those of its group, or those of all groups of its type.
  private func sums(_ stratum: Int) -> Sums {
    let group = choice.strata[stratum].group
    if strata[stratum].voxels > 0 { return strata[stratum] }
    if wholes[group].voxels > 0 { return wholes[group] }
    return wholes.max { $0.voxels < $1.voxels } ?? Sums()
  }

  /// Bytes that what is left of a group becomes at one of its levels.
  func bytes(group: Int, level: Int) -> Double {
    choice.strata.indices.reduce(0) { sum, number in
      let sums = sums(number)
      guard choice.strata[number].group == group, sums.voxels > 0, level < sums.bytes.count else {
        return sum
      }
      return sum + sums.bytes[level] / sums.voxels * Double(choice.strata[number].left)
    }
  }

  /// Seconds for what is left of all groups, on one worker.
  ///
  /// - Parameter decodings: how often a piece of a group's sources is decoded.
  func seconds(decodings: Double) -> Stopwatch.Seconds {
    var computing = Stopwatch.Seconds()
    for number in choice.strata.indices {
      let sums = sums(number)
      guard sums.voxels > 0 else { continue }
      let share = Double(choice.strata[number].left) / sums.voxels
      computing = computing + sums.seconds * share
    }
    guard decoded.bytes > 0 else { return computing }
    let decoding = groups.reduce(0.0) { sum, group in
      guard group.decodes else { return sum }
      let voxels = group.sources.count * group.size.volume
      // Pieces that a box covers whole don't go through the cache, and those of a whole volume all are.
      let whole = max(
        Double(voxels * group.type.byteCount),
        group.sources.reduce(0.0) { $0 + Double($1.decodedBytes(reading: $1.bounds)) })
      return sum + whole * Double(group.left(Box3(size: group.size))) / Double(max(1, voxels))
    }
    return computing + decodingRate * (decoding * decodings)
  }
}

/// Levels coarser than those that a job makes of a block at once: made here of the block alone, each as one brick.
struct CoarserLevels {
  /// What makes each level out of the one before, from the block's own level on.
  let steps: [Index3]
  let reduction: LevelReduction
  /// Fewer voxels say nothing of how larger bricks compress.
  private static let fewest = 4096

  /// Bytes of each level that `steps` lead to, from the one after the first `known` on.
  ///
  /// - Parameter known: bytes of the levels that are known: the block's own, and those that the first steps lead to.
  func bytes(
    of source: any Volume, _ box: Box3, known: [Int],
    encode: (_ view: borrowing VoxelView, _ level: Int) throws -> Int
  ) throws -> [Int] {
    var bytes = known
    guard known.count < steps.count + 1 else { return bytes }
    var block = VoxelBlock(box, type: source.type)
    try source.read(into: &block)
    for (number, step) in steps.enumerated() {
      var coarser = VoxelBlock()
      block.reduced(by: step, reduction, into: &coarser)
      swap(&block, &coarser)
      guard number + 1 >= known.count else { continue }
      if block.box.count >= Self.fewest || bytes.isEmpty {
        bytes.append(try Self.encoded(block, number + 1, encode))
      } else {
        bytes.append(bytes[bytes.count - 1] / max(1, step.volume))
      }
    }
    return bytes
  }

  private static func encoded(
    _ block: borrowing VoxelBlock, _ level: Int,
    _ encode: (_ view: borrowing VoxelView, _ level: Int) throws -> Int
  ) throws -> Int {
    try encode(VoxelView(block), level)
  }
}
