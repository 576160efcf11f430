public import BrickCore

/// How well labels of neighbouring tiles agreed when they were joined.
public struct DeduplicationReport: Sendable {
  /// How two tiles agree in the voxels they share.
  public struct PairSummary: Sendable, Hashable {
    /// Which tiles, and where.
    public var tiles: TilePair
    /// Pairs of labels that share voxels.
    public var candidates = 0
    /// Pairs that were joined.
    public var joined = 0
    /// Candidates that were turned down because a label was taken.
    public var turnedDown = 0
    /// Pairs that shared too little for the limits.
    public var belowLimits = 0
    /// Labels cut at the end of their tile without a partner in the other.
    public var cut = 0
    /// Voxels in which both tiles hold labels that were joined with each other.
    public var sharedVoxels = 0
    /// Voxels in which both tiles have a label.
    public var labeledInBoth = 0
    /// Voxels in which at least one of the tiles has a label.
    public var labeledInEither = 0

    /// Shared voxels by labelled voxels, 0 to 1; nil where no tile has a label.
    public var agreement: Double? {
      labeledInEither == 0 ? nil : Double(sharedVoxels) / Double(labeledInEither)
    }
  }

  /// Two labels of one tile that became one through neighbours.
  public struct SameTileJoin: Sendable, Hashable {
    /// The tile that has both.
    public var tile: Int
    /// The smaller label.
    public var firstLabel: UInt64
    /// The larger one.
    public var secondLabel: UInt64
    /// The new label of both.
    public var newLabel: UInt64
  }

  /// A candidate that was turned down.
  public struct TurnedDown: Sendable, Hashable {
    /// The tile of the first label.
    public var firstTile: Int
    /// The tile of the second label.
    public var secondTile: Int
    /// The labels, what they share, and what they lack.
    public var candidate: LabelMatching.TurnedDown
  }

  /// A label that is cut at the end of its tile and has no partner in the tile that goes on there.
  public struct Cut: Sendable, Hashable {
    /// The tile that ends.
    public var tile: Int
    /// Its label.
    public var label: UInt64
    /// The tile that goes on.
    public var otherTile: Int
  }

  /// How many examples of each kind are kept; the counts are complete.
  public static let exampleLimit = 100
  /// The number of classes in the histogram of agreement.
  public static let classes = 20

  /// The tiles' names in their order.
  public let tileNames: [String]
  /// The tiles' boxes in the stitched volume.
  public let tileBoxes: [Box3]
  /// The limits that were set.
  public let options: JoinOptions
  /// Labels of all tiles together.
  public let labels: Int
  /// Labels of the whole dataset after joining.
  public internal(set) var groups = 0
  /// Groups of more than one label.
  public internal(set) var groupsOfSeveral = 0
  /// Labels in the largest group.
  public internal(set) var largestGroup = 0
  /// Joins of two groups: labels minus groups.
  public internal(set) var unions = 0
  /// How many labels came into a group that already held a label of the same tile.
  public internal(set) var sameTileJoins = 0
  /// The first of them.
  public internal(set) var sameTileExamples: [SameTileJoin] = []
  /// Candidates turned down because a label was taken.
  public internal(set) var turnedDown = 0
  /// Voxels they share.
  public internal(set) var turnedDownVoxels = 0
  /// Those that share most voxels, descending.
  public internal(set) var turnedDownExamples: [TurnedDown] = []
  /// Pairs that shared too little for the limits.
  public internal(set) var belowLimits = 0
  /// Labels cut at a seam without a partner, counted for each pair of tiles.
  public internal(set) var cut = 0
  /// The first of them.
  public internal(set) var cutExamples: [Cut] = []
  /// Every pair of tiles that share voxels, sorted.
  public internal(set) var pairs: [PairSummary] = []

  /// Bytes that each pair of tiles takes.
  static let bytesPerPair = MemoryLayout<PairSummary>.stride

  /// Bytes of all of it.
  var byteCount: Int {
    let names = tileNames.reduce(0) { $0 + $1.utf8.count + MemoryLayout<String>.stride }
    return names + tileBoxes.count * MemoryLayout<Box3>.stride + pairs.count * Self.bytesPerPair
      + 3 * Self.exampleLimit * MemoryLayout<TurnedDown>.stride
  }

  init(tiles: [LabelTile], labels: Int, _ options: JoinOptions) {
    tileNames = tiles.map(\.name)
    tileBoxes = tiles.map(\.box)
    self.labels = labels
    self.options = options
  }

  /// Pairs of tiles by agreement, in classes of equal width from 0 to 1; an agreement of 1 is in the last.
  public var histogram: [Int] {
    var counts = [Int](repeating: 0, count: Self.classes)
    for pair in pairs {
      guard let agreement = pair.agreement else { continue }
      counts[min(Self.classes - 1, Int(agreement * Double(Self.classes)))] += 1
    }
    return counts
  }

  /// Shared by labelled voxels over all pairs of tiles; nil where no overlap has a label.
  public var agreement: Double? {
    let either = pairs.reduce(0) { $0 + $1.labeledInEither }
    return either == 0 ? nil : Double(pairs.reduce(0) { $0 + $1.sharedVoxels }) / Double(either)
  }

  mutating func addSameTile(tile: Int, _ first: UInt64, _ second: UInt64, group: UInt64) {
    sameTileJoins += 1
    if sameTileExamples.count < Self.exampleLimit {
      sameTileExamples.append(
        SameTileJoin(tile: tile, firstLabel: first, secondLabel: second, newLabel: group))
    }
  }

  mutating func add(_ matching: LabelMatching, _ overlap: TileOverlap) {
    let tiles = overlap.tiles
    var summary = PairSummary(tiles: tiles)
    summary.candidates = overlap.pairs.count
    summary.joined = matching.joined.count
    summary.turnedDown = matching.turnedDown.count
    summary.belowLimits = matching.belowLimits
    summary.cut = matching.firstCut.count + matching.secondCut.count
    summary.sharedVoxels = matching.joined.reduce(0) { $0 + $1.voxels }
    summary.labeledInBoth = overlap.labeledInBoth
    summary.labeledInEither = overlap.labeledInEither
    pairs.append(summary)
    belowLimits += matching.belowLimits
    turnedDown += matching.turnedDown.count
    turnedDownVoxels += matching.turnedDown.reduce(0) { $0 + $1.overlap.voxels }
    cut += summary.cut
    for label in matching.firstCut where cutExamples.count < Self.exampleLimit {
      cutExamples.append(Cut(tile: tiles.first, label: label, otherTile: tiles.second))
    }
    for label in matching.secondCut where cutExamples.count < Self.exampleLimit {
      cutExamples.append(Cut(tile: tiles.second, label: label, otherTile: tiles.first))
    }
    // Candidates come by descending voxels: those past the limit can't be among the largest.
    let largest = matching.turnedDown.prefix(Self.exampleLimit)
    guard
      turnedDownExamples.count < Self.exampleLimit
        || largest.first.map({ $0.overlap.voxels }) ?? 0
          > turnedDownExamples.last?.candidate.overlap.voxels ?? 0
    else { return }
    turnedDownExamples += largest.map {
      TurnedDown(firstTile: tiles.first, secondTile: tiles.second, candidate: $0)
    }
    turnedDownExamples.sort { Self.order($0) < Self.order($1) }
    turnedDownExamples = Array(turnedDownExamples.prefix(Self.exampleLimit))
  }

  /// Most voxels first, then by tiles and labels.
  private static func order(_ example: TurnedDown) -> (Int, Int, Int, UInt64, UInt64) {
    let overlap = example.candidate.overlap
    return (
      -overlap.voxels, example.firstTile, example.secondTile, overlap.labels.first,
      overlap.labels.second
    )
  }
}
