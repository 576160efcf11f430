import BrickCore
import BrickTestSupport
import Testing

@Suite struct NoiseTests {
  private func values<V: Voxel>(
    _: V.Type, amplitude: Double, size: Index3 = Index3(repeating: 20), seed: UInt64 = 1,
    stream: Int = 0
  ) throws -> [V] {
    let noise = try NoiseVolume(
      type: V.voxelType, size: size, amplitude: amplitude, seed: seed, stream: stream)
    return try noise.block(of: noise.bounds).values(V.self)
  }

  @Test(arguments: VoxelType.allCases)
  func anyBoxReadsTheSame(_ type: VoxelType) throws {
    var random = SplitMix64(seed: 3)
    for amplitude in [0, 1, 100, NoiseVolume.largestAmplitude(of: type)] {
      let noise = try NoiseVolume(
        type: type, size: Index3(z: 5, y: 6, x: 7), amplitude: amplitude, seed: 9, stream: 2)
      try checkVolumeLaws(of: noise, using: &random)
    }
  }

  @Test func voxelsAreTheDrawsOfSplitMix64() throws {
    // The generator's own stream, from the point that seed and stream choose.
    func mixed(_ state: UInt64) -> UInt64 {
      var generator = SplitMix64(seed: state &- 0x9E37_79B9_7F4A_7C15)
      return generator.next()
    }
    let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    var generator = SplitMix64(seed: mixed(mixed(7 &+ step) ^ 3 &* step))
    let draws = (0..<8000).map { _ in generator.next() }
    #expect(
      try values(UInt16.self, amplitude: 1000, seed: 7, stream: 3)
        == draws.map { UInt16($0.multipliedFullWidth(by: 1000).high) })
    #expect(
      try values(Float.self, amplitude: 0.5, seed: 7, stream: 3)
        == draws.map { Float($0 >> 40) / 16_777_216 * 0.5 })
    #expect(
      try values(Double.self, amplitude: 3, seed: 7, stream: 3)
        == draws.map { Double($0 >> 11) / 9_007_199_254_740_992 * 3 })
  }

  @Test func valuesFillTheRangeEvenly() throws {
    func check<V: Voxel>(_: V.Type, _ amplitude: Double) throws {
      let values = try values(V.self, amplitude: amplitude).map(\.asDouble)
      #expect(values.allSatisfy { $0 >= 0 && $0 < amplitude }, "\(V.voxelType)")
      let mean = values.reduce(0) { $0 + $1 / 8000 }
      #expect(abs(mean / amplitude - 0.5) < 0.02, "\(V.voxelType) \(amplitude)")
      var counts = [Int](repeating: 0, count: 8)
      for value in values { counts[Int(value / amplitude * 8)] += 1 }
      #expect(counts.allSatisfy { abs($0 - 1000) < 150 }, "\(V.voxelType) \(amplitude)")
    }
    try check(UInt8.self, 256)
    try check(UInt8.self, 200)
    try check(Int8.self, 128)
    try check(UInt16.self, 65536)
    try check(Int16.self, 32768)
    try check(UInt32.self, 0x1p32)
    try check(Int32.self, 1e9)
    try check(UInt64.self, 0x1p63)
    try check(Int64.self, 0x1p62)
    try check(Float.self, 1)
    try check(Float.self, 1e-30)
    try check(Float.self, 3e38)
    try check(Double.self, 0.1)
  }

  @Test func seedsAndStreamsDiffer() throws {
    let all = try [(1, 0), (2, 0), (1, 1), (1, 2), (0, 0)].map {
      try values(UInt64.self, amplitude: 0x1p63, seed: UInt64($0.0), stream: $0.1)
    }
    #expect(Set(all.flatMap { $0 }).count == 5 * 8000)
  }

  @Test func amplitudesThatATypeHasNotAreRefused() {
    for (type, amplitude) in [
      (.uint8, 257), (.uint8, 1.5), (.int8, 129), (.uint16, -1), (.float32, 1e39), (.float64, .nan),
      (.float64, .infinity), (.int64, 0x1p64),
    ] as [(VoxelType, Double)] {
      #expect { try NoiseVolume(type: type, size: .one, amplitude: amplitude, seed: 0) } throws: {
        ($0 as? BrickworkError)?.code == .badRequest
      }
    }
  }
}
