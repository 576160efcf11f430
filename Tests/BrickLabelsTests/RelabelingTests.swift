import BrickCore
import BrickFiles
import BrickLabels
import BrickTestSupport
import Testing

@Suite struct RelabelingTests {
  /// A map of a tile's labels to random new ones, now and then 0.
  private func map(
    _ labels: [UInt64], largest: UInt64, using random: inout some RandomNumberGenerator
  ) -> TileLabelMap {
    // More labels than there are: a map may come from elsewhere.
    let all = Set(labels + (0..<3).map { _ in UInt64.random(in: 1...300, using: &random) }).sorted()
    return TileLabelMap(
      LabelSet(all),
      newLabels: PackedLabels(
        all.map { _ in
          Int.random(in: 0..<5, using: &random) == 0
            ? [0, largest].randomElement(using: &random) ?? 0
            : UInt64.random(in: 1...largest, using: &random)
        }))
  }

  @Test(arguments: RandomLabels.labelTypes)
  func newLabelsAreThoseOfALookUpPerVoxel(_ type: VoxelType) throws {
    let limits: [UInt64] = [255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, .max]
    for seed in UInt64(0)..<60 {
      var random = SplitMix64(seed: seed)
      for (number, tile) in RandomLabels(type: type, using: &random).tiles.enumerated() {
        let largest = limits.randomElement(using: &random) ?? 255
        let map = map(
          Set(tile.values).subtracting([0]).sorted(), largest: largest, using: &random)
        let volume = try LabelTile(
          tile.volume, number: number, origin: .zero, name: "t"
        ).relabeled(with: LabelMap(Array(repeating: map, count: number + 1)))
        let block = try volume.block(of: volume.bounds)
        let found: [UInt64] =
          switch volume.type {
          case .uint8: block.values(UInt8.self).map { UInt64($0) }
          case .uint16: block.values(UInt16.self).map { UInt64($0) }
          case .uint32: block.values(UInt32.self).map { UInt64($0) }
          default: block.values(UInt64.self)
          }
        #expect(found == tile.values.map { map[$0] }, "seed \(seed)")
        try checkVolumeLaws(of: volume, using: &random, boxes: 3)
      }
    }
  }

  @Test func longRowsAndSparseLabelsAreRelabelled() throws {
    for (seed, spread) in [(UInt64(1), UInt64(1)), (2, 1 << 40), (3, 997), (4, 1 << 33)] {
      var random = SplitMix64(seed: seed)
      var values: [UInt64] = []
      while values.count < 3 * 5 * 333 {
        let label = UInt64.random(in: 0...40, using: &random) &* spread
        values += Array(repeating: label, count: Int.random(in: 1...50, using: &random))
      }
      values = Array(values.prefix(3 * 5 * 333))
      let volume = ArrayVolume(values, size: Index3(z: 3, y: 5, x: 333))
      let labels = Set(values).subtracting([0]).sorted()
      let map = TileLabelMap(
        LabelSet(labels), newLabels: PackedLabels((1...labels.count).map { UInt64($0) }))
      let tile = try LabelTile(volume, number: 0, origin: .zero, name: "t")
      let view = try RelabeledVolume(tile, with: map)
      #expect(view.type == .uint8)
      #expect(
        try view.block(of: view.bounds).values(UInt8.self).map { UInt64($0) }
          == values.map { map[$0] })
    }
  }

  @Test(arguments: [VoxelType.uint8, .uint16, .uint32, .uint64, .int16, .int64])
  func aLabelWithoutANewOneIsNamed(_ type: VoxelType) throws {
    for labels in [[UInt64(1), 2], [1, 2, 100], [1, 2, type == .uint64 ? .max : 126]] {
      var values = [UInt64](repeating: 1, count: 2 * 3 * 40)
      values[(1 * 3 + 0) * 40 + 21] = 3
      let tile = try LabelTile(
        RandomLabels.volume(values, type, Index3(z: 2, y: 3, x: 40)), number: 0, origin: .zero,
        name: "l.tif")
      let set = LabelSet(labels)
      let view = try RelabeledVolume(
        tile,
        with: TileLabelMap(set, newLabels: PackedLabels(Array(repeating: 1, count: set.count))))
      let error = #expect(throws: BrickworkError.self) { _ = try view.block(of: view.bounds) }
      #expect(
        error?.description == "l.tif, tile 0, voxel (z 1, y 0, x 21): the label 3 has no new label "
          + "in the map. Take the map made from these tiles, or add a row for the label")
      // The part without it reads.
      #expect(
        try view.block(of: Box3(size: Index3(z: 1, y: 3, x: 40))).values(UInt8.self)
          == Array(repeating: 1, count: 120))
    }
  }

  @Test func theSmallestTypeHoldsTheLargestLabelAndNoneWraps() throws {
    let tile = try LabelTile(
      ArrayVolume([UInt8(1)], size: .one), number: 0, origin: .zero, name: "t")
    for (label, type) in [
      (255, .uint8), (256, .uint16), (65535, .uint16), (65536, .uint32),
      (UInt64(UInt32.max), .uint32),
      (1 << 32, .uint64), (.max, .uint64),
    ] as [(UInt64, VoxelType)] {
      let map = LabelMap([TileLabelMap(LabelSet([1]), newLabels: PackedLabels([label]))])
      #expect(try tile.relabeled(with: map).type == type)
      #expect(
        try tile.relabeled(with: map, atLeast: .uint32).type
          == (type == .uint64 ? .uint64 : .uint32))
      #expect(throws: BrickworkError.self) {
        try RelabeledVolume(tile, with: map.tiles[0], type: .int64)
      }
      if type != .uint8 {
        let error = #expect(throws: BrickworkError.self) {
          try RelabeledVolume(tile, with: map.tiles[0], type: .uint8)
        }
        #expect(error?.description.contains("the new label \(label) does not fit uint8") == true)
      }
    }
  }

  @Test func aMapComesBackFromItsFile() throws {
    let folder = try TemporaryFolder()
    for seed in UInt64(0)..<40 {
      var random = SplitMix64(seed: seed)
      let tiles = RandomLabels(type: nil, using: &random).labels.map { labels in
        map(labels, largest: seed % 2 == 0 ? 70000 : .max, using: &random)
      }
      let written = LabelMap(tiles)
      try written.write(folder("map.csv"))
      #expect(try LabelMap.read(folder("map.csv"), tileCount: tiles.count) == written)
      // The rows in another order say the same.
      let lines = String(decoding: try Files.read(folder("map.csv")), as: UTF8.self)
        .split(separator: "\n")
      #expect(lines[0] == "tile,label,new_label")
      let shuffled = [lines[0]] + lines[1...].shuffled(using: &random)
      let text = shuffled.joined(separator: "\r\n")
      #expect(
        try LabelMap.parse(Array(text.utf8), path: "m.csv", tileCount: tiles.count) == written)
    }
  }

  @Test(arguments: [
    ("", "line 1: the file is empty"),
    ("tile,label\n", "line 1: the columns are 'tile,label'"),
    ("tile,label,new_label\n0,1\n", "line 2: there are fewer than three numbers"),
    ("tile,label,new_label\n0,1,2,3\n", "line 2: something follows the third number"),
    ("tile,label,new_label\n0,x,2\n", "line 2: a field is not a whole number from 0 on"),
    ("tile,label,new_label\n0,-1,2\n", "line 2: a field is not a whole number from 0 on"),
    ("tile,label,new_label\n0,1.5,2\n", "line 2: a field is not a whole number"),
    (
      "tile,label,new_label\n\n0,1,18446744073709551616\n",
      "line 3: a number is larger than 2⁶⁴ − 1"
    ),
    ("tile,label,new_label\n2,1,1\n", "line 2: tile 2 is named, but there are 2, counted from 0"),
    ("tile,label,new_label\n0,0,1\n", "line 2: background (label 0) can't become label 1"),
    (
      "tile,label,new_label\n1,5,1\n1,4,1\n1,5,2\n",
      "tile 1, label 5: the label stands in more than one row"
    ),
    (
      "tile,label,new_label\n1,5,1\n1,5,2\n",
      "tile 1, label 5: the label stands in more than one row"
    ),
  ])
  func aDamagedMapIsRefused(_ text: String, _ reason: String) {
    let error = #expect(throws: BrickworkError.self) {
      try LabelMap.parse(Array(text.utf8), path: "m.csv", tileCount: 2)
    }
    #expect(error?.code == .damagedInput)
    #expect(error?.description.hasPrefix("m.csv, " + reason) == true, "\(error?.description ?? "")")
  }
}
