import BrickCore
import BrickEngine
import BrickFiles
import BrickLabels
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct ObjectsJobTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func table(
    _ source: any Volume, tiles: [Box3]? = nil, memory: Int = 256 << 20, threads: Int = 2
  ) async throws -> [ObjectRecord] {
    let job = ObjectsJob(
      source: source, tiles: tiles, budget: MemoryBudget(byteCount: memory), threads: threads,
      cache: PieceCache(capacity: 0), scratchFolder: folder.path)
    return try await job.run().table.records()
  }

  /// The objects of a whole volume, found in one block without a job.
  private func expected(_ volume: any Volume) throws -> [ObjectRecord] {
    let collector = try ObjectCollector(
      type: volume.type, memory: 1 << 30, scratchFolder: folder.path)
    let block = try volume.block(of: volume.bounds)
    try collector.add(VoxelView(block))
    return try collector.finish().records()
  }

  private func labels(
    _ size: Index3, kinds: UInt32, using random: inout SplitMix64
  ) -> ArrayVolume {
    var last: UInt32 = 0
    return ArrayVolume(
      (0..<size.volume).map { _ in
        if Int.random(in: 0..<5, using: &random) == 0 {
          last = max(3, UInt32.random(in: 0..<kinds, using: &random)) - 3
        }
        return last
      }, size: size)
  }

  @Test func stitchedTilesGiveTheTableOfTheirComposite() async throws {
    var random = SplitMix64(seed: 41)
    for round in 0..<60 {
      // Few tiles that are cut along their faces, or so many that they are fused.
      let count = round % 6 == 0 ? 20 : Int.random(in: 1...5, using: &random)
      let tiles = (0..<count).map { _ in
        labels(.random(in: 1...40, using: &random), kinds: 50, using: &random)
      }
      let offsets = tiles.map { _ in
        Point3(
          x: Double(Int.random(in: 0...50, using: &random)),
          y: Double(Int.random(in: 0...50, using: &random)),
          z: Double(Int.random(in: 0...90, using: &random)))
      }
      let placement = try TilePlacement(offsets: offsets, sizes: tiles.map(\.size))
      let order = Bool.random(using: &random) ? nil : Array((0..<count).shuffled(using: &random))
      let volume = try StitchedVolume(
        tiles, placement: placement, fusion: .overwrite, order: order)
      let wanted = try expected(volume)
      #expect(
        try await table(volume, tiles: placement.boxes, threads: 1 + round % 4) == wanted,
        "round \(round)")
      #expect(try await table(volume) == wanted, "round \(round)")
    }
  }

  @Test func blocksOfAnySizeAndBudgetGiveOneTable() async throws {
    var random = SplitMix64(seed: 42)
    // Several rows of blocks along every axis, and more labels than the smallest table holds.
    let volume = labels(Index3(z: 70, y: 130, x: 700), kinds: 100_000, using: &random)
    let wanted = try expected(volume)
    for memory in [72 << 20, 96 << 20, 1 << 30] {
      #expect(try await table(volume, memory: memory) == wanted, "\(memory >> 20) MiB")
    }
  }

  @Test func anEmptyVolumeHasNoObjects() async throws {
    #expect(try await table(ArrayVolume([] as [UInt8], size: .zero)).isEmpty)
    #expect(
      try await table(ArrayVolume([0, 0] as [UInt8], size: Index3(z: 1, y: 1, x: 2))).isEmpty)
  }

  @Test func floatsAndTooLittleMemoryAreRefused() async throws {
    let floats = ArrayVolume([1] as [Float], size: .one)
    let error = await #expect(throws: BrickworkError.self) { try await table(floats) }
    #expect(error?.code == .badRequest)
    let volume = ArrayVolume([1] as [UInt8], size: .one)
    let little = await #expect(throws: BrickworkError.self) {
      try await table(volume, memory: 1 << 20)
    }
    #expect(little?.code == .outOfBudget)
  }
}
