/// Exact percentiles of voxels too wide for a histogram, found 16 bits of key at a time.
///
/// The histogram says in which bin each wanted voxel lies; each further pass over the same voxels counts
/// the next 16 bits of those bins alone: one pass for 32-bit types, three for 64-bit ones, none for 8 and
/// 16. Whoever has the voxels drives the passes, over as many volumes and with as many threads as it likes:
///
///     var selection = try RadixSelection([1, 99], of: histogram)
///     while !selection.isComplete {
///       var tally = selection.tally()          // or one for each worker, merged
///       …tally.add(view) for every voxel…
///       try selection.narrow(by: tally)
///     }
///     let values = selection.values
///
/// Where few voxels are left in the bins (`remaining`), `keys()` collects them all in one more pass instead, and a
/// `RadixGuess` saves 32-bit types the further pass altogether. The values are the same on each of these ways.
///
/// NaN is left out. A tally takes 512 KiB for each of at most two bins a percentile.
public struct RadixSelection: Sendable {
  /// A voxel looked for: the leading bits of its key, and its rank among the voxels that share them.
  private struct Target: Sendable {
    var rank: Int
    var prefix: UInt64
    var rankInPrefix: Int
    var countInPrefix: Int
  }

  private let type: VoxelType
  private let places: [PercentilePlace]
  /// By ascending rank, no rank twice; without the first and the last voxel, which the histogram knows.
  private var targets: [Target]
  private let extremes: [Int: UInt64]
  private var bitsKnown: Int

  /// Starts from the histogram of all voxels.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if a percentile is not within 0 to 100, or there is
  ///   no voxel but NaN.
  public init(_ percentiles: [Double], of first: VoxelHistogram) throws {
    guard first.count > 0 else {
      throw BrickworkError(
        .badRequest, reason: "no percentile of no voxels",
        remedy: "Choose a part of the data that holds voxels other than NaN")
    }
    type = first.type
    places = try percentiles.map { p in
      guard let place = PercentilePlace(p, count: first.count) else {
        throw BrickworkError(
          .badRequest, reason: "\(p) is no percentile", remedy: "Give numbers from 0 to 100")
      }
      return place
    }
    bitsKnown = min(16, type.keyBits)
    var extremes: [Int: UInt64] = [:]
    if let keys = first.keyRange {
      extremes = [0: keys.lowerBound]
      extremes[first.count - 1] = keys.upperBound
    }
    self.extremes = extremes
    let ranks = Set(places.flatMap { $0.fraction > 0 ? [$0.lower, $0.upper] : [$0.lower] })
      .subtracting(extremes.keys).sorted()
    targets = ranks.map {
      Target(rank: $0, prefix: 0, rankInPrefix: $0, countInPrefix: first.count)
    }
    _ = Self.find(&targets[...], in: first.bins[...], bits: 0)
  }

  /// Whether every key is known to its last bit.
  public var isComplete: Bool { bitsKnown == type.keyBits || targets.isEmpty }

  /// Further passes of tallies that it takes.
  public var passesLeft: Int { isComplete ? 0 : (type.keyBits - bitsKnown) / 16 }

  /// Voxels that share the known bits with one looked for.
  public var remaining: Int {
    var sum = 0
    for (place, target) in targets.enumerated()
    where place == 0 || targets[place - 1].prefix != target.prefix {
      sum += target.countInPrefix
    }
    return sum
  }

  /// Whether a tally has counted all that the next pass has to count, and perhaps more.
  public func isAnswered(by tally: RadixTally) -> Bool {
    !isComplete && tally.type == type && tally.bitsKnown == bitsKnown
      && targets.allSatisfy { tally.prefixes.place(of: $0.prefix) != nil }
  }

  /// An empty count of what the next pass has to count.
  public func tally() -> RadixTally {
    RadixTally(type: type, bitsKnown: bitsKnown, prefixes: prefixes)
  }

  /// An empty collection of the keys that are left.
  public func keys() -> RadixKeys {
    RadixKeys(type: type, bitsKnown: bitsKnown, prefixes: KeyPrefixes(prefixes))
  }

  private var prefixes: [UInt64] { Set(targets.map(\.prefix)).sorted() }

  /// Learns the next 16 bits from the tally of all voxels, which may have counted more prefixes than needed.
  ///
  /// - Throws: `BrickworkError` with code `.inputOutput` if the voxels aren't those of the pass before.
  public mutating func narrow(by tally: RadixTally) throws {
    precondition(isAnswered(by: tally), "The tally is of this pass")
    var narrowed = targets
    try forEachPrefix { targets, prefix, expected in
      guard let place = tally.prefixes.place(of: prefix) else { return }
      let counts = tally.counts[place << 16..<(place + 1) << 16]
      try Self.check(Self.find(&narrowed[targets], in: counts, bits: 16), expected)
    }
    targets = narrowed
    bitsKnown += 16
  }

  /// Learns all bits from the keys of all voxels that were left.
  ///
  /// - Throws: as `narrow(by:)`.
  public mutating func finish(with collected: RadixKeys) throws {
    precondition(
      !isComplete && collected.bitsKnown == bitsKnown, "The keys were collected for this selection")
    let keys = collected.keys.sorted()
    let unknown = UInt64(type.keyBits - bitsKnown)
    var found = targets
    var start = 0
    try forEachPrefix { targets, prefix, expected in
      let end = keys[start...].firstIndex { $0 >> unknown != prefix } ?? keys.count
      try Self.check(end - start, expected)
      for i in targets { found[i].prefix = keys[start + found[i].rankInPrefix] }
      start = end
    }
    targets = found
    bitsKnown = type.keyBits
  }

  /// Calls `body` with the places of targets that share a prefix, in ascending order.
  private func forEachPrefix(
    _ body: (_ targets: Range<Int>, _ prefix: UInt64, _ count: Int) throws -> Void
  ) rethrows {
    var start = 0
    while start < targets.count {
      let prefix = targets[start].prefix
      let end = targets[start...].firstIndex { $0.prefix != prefix } ?? targets.count
      try body(start..<end, prefix, targets[start].countInPrefix)
      start = end
    }
  }

  private static func check(_ count: Int, _ expected: Int) throws {
    guard count == expected else {
      throw BrickworkError(
        .inputOutput,
        reason: "\(expected) voxels lay in an intensity range at first, "
          + "\(count) in the next pass",
        remedy: "The files changed while they were read: run again when nothing writes to them")
    }
  }

  /// The percentiles in the order they were asked for, interpolated as `numpy.percentile` does.
  ///
  /// Between 64-bit integers beyond 2⁵³, which NumPy rounds first, the exact value is rounded once.
  /// - Precondition: `isComplete`.
  public var values: [Double] {
    precondition(isComplete, "Further passes are needed")
    let found = extremes.merging(targets.map { ($0.rank, $0.prefix) }) { known, _ in known }
    return places.map { place in
      guard let lower = found[place.lower] else { return .nan }
      let upper = found[place.upper] ?? lower
      return place.interpolate(VoxelNumber(key: lower, of: type), VoxelNumber(key: upper, of: type))
    }
  }

  /// Moves targets that share a prefix into the bins their ranks fall into; the sum of all bins.
  private static func find(
    _ targets: inout ArraySlice<Target>, in counts: ArraySlice<Int>, bits: UInt64
  ) -> Int {
    var below = 0
    var next = targets.startIndex
    for (bin, count) in zip(0 as UInt64..<1 << 16, counts) where count > 0 {
      while next < targets.endIndex && targets[next].rankInPrefix < below + count {
        targets[next].prefix = targets[next].prefix << bits | bin
        targets[next].rankInPrefix -= below
        targets[next].countInPrefix = count
        next += 1
      }
      below += count
    }
    return below
  }

  /// The percentiles of a volume.
  ///
  /// - Parameters:
  ///   - first: the histogram of the volume.
  ///   - forEachBox: calls the closure it is given with boxes that together make up the volume, once each;
  ///     it is called once for every pass.
  /// - Throws: what reading throws, and as the initializer and `narrow(by:)`.
  public static func percentiles(
    _ percentiles: [Double], of volume: any Volume, first: VoxelHistogram,
    forEachBox: ((Box3) throws -> Void) throws -> Void
  ) throws -> [Double] {
    var selection = try RadixSelection(percentiles, of: first)
    var scratch = VoxelBlock()
    while !selection.isComplete {
      var tally = selection.tally()
      try forEachBox { box in
        try volume.withVoxels(of: box, scratch: &scratch) { view in tally.add(view) }
      }
      try selection.narrow(by: tally)
    }
    return selection.values
  }
}
