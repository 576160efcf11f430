import BrickLabels
import BrickTestSupport
import Testing

@Suite struct LabelOriginsTests {
  /// The tiles of each new label, by a dictionary.
  private func expectOrigins(_ map: LabelMap, _ place: String) {
    var wanted: [UInt64: Set<Int>] = [:]
    for (number, tile) in map.tiles.enumerated() {
      for place in 0..<tile.labels.count where tile.newLabels[place] != 0 {
        wanted[tile.newLabels[place], default: []].insert(number)
      }
    }
    let tiles = LabelOrigins(map).ascending()
    // Labels that nobody has are asked for too, now and then.
    for label in Set(wanted.keys.flatMap { [$0, max($0, $0 &+ 1)] }).sorted() {
      #expect(tiles(label) == (wanted[label] ?? []).sorted(), "label \(label), \(place)")
    }
  }

  @Test func joinedLabelsComeFromAllTheirTiles() throws {
    for seed in UInt64(0)..<60 {
      var random = SplitMix64(seed: seed)
      let layout = RandomLabels(type: nil, using: &random)
      let new = layout.newLabels(minimumVoxels: 1, minimumFraction: 0)
      let map = LabelMap(
        new.map { labels in
          let old = labels.keys.sorted()
          return TileLabelMap(LabelSet(old), newLabels: PackedLabels(old.compactMap { labels[$0] }))
        })
      expectOrigins(map, "seed \(seed)")
    }
  }

  @Test func mapsFromElsewhereMayNumberAsTheyLike() throws {
    for seed in UInt64(0)..<60 {
      var random = SplitMix64(seed: seed)
      let limits: [UInt64] = [3, 8, 600, .max]
      let most = limits.randomElement(using: &random) ?? 8
      let map = LabelMap(
        (0..<Int.random(in: 0...5, using: &random)).map { _ in
          let count = Int.random(in: 0...400, using: &random)
          let new = (0..<count).map { _ in
            Int.random(in: 0..<9, using: &random) == 0
              ? most : UInt64.random(in: 0...most, using: &random)
          }
          return TileLabelMap(
            LabelSet((0..<count).map { UInt64($0) + 1 }), newLabels: PackedLabels(new))
        })
      expectOrigins(map, "seed \(seed)")
      #expect(
        LabelOrigins.byteCount(for: map) <= map.tiles.reduce(8) { $0 + 8 + 32 * $1.labels.count })
    }
  }
}
