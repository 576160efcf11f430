/// Which candidates count when labels of two tiles are joined.
public struct JoinOptions: Sendable, Hashable {
  /// The fewest voxels two labels must share.
  public var minimumVoxels: Int
  /// The least part, 0 to 1, of the smaller label's voxels inside the overlap that both must share.
  public var minimumFraction: Double

  /// Every shared voxel counts, unless said otherwise.
  public init(minimumVoxels: Int = 1, minimumFraction: Double = 0) {
    self.minimumVoxels = minimumVoxels
    self.minimumFraction = minimumFraction
  }
}

/// The labels of two tiles matched one to one.
///
/// Candidates are taken by descending shared voxels, equals by the smaller first label, then the smaller second label;
/// a candidate whose label is taken already is turned down.
public struct LabelMatching: Sendable, Hashable {
  /// A pair of labels that share voxels but are not joined, because a better candidate took one of them.
  public struct TurnedDown: Sendable, Hashable {
    /// The labels, and the voxels they share.
    public var overlap: LabelOverlap
    /// How many voxels more the pair that took a label shares; the larger one if both were taken.
    ///
    /// 0 is a tie.
    public var lacking: Int
  }

  /// The pairs that are joined, sorted by labels.
  public private(set) var joined: [LabelOverlap] = []
  /// The pairs that were turned down, in the order in which they were looked at.
  public private(set) var turnedDown: [TurnedDown] = []
  /// Pairs that share too little to be candidates.
  public private(set) var belowLimits = 0
  /// Labels of the first tile that are cut at its end inside the second tile and have no partner there.
  public private(set) var firstCut: [UInt64] = []
  /// Labels of the second tile that are cut at its end inside the first tile and have no partner there.
  public private(set) var secondCut: [UInt64] = []

  /// Bytes that matching takes at most for each pair of labels, its result included.
  ///
  /// Where both labels stand and the candidates take 16 each, the sort another 16, whose room the voxels of the labels'
  /// winners get, the result 32, and the labels cut at a seam 24.
  static let bytesPerPair = 16 + 16 + 16 + 1 + 32 + 24

  /// Matches the labels of `overlap`.
  public init(_ overlap: TileOverlap, _ options: JoinOptions = JoinOptions()) {
    let places = Places(overlap)
    var candidates: [SortEntry] = []
    candidates.reserveCapacity(overlap.pairs.count)
    for (number, pair) in overlap.pairs.enumerated() {
      let smaller = min(
        overlap.firstLabels[places.first[number]].voxels,
        overlap.secondLabels[places.second[number]].voxels)
      if pair.voxels >= options.minimumVoxels
        && Double(pair.voxels) >= options.minimumFraction * Double(smaller)
      {
        candidates.append(SortEntry(key: ~UInt64(pair.voxels), value: UInt64(number)))
      } else {
        belowLimits += 1
      }
    }
    // Pairs are sorted by their labels, and the sort is stable: ties are as they should be.
    sortStably(&candidates)
    var firstTaken = [Int](repeating: 0, count: overlap.firstLabels.count)
    var secondTaken = [Int](repeating: 0, count: overlap.secondLabels.count)
    var isJoined = [Bool](repeating: false, count: overlap.pairs.count)
    var joinedCount = 0
    for candidate in candidates {
      let number = Int(candidate.value)
      let (a, b) = (places.first[number], places.second[number])
      guard max(firstTaken[a], secondTaken[b]) == 0 else { continue }
      firstTaken[a] = overlap.pairs[number].voxels
      secondTaken[b] = overlap.pairs[number].voxels
      isJoined[number] = true
      joinedCount += 1
    }
    // Lists are as long as they will be, since growing would take twice the room.
    turnedDown.reserveCapacity(candidates.count - joinedCount)
    joined.reserveCapacity(joinedCount)
    for candidate in candidates {
      let number = Int(candidate.value)
      guard !isJoined[number] else { continue }
      let pair = overlap.pairs[number]
      // A label that was taken later was so with fewer voxels: it does not change the larger number.
      let winner = max(firstTaken[places.first[number]], secondTaken[places.second[number]])
      turnedDown.append(TurnedDown(overlap: pair, lacking: winner - pair.voxels))
    }
    for (number, pair) in overlap.pairs.enumerated() where isJoined[number] { joined.append(pair) }
    firstCut = Self.cut(overlap.firstAtSeam, overlap.firstLabels, firstTaken)
    secondCut = Self.cut(overlap.secondAtSeam, overlap.secondLabels, secondTaken)
  }

  /// Those of `atSeam` that nobody took; both lists are ascending.
  private static func cut(_ atSeam: [UInt64], _ labels: [LabelCount], _ taken: [Int]) -> [UInt64] {
    var place = 0
    return atSeam.filter { label in
      while labels[place].label < label { place += 1 }
      return taken[place] == 0
    }
  }

  /// Where the labels of each pair stand in the lists of labels.
  private struct Places {
    var first: [Int] = []
    var second: [Int]

    init(_ overlap: TileOverlap) {
      first.reserveCapacity(overlap.pairs.count)
      second = [Int](repeating: 0, count: overlap.pairs.count)
      var place = 0
      for pair in overlap.pairs {
        while overlap.firstLabels[place].label < pair.labels.first { place += 1 }
        first.append(place)
      }
      var bySecond = overlap.pairs.enumerated().map { number, pair in
        SortEntry(key: pair.labels.second, value: UInt64(number))
      }
      sortStably(&bySecond)
      place = 0
      for entry in bySecond {
        while overlap.secondLabels[place].label < entry.key { place += 1 }
        second[Int(entry.value)] = place
      }
    }
  }
}
