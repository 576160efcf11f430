internal import BrickCore

/// What two tiles say about the voxels they share.
public struct TileOverlap: Sendable, Hashable {
  /// Which tiles, and where.
  public let tiles: TilePair
  /// Pairs of labels that share voxels, sorted by the first tile's label, then the second's; no background.
  public let pairs: [LabelOverlap]
  /// The first tile's labels in the shared box with their voxels there, ascending; no background.
  public let firstLabels: [LabelCount]
  /// The second tile's labels in the shared box with their voxels there, ascending; no background.
  public let secondLabels: [LabelCount]
  /// The first tile's labels that reach a face of it beyond which the second tile goes on, ascending.
  public let firstAtSeam: [UInt64]
  /// The second tile's labels that reach a face of it beyond which the first tile goes on, ascending.
  public let secondAtSeam: [UInt64]

  /// The result of all parts of a shared box.
  package init(_ tiles: TilePair, _ part: OverlapPart) {
    self.tiles = tiles
    // The counts are sorted by the first label, background first, so equal labels lie together.
    var pairs: [LabelOverlap] = []
    var first: [LabelCount] = []
    var second: [SortEntry] = []
    for count in part.counts {
      let (a, b) = (count.labels.first, count.labels.second)
      if a != 0 {
        if first.last?.label == a {
          first[first.count - 1].voxels += count.voxels
        } else {
          first.append(LabelCount(a, voxels: count.voxels))
        }
      }
      if b != 0 { second.append(SortEntry(key: b, value: UInt64(count.voxels))) }
      if a != 0 && b != 0 { pairs.append(count) }
    }
    sortStably(&second)
    self.pairs = pairs
    firstLabels = first
    secondLabels = Self.summed(second)
    firstAtSeam = LabelSet(part.firstAtSeam).labels
    secondAtSeam = LabelSet(part.secondAtSeam).labels
  }

  private static func summed(_ entries: [SortEntry]) -> [LabelCount] {
    var counts: [LabelCount] = []
    for entry in entries {
      if counts.last?.label == entry.key {
        counts[counts.count - 1].voxels += Int(entry.value)
      } else {
        counts.append(LabelCount(entry.key, voxels: Int(entry.value)))
      }
    }
    return counts
  }

  /// Voxels where both tiles have a label, whichever.
  public var labeledInBoth: Int { pairs.reduce(0) { $0 + $1.voxels } }

  /// Voxels where at least one of the tiles has a label.
  public var labeledInEither: Int {
    firstLabels.reduce(0) { $0 + $1.voxels } + secondLabels.reduce(0) { $0 + $1.voxels }
      - labeledInBoth
  }

  /// Bytes of all lists.
  package var byteCount: Int {
    pairs.count * 24 + (firstLabels.count + secondLabels.count) * 16
      + (firstAtSeam.count + secondAtSeam.count) * 8
  }
}

/// Adds up the parts of one shared box, in any order.
package struct OverlapSum: Sendable {
  private var table = PairTable()
  private var firstAtSeam = LabelHashSet()
  private var secondAtSeam = LabelHashSet()

  package init() {}

  /// Adds a part.
  package mutating func add(_ part: OverlapPart) {
    for count in part.counts {
      table.add(count.labels.first, count.labels.second, voxels: count.voxels)
    }
    for label in part.firstAtSeam { firstAtSeam.insert(label) }
    for label in part.secondAtSeam { secondAtSeam.insert(label) }
  }

  /// Bytes of the tables now.
  package var byteCount: Int {
    table.byteCount + firstAtSeam.byteCount + secondAtSeam.byteCount
  }

  /// The sum of all parts.
  package consuming func sorted() -> OverlapPart {
    OverlapPart(
      counts: table.takeSorted(), firstAtSeam: firstAtSeam.take(),
      secondAtSeam: secondAtSeam.take())
  }
}
