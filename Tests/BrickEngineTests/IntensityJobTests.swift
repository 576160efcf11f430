import BrickCore
import BrickEngine
import BrickTestSupport
import Testing

/// What the job should find, from all voxels sorted.
private struct Expected: Equatable {
  var count = 0
  var nanCount = 0
  var minimum: Double?
  var maximum: Double?
  var percentiles: [Double] = []

  init<V: Voxel>(_ voxels: [V], _ percentiles: [Double]) {
    let sorted = voxels.filter { $0 == $0 }.sorted()
    count = sorted.count
    nanCount = voxels.count - sorted.count
    minimum = sorted.first?.asDouble
    maximum = sorted.last?.asDouble
    guard !sorted.isEmpty else { return }
    self.percentiles = percentiles.map { p in
      let place = Double(sorted.count - 1) * (p / 100)
      let lower = Int(place)
      let (a, b) = (sorted[lower].asDouble, sorted[min(lower + 1, sorted.count - 1)].asDouble)
      let t = place - Double(lower)
      return a == b || t == 0 ? a : t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
    }
  }

  /// NaN lies between infinities of both signs; between 64-bit integers doubles are off, which tests of `BrickCore`
  /// look at.
  func isSame(as found: IntensityStatistics) -> Bool {
    let slack: Double = found.type == .int64 || found.type == .uint64 ? 8192 : 0
    return count == found.count && nanCount == found.nanCount && minimum == found.minimum?.asDouble
      && maximum == found.maximum?.asDouble
      && percentiles.count == found.percentiles.count
      && zip(percentiles, found.percentiles).allSatisfy {
        $0 == $1 || abs($0 - $1) <= slack || $0.isNaN && $1.isNaN
      }
  }
}

/// Each number from 0 to 2²⁴ − 1 once, in a scattered order.
private struct Scattered: Volume {
  let type: VoxelType
  let size = Index3(z: 16, y: 1024, x: 1024)

  func read(into block: inout VoxelBlock) throws {
    switch type {
    case .float32: fill(&block) { Float($0) }
    case .uint32: fill(&block) { UInt32($0) }
    default: fill(&block) { Double($0) * 0.5 }
    }
  }

  private func fill<V: Voxel>(_ block: inout VoxelBlock, _ value: (Int) -> V) {
    let box = block.box
    var voxels = block.mutableVoxels(as: V.self)
    var i = 0
    box.forEachPosition { position in
      let place = (position.z << 20) + (position.y << 10) + position.x
      // Each step can be undone within 24 bits, so no number comes twice.
      var mixed = (place ^ place >> 13) &* 7_654_321 & (1 << 24 - 1)
      mixed = (mixed ^ mixed >> 11) &* 9_371_293 & (1 << 24 - 1)
      voxels[i] = value(mixed ^ mixed >> 12)
      i += 1
    }
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }
}

@Suite struct IntensityJobTests {
  private static let percentiles: [Double] = [0, 1, 37.5, 50, 99.9, 100]

  private func job(
    _ tiles: [IntensityJob.Tile], memory: Int = 256 << 20, threads: Int = 2, bins: Int? = nil,
    percentiles: [Double] = IntensityJobTests.percentiles,
    cache: PieceCache = PieceCache(capacity: 0)
  ) throws -> IntensityJob {
    try IntensityJob(
      tiles, percentiles: percentiles, bins: bins, budget: MemoryBudget(byteCount: memory),
      threads: threads, cache: cache)
  }

  @Test(arguments: VoxelType.allCases) func allAndEachTileAreThoseOfTheirSortedVoxels(
    type: VoxelType
  ) async throws {
    func run<V: Voxel>(_: V.Type) async throws {
      for seed in 0..<UInt64(6) {
        var random = SplitMix64(seed: seed)
        let channels = Int.random(in: 1...2, using: &random)
        var all = Array(repeating: [V](), count: channels)
        var each: [[[V]]] = []
        let paged = Bool.random(using: &random)
        let cache = PieceCache(capacity: 0)
        let tiles = (0..<Int.random(in: 1...3, using: &random)).map { _ in
          let size = Index3.random(in: 0...9, using: &random)
          var own = Array(repeating: [V](), count: channels)
          let volumes = (0..<Int.random(in: 1...2, using: &random)).map { _ in
            (0..<channels).map { channel -> any Volume in
              let values = [V].random(count: size.volume, using: &random)
              own[channel] += values
              let volume = ArrayVolume(values, size: size)
              return paged ? PagedVolume(volume, cache: cache) : volume
            }
          }
          for channel in 0..<channels { all[channel] += own[channel] }
          each.append(own)
          return IntensityJob.Tile(volumes)
        }
        let threads = Int.random(in: 1...4, using: &random)
        let bins = Bool.random(using: &random) ? 5 : nil
        let job = try job(
          tiles, memory: (128 + 64 * Int(seed)) << 20, threads: threads, bins: bins, cache: cache)
        let result = try await job.run(perTile: true)
        let whole = try await job.run()
        for channel in 0..<channels {
          let wanted = Expected(all[channel], Self.percentiles)
          #expect(wanted.isSame(as: result.channels[channel]), "seed \(seed)")
          #expect(wanted.isSame(as: whole.channels[channel]), "seed \(seed)")
          #expect(
            whole.channels[channel].mean?.bitPattern == result.channels[channel].mean?.bitPattern)
          #expect(whole.channels[channel].bins == result.channels[channel].bins)
          for (tile, own) in each.enumerated() {
            let wanted = Expected(own[channel], Self.percentiles)
            #expect(wanted.isSame(as: result.tiles[tile][channel]), "tile \(tile), seed \(seed)")
          }
        }
      }
    }
    try await run(type.swiftType)
  }

  @Test(arguments: [VoxelType.float32, .uint32, .float64])
  func aGuessSavesThePassesAfterTheFirst(type: VoxelType) async throws {
    let percentiles: [Double] = [0, 5, 50, 95, 100]
    let job = try job([.init([[Scattered(type: type)]])], percentiles: percentiles)
    let result = try await job.run()
    let scale = type == .float64 ? 0.5 : 1.0
    let wanted = percentiles.map { Double(1 << 24 - 1) * ($0 / 100) * scale }
    for (found, wanted) in zip(result.channels[0].percentiles, wanted) {
      #expect(abs(found - wanted) <= wanted * 1e-15)
    }
    #expect(result.channels[0].mean == Double(1 << 24 - 1) / 2 * scale)
    #expect(result.passes == (type == .float64 ? 2 : 1))
  }

  @Test func manyPercentilesAreNarrowedInSeveralPasses() async throws {
    let percentiles = (0...400).map { Double($0) / 4 }
    var random = SplitMix64(seed: 3)
    let values = [Double].random(count: 4000, using: &random).filter(\.isFinite)
    let volume = ArrayVolume(values, size: Index3(z: 1, y: 1, x: values.count))
    let tight = try job([.init([[volume]])], memory: 128 << 20, percentiles: percentiles)
    #expect(Expected(values, percentiles).isSame(as: try await tight.run().channels[0]))
  }

  @Test func requestsThatMakeNoSenseAreRefused() throws {
    let bytes = ArrayVolume([1] as [UInt8], size: .one)
    let shorts = ArrayVolume([1] as [UInt16], size: .one)
    let types = #expect(throws: BrickworkError.self) {
      try job([.init([[bytes]]), .init([[shorts]])])
    }
    #expect(types?.code == .badRequest && types?.place == "tile 1")
    #expect(throws: BrickworkError.self) { try job([]) }
    #expect(throws: BrickworkError.self) { try job([.init([[bytes]])], percentiles: [101]) }
    let memory = #expect(throws: BrickworkError.self) {
      try job([.init([[bytes]])], memory: 1 << 20)
    }
    #expect(memory?.code == .outOfBudget)
  }
}
