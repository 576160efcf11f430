import BrickCore
import BrickLabels
import BrickTestSupport
import Testing

@Suite struct LabelKernelTests {
  @Test(arguments: RandomLabels.labelTypes)
  func theLabelsOfATileAreThoseOfASet(_ type: VoxelType) throws {
    var collector = LabelCollector()
    for seed in UInt64(0)..<100 {
      var random = SplitMix64(seed: seed)
      for (number, tile) in RandomLabels(type: type, using: &random).tiles.enumerated() {
        let labelled = try LabelTile(
          tile.volume, number: number, origin: tile.box.origin, name: "tile")
        var scratch = VoxelBlock()
        try tile.volume.withVoxels(of: tile.volume.bounds, scratch: &scratch) {
          try collector.add($0, of: labelled)
        }
        let found = collector.take()
        #expect(found == Set(tile.values).sorted(), "seed \(seed)")
        let set = LabelSet(found)
        #expect(set.hasBackground == tile.values.contains(0), "seed \(seed)")
        #expect(set.labels == found.filter { $0 != 0 }, "seed \(seed)")
      }
    }
  }

  @Test func aSetOfLabelsKnowsTheirPlaces() {
    for seed in UInt64(0)..<200 {
      var random = SplitMix64(seed: seed)
      let wide = Bool.random(using: &random)
      let labels = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        wide ? UInt64.random(using: &random) : UInt64.random(in: 0...80, using: &random)
      }
      let set = LabelSet(labels)
      let sorted = Set(labels).subtracting([0]).sorted()
      #expect(set.count == sorted.count && set.largest == sorted.last ?? 0)
      #expect(set.labels == sorted)
      for (place, label) in sorted.enumerated() {
        #expect(set.place(of: label) == place && set[place] == label, "seed \(seed)")
      }
      for label in UInt64(0)...81 where !sorted.contains(label) {
        #expect(set.place(of: label) == nil, "seed \(seed)")
      }
      #expect(set.place(of: .max) == (sorted.last == .max ? sorted.count - 1 : nil))
    }
  }

  @Test(arguments: RandomLabels.labelTypes + [nil])
  func sharedVoxelsAreThoseOfADictionary(_ type: VoxelType?) throws {
    var counter = OverlapCounter()
    for seed in UInt64(0)..<80 {
      var random = SplitMix64(seed: seed &+ 7)
      let layout = RandomLabels(type: type, using: &random)
      let tiles = try layout.labelTiles()
      let wanted = layout.sharedVoxels
      var found: [RandomLabels.Row: Int] = [:]
      for pair in TilePair.pairs(of: tiles.map(\.box)) {
        let overlap = try counter.count(pair, tiles)
        for row in overlap.pairs {
          found[.init(pair.first, row.labels.first, pair.second, row.labels.second)] = row.voxels
        }
        let rows = wanted.filter { $0.key.tile1 == pair.first && $0.key.tile2 == pair.second }
        for count in overlap.firstLabels {
          let sum = rows.filter { $0.key.label1 == count.label }.values.reduce(0, +)
          #expect(count.voxels == sum, "seed \(seed)")
        }
        for count in overlap.secondLabels {
          let sum = rows.filter { $0.key.label2 == count.label }.values.reduce(0, +)
          #expect(count.voxels == sum, "seed \(seed)")
        }
        #expect(
          overlap.labeledInEither
            == rows.filter { $0.key.label1 != 0 || $0.key.label2 != 0 }.values.reduce(0, +))
        #expect(overlap.firstAtSeam == layout.atSeam(pair.first, pair.second), "seed \(seed)")
        #expect(overlap.secondAtSeam == layout.atSeam(pair.second, pair.first), "seed \(seed)")
      }
      #expect(
        found == wanted.filter { $0.key.label1 != 0 && $0.key.label2 != 0 }, "seed \(seed)")
    }
  }

  @Test func aNegativeLabelIsNamed() throws {
    let size = Index3(z: 2, y: 3, x: 40)
    var voxels = [Int16](repeating: 5, count: size.volume)
    voxels[(1 * 3 + 2) * 40 + 33] = -7
    let volume = ArrayVolume(voxels, size: size)
    let tile = try LabelTile(volume, number: 4, origin: Index3(z: 9, y: 9, x: 9), name: "l.tif")
    let other = try LabelTile(
      ArrayVolume([UInt16](repeating: 1, count: size.volume), size: size), number: 5,
      origin: Index3(z: 9, y: 9, x: 9), name: "m.tif")
    let sentence =
      "l.tif, tile 4, voxel (z 1, y 2, x 33): the label is -7, but labels are not negative. "
      + "Correct the segmentation, or write it with an unsigned type"
    func expectSentence(_ body: () throws -> Void) {
      let error = #expect(throws: BrickworkError.self) { try body() }
      #expect(error?.description == sentence && error?.code == .damagedInput)
    }
    var scratch = VoxelBlock()
    expectSentence {
      var collector = LabelCollector()
      try volume.withVoxels(of: volume.bounds, scratch: &scratch) {
        try collector.add($0, of: tile)
      }
    }
    for tiles in [[tile, other], [other, tile]] {
      expectSentence {
        var counter = OverlapCounter()
        _ = try counter.count(TilePair(0, 1, box: tile.box), tiles)
      }
    }
    expectSentence {
      let map = TileLabelMap(LabelSet([5, 65529]), newLabels: PackedLabels([1, 2]))
      _ = try RelabeledVolume(tile, with: map).block(of: volume.bounds)
    }
  }

  @Test func floatsAreNoLabels() throws {
    let volume = ArrayVolume([Float](repeating: 1, count: 8), size: Index3(repeating: 2))
    let error = #expect(throws: BrickworkError.self) {
      try LabelTile(volume, number: 3, origin: .zero, name: "l.tif")
    }
    #expect(
      error?.description == "l.tif, tile 3: holds float32 voxels, but labels are whole numbers. "
        + "Write the segmentation with an integer type, uint8 to uint64")
  }
}

extension RandomLabels {
  func labelTiles() throws -> [LabelTile] {
    try tiles.enumerated().map {
      try LabelTile($1.volume, number: $0, origin: $1.box.origin, name: "tile \($0)")
    }
  }

  /// Labels of a tile on a face of it beyond which the other one goes on.
  func atSeam(_ tile: Int, _ other: Int) -> [UInt64] {
    let (a, b) = (tiles[tile].box, tiles[other].box)
    var found: Set<UInt64> = []
    a.intersection(b).forEachPosition { position in
      let isCut = (0..<3).contains { axis in
        (position[axis] == a.origin[axis] && b.origin[axis] < a.origin[axis])
          || (position[axis] == a.end[axis] - 1 && b.end[axis] > a.end[axis])
      }
      if isCut { found.insert(label(tile, at: position)) }
    }
    return found.subtracting([0]).sorted()
  }
}

extension OverlapCounter {
  /// Counts a whole overlap, in two parts where it can be cut.
  mutating func count(_ pair: TilePair, _ tiles: [LabelTile]) throws -> TileOverlap {
    let (a, b) = (tiles[pair.first], tiles[pair.second])
    var sum = OverlapSum()
    let half = pair.box.size.y / 2
    for rows in [(0, half), (half, pair.box.size.y)] {
      var box = pair.box
      box.origin.y += rows.0
      box.size.y = rows.1 - rows.0
      var scratch = VoxelBlock()
      var block = VoxelBlock()
      try a.volume.withVoxels(
        of: box.translated(by: .zero - a.box.origin), scratch: &scratch
      ) { first in
        block.reshape(to: box.translated(by: .zero - b.box.origin), type: b.volume.type)
        try b.volume.read(into: &block)
        try add(first, VoxelView(block), of: (a, b))
      }
      sum.add(take())
    }
    return TileOverlap(pair, sum.sorted())
  }
}
