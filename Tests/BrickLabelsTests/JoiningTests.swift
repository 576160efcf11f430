import BrickCore
import BrickLabels
import BrickTestSupport
import Testing

@Suite struct JoiningTests {
  private func deduplicated(_ layout: RandomLabels, _ options: JoinOptions) throws -> Deduplication
  {
    let tiles = try layout.labelTiles()
    var counter = OverlapCounter()
    let overlaps = try TilePair.pairs(of: tiles.map(\.box)).map { try counter.count($0, tiles) }
    return try Deduplication(
      tiles, labels: layout.labels.map { LabelSet($0) }, overlaps: overlaps, options)
  }

  @Test(arguments: RandomLabels.labelTypes + [nil])
  func newLabelsAreThoseOfAGreedyMatchAndAFlood(_ type: VoxelType?) throws {
    for seed in UInt64(0)..<80 {
      var random = SplitMix64(seed: seed &+ 99)
      let layout = RandomLabels(type: type, using: &random)
      let options = JoinOptions(
        minimumVoxels: [1, 1, 2, 5].randomElement(using: &random) ?? 1,
        minimumFraction: [0, 0, 0.25, 0.5, 1].randomElement(using: &random) ?? 0)
      let result = try deduplicated(layout, options)
      let wanted = layout.newLabels(
        minimumVoxels: options.minimumVoxels, minimumFraction: options.minimumFraction)
      for (tile, labels) in wanted.enumerated() {
        #expect(result.map.tiles[tile].labels.labels == labels.keys.sorted(), "seed \(seed)")
        for (old, new) in labels { #expect(result.map[tile, old] == new, "seed \(seed)") }
      }
      let groups = Set(wanted.flatMap(\.values))
      #expect(result.report.groups == groups.count && result.map.largestNewLabel == groups.count)
      #expect(result.report.labels - result.report.unions == groups.count, "seed \(seed)")
      let repeated = wanted.map { $0.count - Set($0.values).count }.reduce(0, +)
      #expect(result.report.sameTileJoins == repeated, "seed \(seed)")
      for pair in result.report.pairs {
        #expect(pair.joined + pair.turnedDown + pair.belowLimits == pair.candidates)
        #expect(pair.sharedVoxels <= pair.labeledInBoth)
      }
    }
  }

  /// Three tiles in a row; the first and the last see different halves of what the middle one sees twice.
  @Test func whatIsTurnedDownAndCutIsReported() throws {
    func tile(_ values: [UInt64], _ x: Int) -> RandomLabels.Tile {
      .init(
        values, type: .uint16, origin: Index3(z: 0, y: 0, x: x),
        size: Index3(z: 1, y: 1, x: values.count))
    }
    var random = SplitMix64(seed: 1)
    var layout = RandomLabels(type: .uint16, using: &random)
    // Label 9 shares three voxels with 4 and two with 5; 7 ends at the seam and nobody goes on with it.
    layout.tiles = [
      tile([9, 9, 9, 9, 9, 9, 0, 7], 0), tile([4, 4, 4, 5, 5, 0, 0, 5], 1),
      tile([0, 0, 0, 0, 6, 0], 3),
    ]
    let report = try deduplicated(layout, JoinOptions()).report
    #expect(report.turnedDown == 1 && report.turnedDownVoxels == 2)
    let example = try #require(report.turnedDownExamples.first)
    #expect(example.firstTile == 0 && example.secondTile == 1)
    #expect(example.candidate.overlap == LabelOverlap(LabelPair(9, 5), voxels: 2))
    #expect(example.candidate.lacking == 1)
    // 9 is joined with 4 and 7 with 6, so that 5 is alone; tile 1 sees nothing where 7 is cut, but tile 2 does.
    #expect(report.labels == 5 && report.unions == 2 && report.groups == 3)
    let cut = try #require(report.cutExamples.first)
    #expect(report.cut == 1 && cut.tile == 0 && cut.label == 7 && cut.otherTile == 1)
    #expect(report.pairs[0].sharedVoxels == 3 && report.pairs[0].labeledInEither == 6)
    #expect(report.pairs[0].agreement == 0.5)
  }

  @Test func optionsOutOfRangeAreRefused() throws {
    for options in [
      JoinOptions(minimumVoxels: 0), JoinOptions(minimumFraction: -0.1),
      JoinOptions(minimumFraction: 1.5), JoinOptions(minimumFraction: .nan),
    ] {
      let error = #expect(throws: BrickworkError.self) {
        try Deduplication([], labels: [], overlaps: [], options)
      }
      #expect(error?.code == .badRequest)
    }
  }
}
