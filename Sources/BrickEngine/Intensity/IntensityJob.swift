public import BrickCore

/// Exact statistics of intensities at a memory ceiling: of all voxels, and of each tile.
///
/// Every voxel is read once, by all workers, and counted; 8- and 16-bit voxels need no more. Wider ones have their
/// percentiles narrowed in further passes, unless a guess from a sample was right: then there is none. The result is
/// the same for any number of threads, any budget and any guess. Voxels that several tiles cover count once for each.
public struct IntensityJob: Sendable {
  /// A tile: its volumes by time point, and for each by channel, all of one size.
  public struct Tile: Sendable {
    /// Volumes of each time point, one for each channel.
    public let volumes: [[any Volume]]

    /// A tile from its volumes.
    public init(_ volumes: [[any Volume]]) { self.volumes = volumes }
  }

  private let tiles: [Tile]
  private let type: VoxelType
  private let channels: Int
  private let percentiles: [Double]
  private let bins: Int?
  private let plan: IntensityPlan
  private let cache: PieceCache
  private let budget: MemoryBudget
  private let listener: (any ProgressListener)?

  /// Less data is read twice as fast as it is sampled.
  private static let leastGuessed = 64 << 20
  private static let mostSamples = 128
  private static let sampledVoxels = 1 << 14

  /// Plans the statistics of `tiles`; reads a voxel of one of them at most.
  ///
  /// - Parameters:
  ///   - percentiles: numbers from 0 to 100, in any order.
  ///   - bins: equal bins to count as well; nil for none.
  ///   - budget: the ceiling for the whole process.
  ///   - threads: workers at most.
  ///   - cache: the cache of the tiles' decoded pieces, which gets its capacity from the plan.
  ///   - listener: hears how far each pass is.
  /// - Throws: `BrickworkError`: `.badRequest` if there is no tile, tiles differ in type or channels, or a percentile is
  ///   none; `.outOfBudget` with both numbers.
  public init(
    _ tiles: [Tile], percentiles: [Double] = [1, 99], bins: Int? = nil, budget: MemoryBudget,
    threads: Int, cache: PieceCache, perTile: Bool = false,
    listener: (any ProgressListener)? = nil
  ) throws {
    let places = tiles.flatMap(\.volumes)
    guard let first = places.first?.first else {
      throw BrickworkError(.badRequest, reason: "there is no tile to look at")
    }
    channels = places[0].count
    type = first.type
    for (number, tile) in tiles.enumerated() {
      for volumes in tile.volumes {
        guard volumes.count == channels, volumes.allSatisfy({ $0.type == first.type }) else {
          throw BrickworkError(
            .badRequest, place: "tile \(number)",
            reason:
              "it has \(volumes.count) channels of \(volumes.first?.type.rawValue ?? "no type") and tile 0 "
              + "\(channels) of \(first.type.rawValue)",
            remedy: "Take tiles of one element type with the same channels")
        }
        precondition(
          volumes.allSatisfy { $0.size == volumes[0].size }, "Channels of a tile have one size")
      }
    }
    if let wrong = percentiles.first(where: { !($0 >= 0 && $0 <= 100) }) {
      throw BrickworkError(
        .badRequest, reason: "\(wrong) is no percentile", remedy: "Give numbers from 0 to 100")
    }
    precondition(bins.map { $0 > 0 } ?? true, "There is a bin")
    self.tiles = tiles
    self.percentiles = percentiles
    self.bins = bins
    self.cache = cache
    self.budget = budget
    self.listener = listener
    let volumes = places.map { $0[0] }
    let channels = channels
    plan = try budget.planned { budget in
      if perTile {
        try budget.check(
          holding: Self.bytesPerTile(channels, bins) * tiles.count + Self.bytesOfSums)
      }
      return try IntensityPlan(
        largest: volumes.max { $0.size.volume < $1.size.volume } ?? first, channels: channels,
        voxels: volumes.reduce(0) { $0 + $1.size.volume } * channels, bins: bins ?? 0,
        budget: budget, threads: max(1, threads))
    }
    BlockStorage.keep(atMost: budget.keptBytes)
  }

  /// Bytes that a tile's own statistics take until the end.
  private static func bytesPerTile(_ channels: Int, _ bins: Int?) -> Int {
    channels * (512 + (bins ?? 0) * 16)
  }

  /// Bytes of the counts that the tiles' own are added to.
  private static let bytesOfSums = 32 << 20

  /// Reads the voxels and returns their statistics.
  ///
  /// - Parameter perTile: whether each tile's own statistics are wanted too.
  /// - Throws: what reading throws; `BrickworkError` with code `.inputOutput` if files change meanwhile;
  ///   `CancellationError`.
  public func run(perTile: Bool = false) async throws -> IntensityResult {
    if perTile {
      // Those of all tiles are kept to the end.
      try budget.check(holding: Self.bytesPerTile(channels, bins) * tiles.count + Self.bytesOfSums)
    }
    let start = ContinuousClock.now
    cache.capacity = plan.cache
    let before = cache.count
    let work = PassCount()
    let all = tiles.flatMap(\.volumes)
    var whole: [IntensityStatistics]
    var each: [[IntensityStatistics]] = []
    if perTile {
      var sums = (0..<channels).map { _ in IntensityCounts(type: type) }
      for tile in tiles {
        let counts = try await count(tile.volumes, work)
        for channel in sums.indices { sums[channel].merge(counts[channel]) }
        each.append(try await statistics(counts, of: tile.volumes, work))
      }
      whole = try await statistics(sums, of: all, work)
    } else {
      whole = try await statistics(try await count(all, work), of: all, work)
    }
    let voxelBytes = max(1, all.reduce(0) { $0 + $1[0].size.volume } * channels * type.byteCount)
    return IntensityResult(
      channels: whole, tiles: each, seconds: (ContinuousClock.now - start).inSeconds,
      voxelBytes: work.bytes, passes: (work.bytes + voxelBytes - 1) / voxelBytes,
      workers: plan.workers, decoding: cache.count - before)
  }

  // MARK: Passes

  private func pass<Counter: ViewCounter>(
    _ phase: String, over places: [[any Volume]], _ counters: [Counter], _ work: PassCount
  ) async throws -> [Counter] {
    let steps = CountingSteps(places, block: plan.shape.block)
    let meter = ProgressMeter(
      phase: phase, totalVoxels: steps.voxels, totalItems: steps.count, listener: listener)
    let pass = CountingPass(steps: steps, workers: plan.workers, copies: plan.shape.copies)
    let sums = try await pass.run(counters, meter)
    meter.finish()
    work.bytes += steps.voxels * type.byteCount
    return sums
  }

  /// The first pass: everything but percentiles and bins of wide types.
  private func count(_ places: [[any Volume]], _ work: PassCount) async throws -> [IntensityCounts]
  {
    let counters = try (0..<channels).map {
      IntensityCounter(type: type, guess: try guess(places, channel: $0))
    }
    return try await pass("counting intensities", over: places, counters, work).map {
      var counter = $0
      return counter.take()
    }
  }

  /// Where percentiles may lie, from blocks evenly spread over all places.
  private func guess(_ places: [[any Volume]], channel: Int) throws -> RadixGuess? {
    let steps = CountingSteps(places.map { [$0[channel]] }, block: plan.shape.block)
    guard plan.guessBins > 0, steps.voxels * type.byteCount >= Self.leastGuessed else { return nil }
    let samples = min(steps.count, Self.mostSamples, max(32, steps.count / 64))
    var sample = VoxelSample(type: type)
    var scratch = VoxelBlock()
    for number in 0..<samples {
      try Task.checkCancellation()
      // Anywhere in its share of the blocks: even distances might fall on the same place of each plane.
      let share = (number * steps.count / samples, (number + 1) * steps.count / samples)
      let scattered = (number * 40503) & 0xFFFF
      let step = steps.step(at: share.0 + ((share.1 - share.0) * scattered) >> 16)
      var box = step.box
      let part = box.size.minimum(Index3(z: 8, y: 64, x: box.size.x))
      box = Box3(
        origin: box.origin + (box.size - part).dividedRoundingDown(by: Index3(repeating: 2)),
        size: part)
      let volume = places[step.place][channel]
      volume.willRead(box)
      try volume.withVoxels(of: box, scratch: &scratch) {
        sample.add($0, atMost: Self.sampledVoxels)
      }
      volume.didRead(box)
    }
    return RadixGuess(percentiles, from: sample, atMost: plan.guessBins)
  }

  /// Percentiles and bins of counted voxels, in further passes where it takes them.
  private func statistics(
    _ counts: [IntensityCounts], of places: [[any Volume]], _ work: PassCount
  ) async throws -> [IntensityStatistics] {
    if type.byteCount <= 2 {
      return counts.map { counts in
        var binned = bins.flatMap { bins in counts.finiteRange.map { BinCounts($0, bins: bins) } }
        binned?.add(counts.histogram)
        return IntensityStatistics(
          counts, percentiles: percentiles.compactMap { counts.histogram.percentile($0) },
          bins: binned)
      }
    }
    var binned = counts.map { counts in
      bins.flatMap { bins in counts.finiteRange.map { BinCounts($0, bins: bins) } }
    }
    var isBinned = binned.allSatisfy { $0 == nil }
    var found = counts.map { _ in [Double]() }
    for start in stride(from: 0, to: percentiles.count, by: plan.percentilesAtOnce) {
      let group = Array(percentiles[start..<min(start + plan.percentilesAtOnce, percentiles.count)])
      var selections = try counts.map { counts -> RadixSelection? in
        guard counts.count > 0 else { return nil }
        var selection = try RadixSelection(group, of: counts.histogram)
        if let guessed = counts.guessed, selection.isAnswered(by: guessed) {
          try selection.narrow(by: guessed)
        }
        return selection
      }
      while selections.contains(where: { $0?.isComplete == false }) {
        let asked = selections.indices.map { channel in
          Refinement(
            selections[channel], mostKeys: plan.mostKeys, bins: isBinned ? nil : binned[channel])
        }
        let answers = try await pass("narrowing percentiles", over: places, asked, work)
        for (channel, answer) in answers.enumerated() {
          if let tally = answer.tally { try selections[channel]?.narrow(by: tally) }
          if let keys = answer.keys { try selections[channel]?.finish(with: keys) }
          if !isBinned { binned[channel] = answer.bins }
        }
        isBinned = true
      }
      for channel in found.indices { found[channel] += selections[channel]?.values ?? [] }
    }
    if !isBinned {
      let asked = binned.map { Refinement(nil, mostKeys: 0, bins: $0) }
      binned = try await pass("counting bins", over: places, asked, work).map(\.bins)
    }
    return counts.indices.map {
      IntensityStatistics(counts[$0], percentiles: found[$0], bins: binned[$0])
    }
  }
}

/// Bytes of voxels that passed by.
private final class PassCount {
  var bytes = 0
}

/// What a further pass counts of one channel.
private struct Refinement: ViewCounter {
  private(set) var tally: RadixTally?
  private(set) var keys: RadixKeys?
  private(set) var bins: BinCounts?

  /// The keys themselves where few are left that one more count would not settle, else counts of their next bits.
  init(_ selection: RadixSelection?, mostKeys: Int, bins: BinCounts?) {
    self.bins = bins
    guard let selection, !selection.isComplete else { return }
    if selection.passesLeft > 1 && selection.remaining <= mostKeys {
      keys = selection.keys()
    } else {
      tally = selection.tally()
    }
  }

  mutating func add(_ view: borrowing VoxelView) {
    tally?.add(view)
    keys?.add(view)
    bins?.add(view)
  }

  mutating func merge(_ other: Refinement) {
    if let theirs = other.tally { tally?.merge(theirs) }
    if let theirs = other.keys { keys?.merge(theirs) }
    if let theirs = other.bins { bins?.merge(theirs) }
  }
}
