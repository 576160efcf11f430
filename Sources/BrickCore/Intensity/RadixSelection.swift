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
  /// By ascending rank, no rank twice.
  private var targets: [Target]
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
    let ranks = Set(places.flatMap { [$0.lower, $0.upper] }).sorted()
    targets = ranks.map {
      Target(rank: $0, prefix: 0, rankInPrefix: $0, countInPrefix: first.count)
    }
    _ = Self.find(&targets[...], in: first.bins[...], bits: 0)
  }

  /// Whether every key is known to its last bit.
  public var isComplete: Bool { bitsKnown == type.keyBits }

  /// An empty count of what the next pass has to count.
  public func tally() -> RadixTally {
    RadixTally(type: type, bitsKnown: bitsKnown, prefixes: Set(targets.map(\.prefix)).sorted())
  }

  /// Learns the next 16 bits from the tally of all voxels.
  ///
  /// - Throws: `BrickworkError` with code `.inputOutput` if the voxels aren't those of the pass before.
  public mutating func narrow(by tally: RadixTally) throws {
    precondition(
      !isComplete && tally.type == type && tally.bitsKnown == bitsKnown,
      "The tally is of this pass")
    var narrowed = targets
    var start = 0
    for (place, prefix) in tally.prefixes.enumerated() {
      // Targets ascend, so those with one prefix stand together, in the order of the tally's prefixes.
      let end = narrowed[start...].firstIndex { $0.prefix != prefix } ?? narrowed.count
      precondition(end > start, "The tally is of this selection")
      let expected = narrowed[start].countInPrefix
      let counts = tally.counts[place << 16..<(place + 1) << 16]
      let total = Self.find(&narrowed[start..<end], in: counts, bits: 16)
      guard total == expected else {
        throw BrickworkError(
          .inputOutput,
          reason: "\(expected) voxels lay in an intensity range at first, "
            + "\(total) in the next pass",
          remedy: "The files changed while they were read: run again when nothing writes to them")
      }
      start = end
    }
    targets = narrowed
    bitsKnown += 16
  }

  /// The percentiles in the order they were asked for, interpolated as `numpy.percentile` does.
  ///
  /// - Precondition: `isComplete`.
  public var values: [Double] {
    precondition(isComplete, "Further passes are needed")
    let found = Dictionary(
      uniqueKeysWithValues: targets.map { ($0.rank, type.value(ofKey: $0.prefix)) })
    return places.map { $0.interpolate(found[$0.lower] ?? .nan, found[$0.upper] ?? .nan) }
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

/// Counts of one pass of a `RadixSelection`: of the next 16 bits behind a few prefixes.
public struct RadixTally: Sendable {
  let type: VoxelType
  let bitsKnown: Int
  /// Ascending.
  let prefixes: [UInt64]
  /// 65 536 counts for each prefix.
  private(set) var counts: [Int]

  init(type: VoxelType, bitsKnown: Int, prefixes: [UInt64]) {
    self.type = type
    self.bitsKnown = bitsKnown
    self.prefixes = prefixes
    counts = [Int](repeating: 0, count: prefixes.count << 16)
  }

  /// Counts the voxels of `view`, which holds the selection's type.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(view.type == type, "A tally of \(type) takes no voxels of \(view.type)")
    switch type {
    case .uint32: count(view, UInt32.self)
    case .int32: count(view, Int32.self)
    case .float32: count(view, Float.self)
    case .uint64: count(view, UInt64.self)
    case .int64: count(view, Int64.self)
    case .float64: count(view, Double.self)
    case .uint8, .int8, .uint16, .int16: return
    }
  }

  /// Counts what another tally of the same pass has counted.
  public mutating func merge(_ other: RadixTally) {
    precondition(
      other.type == type && other.bitsKnown == bitsKnown && other.prefixes == prefixes,
      "Both tallies are of one pass")
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  private mutating func count<V: OrderedVoxel>(_ view: borrowing VoxelView, _: V.Type) {
    let box = view.box
    let unknown = type.keyBits - bitsKnown
    let (prefixShift, binShift) = (
      V.Key(truncatingIfNeeded: unknown), V.Key(truncatingIfNeeded: unknown - 16)
    )
    let wanted = prefixes.map { V.Key(truncatingIfNeeded: $0) }
    let found = wanted.span
    guard !box.isEmpty, let first = wanted.first, let last = wanted.last else { return }
    var counts = counts.mutableSpan
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        for i in 0..<row.count {
          let voxel = row[i]
          let key = voxel.key
          let prefix = key &>> prefixShift
          guard prefix >= first && prefix <= last && voxel == voxel else { continue }
          for k in 0..<found.count where found[k] == prefix {
            counts[k << 16 | Int(truncatingIfNeeded: key &>> binShift) & 0xFFFF] += 1
          }
        }
      }
    }
  }
}
