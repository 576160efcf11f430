import BrickCore
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct TileGainsTests {
  private func seam(_ first: Int, _ second: Int, ratio: Double, noise: Double = 0.001)
    -> SeamStatistics
  {
    let cells = (0..<64).map { place in
      let wave = place % 2 == 0 ? 1 + noise : 1 - noise
      return SeamCell(
        place: place, count: 64, first: 64 * Double(100 + place),
        second: 64 * Double(100 + place) * ratio * wave)
    }
    return SeamStatistics(first: first, second: second, cells: cells, cellVoxels: 64)
  }

  @Test func aLongChainIsSolved() {
    var random = SplitMix64(seed: 1)
    let count = 3000
    let brightness = (0..<count).map { _ in Double.random(in: 0.8...1.2, using: &random) }
    let seams = (1..<count).map {
      seam($0 - 1, $0, ratio: brightness[$0] / brightness[$0 - 1], noise: 0)
    }
    let gains = TileGains(seams, count: count, .gain).adjustments.map(\.gain)
    let products = zip(gains, brightness).map { $0 * $1 }
    #expect((products.max() ?? 0) / (products.min() ?? 0) < 1.001)
    #expect(abs(gains.reduce(0, +) / Double(count) - 1) < 1e-9)
  }

  @Test func tilesWithoutSeamsAndGroupsAreLeftAlone() {
    // Two pairs and a tile on its own; the first pair does not differ.
    let gains = TileGains(
      [seam(0, 1, ratio: 1.0001), seam(3, 4, ratio: 1.5)], count: 5, .gain
    ).adjustments
    #expect(gains[0].isIdentity && gains[1].isIdentity && gains[2].isIdentity)
    #expect(abs(gains[3].gain / gains[4].gain - 1.5) < 0.001)
    #expect(abs(gains[3].gain + gains[4].gain - 2) < 1e-9)
  }

  @Test func aSeamThatDisagreesLosesItsSay() {
    let brightness = [1, 1.2, 0.9, 1.1]
    var seams: [SeamStatistics] = []
    for a in 0..<4 {
      for b in a + 1..<4 { seams.append(seam(a, b, ratio: brightness[b] / brightness[a])) }
    }
    seams[0] = seam(0, 1, ratio: 3)
    let gains = TileGains(seams, count: 4, .gain).adjustments.map(\.gain)
    for (gain, own) in zip(gains, brightness) {
      #expect(abs(gain * own / (gains[2] * brightness[2]) - 1) < 0.01)
    }
  }

  @Test func cellsThatDisagreeHaveNoSay() {
    var cells = (0..<60).map {
      SeamCell(place: $0, count: 64, first: 6400, second: 6400 * 1.25)
    }
    for place in 0..<15 { cells[place].second *= place % 2 == 0 ? 8 : 3 }
    let statistics = SeamStatistics(first: 0, second: 1, cells: cells, cellVoxels: 64)
    #expect(abs(statistics.logRatio - 0.223143551314) < 1e-6)
    let nothing = SeamStatistics(first: 0, second: 1, cells: [], cellVoxels: 64)
    #expect(nothing.logRatioError == .infinity)
    #expect(TileGains([nothing], count: 2, .gainAndOffset).adjustments.allSatisfy { $0.isIdentity })
  }
}
