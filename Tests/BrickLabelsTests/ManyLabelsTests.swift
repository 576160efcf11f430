import BrickCore
import BrickFiles
import BrickLabels
import BrickTestSupport
import Testing

/// Thousands of labels, so that tables grow and lists are sorted by digits.
@Suite struct ManyLabelsTests {
  /// Two tiles of noise that share most voxels; labels below `range`, times `factor`.
  private func layout(_ range: UInt64, _ factor: UInt64, _ seed: UInt64) -> RandomLabels {
    var random = SplitMix64(seed: seed)
    var layout = RandomLabels(type: .uint64, using: &random)
    let size = Index3(z: 6, y: 30, x: 60)
    layout.tiles = [0, 7].map { x in
      var values: [UInt64] = []
      while values.count < size.volume {
        let label = UInt64.random(in: 0..<range, using: &random) &* factor
        values += Array(repeating: label, count: Int.random(in: 1...3, using: &random))
      }
      return .init(
        Array(values.prefix(size.volume)), type: .uint64, origin: Index3(z: 0, y: 0, x: x),
        size: size)
    }
    return layout
  }

  /// Dense, beyond the bitmap, around 2³² (one table of pairs and two), and all 64 bits.
  @Test(
    arguments: [
      (3000, 1), (3000, 1 << 21), (3000, 2_000_003), (9000, 0x9E37_79B9_7F4A_7C15), (40, 1),
    ] as [(UInt64, UInt64)])
  func countsAndMatchesAreThoseOfADictionary(_ range: UInt64, _ factor: UInt64) throws {
    let layout = layout(range, factor, 3)
    let tiles = try layout.labelTiles()
    var collector = LabelCollector()
    for (tile, labels) in zip(tiles, layout.labels) {
      var scratch = VoxelBlock()
      // Twice: what is kept from one tile must not come back in the next.
      for _ in 0..<2 {
        try tile.volume.withVoxels(of: tile.volume.bounds, scratch: &scratch) {
          try collector.add($0, of: tile)
        }
        #expect(collector.take().filter { $0 != 0 } == labels)
      }
    }
    let pair = TilePair.pairs(of: tiles.map(\.box))[0]
    var counter = OverlapCounter()
    _ = try counter.count(pair, tiles)
    let overlap = try counter.count(pair, tiles)
    let wanted = layout.sharedVoxels.filter { $0.key.label1 != 0 && $0.key.label2 != 0 }
    let rows = overlap.pairs.map {
      RandomLabels.Row(0, $0.labels.first, 1, $0.labels.second)
    }
    #expect(rows == wanted.keys.sorted())
    #expect(overlap.pairs.map(\.voxels) == rows.map { wanted[$0] })
    #expect(overlap.firstAtSeam == layout.atSeam(0, 1))
    #expect(overlap.secondAtSeam == layout.atSeam(1, 0))
    // Matched by sorting plainly.
    var (first, second): (Set<UInt64>, Set<UInt64>) = ([], [])
    var joined: [RandomLabels.Row] = []
    for (row, _) in wanted.sorted(by: { (-$0.value, $0.key) < (-$1.value, $1.key) })
    where !first.contains(row.label1) && !second.contains(row.label2) {
      first.insert(row.label1)
      second.insert(row.label2)
      joined.append(row)
    }
    let matching = LabelMatching(overlap)
    #expect(
      matching.joined.map { RandomLabels.Row(0, $0.labels.first, 1, $0.labels.second) }
        == joined.sorted())
    #expect(matching.turnedDown.count == wanted.count - joined.count)
    #expect(matching.firstCut == overlap.firstAtSeam.filter { !first.contains($0) })
    #expect(matching.secondCut == overlap.secondAtSeam.filter { !second.contains($0) })
    try expectNewLabels(layout, tiles)
  }

  /// Maps made of the tiles' labels, from a file with shuffled rows, relabel every voxel.
  private func expectNewLabels(_ layout: RandomLabels, _ tiles: [LabelTile]) throws {
    var random = SplitMix64(seed: 8)
    let map = LabelMap(
      layout.labels.map { labels in
        TileLabelMap(
          LabelSet(labels),
          newLabels: PackedLabels((1...labels.count).map { UInt64($0) }.shuffled(using: &random)))
      })
    let folder = try TemporaryFolder()
    try map.write(folder("m.csv"))
    var lines = String(decoding: try Files.read(folder("m.csv")), as: UTF8.self)
      .split(separator: "\n")
    lines[1...].shuffle(using: &random)
    let text = Array(lines.joined(separator: "\n").utf8)
    let read = try LabelMap.parse(text, path: "m.csv", tileCount: 2)
    #expect(read == map)
    for (number, tile) in tiles.enumerated() {
      let view = try tile.relabeled(with: read, atLeast: .uint16)
      let voxels = try view.block(of: view.bounds).values(UInt16.self).map { UInt64($0) }
      #expect(voxels == layout.tiles[number].values.map { map[number, $0] })
    }
  }
}
