import BrickCore
import BrickEngine
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct HarmoniseJobTests {
  /// A grid of 3×3 tiles of one scene with camera noise, each as bright as its factor says.
  private func tiles(
    _ type: VoxelType, factors: [Double], offsets: [Double] = Array(repeating: 0, count: 9),
    noise: Double = 0.03, seed: UInt64 = 1
  ) throws -> (volumes: [any Volume], boxes: [Box3]) {
    var random = SplitMix64(seed: seed)
    let size = Index3(z: 12, y: 50, x: 60)
    // Bytes hold less than wider types.
    let scale = type.byteCount == 1 ? 0.02 : 1
    var volumes: [any Volume] = []
    var boxes: [Box3] = []
    for tile in 0..<9 {
      let box = Box3(origin: Index3(z: tile % 2, y: tile / 3 * 39, x: tile % 3 * 47), size: size)
      var values: [Double] = []
      box.forEachPosition { place in
        let hill = Double((place.x * 7 + place.y * 3) % 97 + (place.z * 11 + place.y) % 31)
        let wave = 600 + 12 * hill + 3 * Double(place.x + place.y)
        let spread =
          Double.random(in: -1...1, using: &random) + Double.random(in: -1...1, using: &random)
        values.append(scale * ((wave * (1 + noise * spread)) * factors[tile] + offsets[tile]))
      }
      volumes.append(ArrayVolume(values, size: size).converted(to: type))
      boxes.append(box)
    }
    return (volumes, boxes)
  }

  private func gains(
    _ tiles: (volumes: [any Volume], boxes: [Box3]), _ kind: Harmonisation = .gain,
    threads: Int = 2, memory: Int = 256 << 20, pieceVoxels: Int? = nil
  ) async throws -> TileGains {
    try await HarmoniseJob(
      tiles.volumes, boxes: tiles.boxes, kind, budget: MemoryBudget(byteCount: memory),
      threads: threads, cache: PieceCache(capacity: 0), pieceVoxels: pieceVoxels
    ).run()
  }

  private let factors = [1, 0.8, 1.2, 1.1, 0.9, 1.05, 0.85, 1.15, 0.95]

  @Test(arguments: VoxelType.allCases)
  func knownGainsAreRecoveredToAPercent(_ type: VoxelType) async throws {
    let found = try await gains(tiles(type, factors: factors))
    let products = zip(found.adjustments, factors).map { $0.gain * $1 }
    let mean = products.reduce(0, +) / 9
    for product in products { #expect(abs(product / mean - 1) < 0.01, "\(products)") }
    #expect(found.seams.count == 20)
    for seam in found.seams {
      #expect(abs(found.residual(of: seam, adjusted: true) ?? 1) < 0.01)
    }
  }

  @Test func aSetWithoutDifferencesIsLeftAlone() async throws {
    for (noise, seed) in [(0, 1), (0.03, 2), (0.1, 3), (0.03, 4)] as [(Double, UInt64)] {
      for kind in Harmonisation.allCases {
        let set = try tiles(
          .uint16, factors: Array(repeating: 1, count: 9), noise: noise, seed: seed)
        let found = try await gains(set, kind)
        #expect(found.adjustments.allSatisfy { $0.isIdentity }, "noise \(noise) \(kind)")
      }
    }
  }

  @Test func offsetsAreFoundBesideGains() async throws {
    let offsets: [Double] = [0, 100, -80, 50, 0, 120, -60, 30, 90]
    let set = try tiles(.uint16, factors: factors, offsets: offsets, noise: 0.005)
    let found = try await gains(set, .gainAndOffset)
    for seam in found.seams {
      #expect(abs(found.residual(of: seam, adjusted: true) ?? 1) < 0.01)
    }
    let products = zip(found.adjustments, factors).map { $0.gain * $1 }
    #expect((products.max() ?? 9) / (products.min() ?? 1) < 1.02, "\(products)")
  }

  @Test func saturatedVoxelsAndZerosDoNotCount() async throws {
    var set = try tiles(.uint16, factors: factors)
    // A quarter of each tile is overexposed, and some of it was not imaged.
    set.volumes = try set.volumes.map { volume in
      var voxels = try volume.block(of: volume.bounds).values(UInt16.self)
      for place in voxels.indices {
        if place / 60 % 4 == 0 { voxels[place] = .max }
        if place % 9 == 0 { voxels[place] = 0 }
      }
      return ArrayVolume(voxels, size: volume.size)
    }
    let products = zip(try await gains(set).adjustments, factors).map { $0.gain * $1 }
    #expect((products.max() ?? 9) / (products.min() ?? 1) < 1.01, "\(products)")
  }

  @Test func everyPieceAndNumberOfThreadsGivesOneResult() async throws {
    for type in [VoxelType.uint16, .float32] {
      let set = try tiles(type, factors: factors)
      let first = try await gains(set, .gainAndOffset, threads: 1)
      for (threads, memory, voxels) in [
        (3, 256 << 20, nil), (2, 64 << 20, 100), (4, 1 << 30, 3000),
      ]
        as [(Int, Int, Int?)]
      {
        let found = try await gains(
          set, .gainAndOffset, threads: threads, memory: memory, pieceVoxels: voxels)
        #expect(found == first, "\(threads) threads")
      }
    }
  }

  @Test func tilesThatDoNotOverlapAndTooLittleMemory() async throws {
    var set = try tiles(.uint8, factors: factors)
    set.boxes = set.boxes.enumerated().map {
      $1.translated(by: Index3(z: 100 * $0, y: 0, x: 0))
    }
    let found = try await gains(set)
    #expect(found.adjustments.allSatisfy { $0.isIdentity } && found.seams.isEmpty)
    let tiles = try tiles(.uint8, factors: factors)
    let error = await #expect(throws: BrickworkError.self) {
      try await gains(tiles, memory: 1 << 20)
    }
    #expect(error?.code == .outOfBudget)
  }
}
