import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// Some small tiles of random sizes and types, each with a position.
private struct Tiles: Sendable {
  var tiles: [ImportJob.Tile] = []
  var layout = ImportJob.Layout()

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    layout.brick = Index3(z: pick(1...3), y: pick(1...4), x: pick(1...4))
    // Several items per tile, without hundreds of files.
    layout.shard = layout.brick.map { $0 * Index3(z: 4, y: 8, x: 4) }
    layout.levels = .exactly(pick(1...3))
    for number in 0..<pick(1...4) {
      let type = VoxelType.allCases[pick(0...9)]
      let size = Index3(z: pick(1...30), y: pick(1...30), x: pick(1...30))
      let channels = pick(1...2)
      let sources = (0..<channels).map { _ in RandomLayout.tile(type, size, using: &random).0 }
      let position = Point3(x: Double(pick(-3...9)) / 2, y: 0, z: Double(number))
      tiles.append(
        ImportJob.Tile(
          sources: sources, leading: LeadingAxes(channels: channels > 1 ? channels : nil),
          description: StoreDescription(
            name: "tile \(number)", voxelSize: VoxelSize(x: 0.5, y: 0.5, z: 2),
            channelNames: (0..<channels).map { "c\($0)" }, position: position,
            source: ["seed": .integer(Int64(seed))])))
    }
  }

  func job(
    _ path: String, threads: Int = 3, memory: Int = 256 << 20,
    cache: PieceCache = PieceCache(capacity: 0),
    through view: (any Volume) -> any Volume = { $0 }
  ) throws -> ImportJob {
    let seen = tiles.map { tile in
      var tile = tile
      tile.sources = tile.sources.map(view)
      return tile
    }
    return try ImportJob(
      path: path, tiles: seen, layout: layout, budget: MemoryBudget(byteCount: memory),
      threads: threads, cache: cache)
  }
}

private func expectSame(_ a: String, _ b: String, _ what: Comment) throws {
  let (a, b) = (try contents(of: a), try contents(of: b))
  #expect(a.keys.sorted() == b.keys.sorted(), what)
  for (path, bytes) in a { #expect(b[path] == bytes, "\(path): \(what)") }
}

@Suite struct ImportJobTests {
  @Test(arguments: 0..<12) func eachTileBecomesAnImageWithItsPosition(seed: UInt64) async throws {
    let folder = try TemporaryFolder()
    let (store, tiles) = (folder("s.zarr"), Tiles(seed: seed))
    let summary = try await tiles.job(store).run()
    #expect(!summary.wasComplete && summary.keptTiles == 0 && summary.keptItems == 0)
    for (number, tile) in tiles.tiles.enumerated() {
      let image = try OMEZarrImage("\(store)/\(number)", cache: PieceCache(capacity: 0))
      #expect(image.info.name == tile.description.name)
      #expect(image.info.channelNames == tile.description.channelNames)
      #expect(image.info.voxelSize == tile.description.voxelSize)
      let place = try #require(tile.description.position)
      #expect(image.levels[0].translation == place)
      #expect(
        image.attributes["brickwork"]?["position_um_xyz"]?.doubleArrayValue
          == [place.x, place.y, place.z])
      for (channel, source) in tile.sources.enumerated() {
        let volume = try image.volume(channel: channel, timepoint: 0)
        let stored = try volume.block(of: volume.bounds)
        let isSame = stored.hasSameBytes(as: try source.block(of: source.bounds))
        #expect(isSame)
      }
    }
    let group = try JSON(parsing: try Files.read("\(store)/zarr.json"), path: "zarr.json")
    #expect(
      group["attributes"]?["ome"] == ["version": "0.5", "bioformats2raw.layout": 3])
    let list = try JSON(parsing: try Files.read("\(store)/OME/zarr.json"), path: "zarr.json")
    let numbers = tiles.tiles.indices.map { JSON.string("\($0)") }
    #expect(list["attributes"]?["ome"] == ["version": "0.5", "series": .array(numbers)])
    #expect(!Files.exists("\(store)/__brickwork"))
  }

  @Test(arguments: 0..<10) func bytesDependNeitherOnThreadsNorOnTheBudget(seed: UInt64) async throws
  {
    let folder = try TemporaryFolder()
    let tiles = Tiles(seed: seed)
    let (a, b) = (folder("a.zarr"), folder("b.zarr"))
    for (path, threads, memory) in [(a, 1, 110 << 20), (b, 7, 2 << 30)] {
      let cache = PieceCache(capacity: 0)
      _ = try await tiles.job(path, threads: threads, memory: memory, cache: cache) {
        PagedVolume($0, cache: cache)
      }.run()
    }
    try expectSame(a, b, "seed \(seed)")
  }

  @Test(arguments: 0..<10) func anInterruptedImportContinues(seed: UInt64) async throws {
    let folder = try TemporaryFolder()
    let tiles = Tiles(seed: seed)
    let (calm, store) = (folder("calm.zarr"), folder("s.zarr"))
    _ = try await tiles.job(calm).run()
    var random = SplitMix64(seed: seed)
    var attempts = 0
    while true {
      attempts += 1
      let failing = FailingReads(after: attempts > 6 ? .max : .random(in: 0...150, using: &random))
      let before = (try? writingTimes(of: store)) ?? [:]
      do {
        _ = try await tiles.job(store) { failing.volume($0) }.run()
        let after = try writingTimes(of: store)
        for (path, time) in before where path.contains("/c/") && !path.contains("__") {
          #expect(after[path] == time, "\(path) was written again")
        }
        break
      } catch let error as BrickworkError where error.reason == "the disk is gone" {
        #expect(!Files.exists("\(store)/zarr.json"), "an unfinished store looks finished")
      }
    }
    try expectSame(calm, store, "seed \(seed)")
  }

  @Test func aFinishedStoreIsLeftAloneAndOthersAreRefused() async throws {
    let folder = try TemporaryFolder()
    var tiles = Tiles(seed: 2)
    let store = folder("s.zarr")
    _ = try await tiles.job(store).run()
    let before = try writingTimes(of: store)
    #expect(try await tiles.job(store).run().wasComplete)
    #expect(try writingTimes(of: store) == before)
    tiles.tiles[0].description.position = Point3(x: 77, y: 0, z: 0)
    let moved = tiles
    let error = await #expect(throws: BrickworkError.self) { try await moved.job(store).run() }
    #expect(error?.code == .outputExists)
    #expect(error?.reason.contains("tiles.0.position_um_xyz") == true)
    #expect(try writingTimes(of: store) == before)
    tiles.layout.levels = .exactly(1)
    _ = try await tiles.job(store).run(overwrite: true)
    let image = try OMEZarrImage(store + "/0", cache: PieceCache(capacity: 0))
    #expect(image.levels.count == 1 && image.levels[0].translation.x == 77)
  }

  @Test func otherBricksAreNotMixedIntoAnUnfinishedImport() async throws {
    let folder = try TemporaryFolder()
    var tiles = Tiles(seed: 5)
    let store = folder("s.zarr")
    let failing = FailingReads(after: 3)
    _ = try? await tiles.job(store) { failing.volume($0) }.run()
    #expect(!Files.exists(store + "/zarr.json"))
    tiles.layout.brick = Index3(repeating: 5)
    tiles.layout.shard = nil
    let changed = tiles
    let error = await #expect(throws: BrickworkError.self) { try await changed.job(store).run() }
    #expect(error?.code == .outputExists)
  }

  @Test func aTileThatWasDeletedIsImportedAgain() async throws {
    let folder = try TemporaryFolder()
    let tiles = Tiles(seed: 3)
    let (calm, store) = (folder("calm.zarr"), folder("s.zarr"))
    for path in [calm, store] { _ = try await tiles.job(path).run() }
    try Files.remove(store + "/0")
    let summary = try await tiles.job(store).run()
    #expect(!summary.wasComplete && summary.keptTiles == tiles.tiles.count - 1)
    try expectSame(calm, store, "after a tile was deleted")
  }

  @Test func aFolderThatIsNoStoreIsNeverReplaced() async throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("precious"), with: [1])
    let job = try Tiles(seed: 1).job(folder.path)
    let error = await #expect(throws: BrickworkError.self) { try await job.run(overwrite: true) }
    #expect(error?.code == .outputExists)
    #expect(Files.exists(folder("precious")))
  }
}

/// A volume of any size without voxels: plans are made of what it says of itself.
private struct Described: Volume {
  var type = VoxelType.uint16
  var size: Index3
  /// The size of its compressed pieces; nil if nothing is compressed.
  var piece: Index3?

  func read(into block: inout VoxelBlock) throws { block.clear() }
  func scratchBytes(reading size: Index3) -> Int { 0 }

  func decodedBytes(reading box: Box3) -> Int {
    guard let piece, !box.isEmpty else { return 0 }
    let touched = BrickGrid(size: size, brick: piece).indices(intersecting: box)
    return touched.count * piece.volume * type.byteCount
  }
}

@Suite struct SlabPlanTests {
  private func plan(
    _ size: Index3, piece: Index3?, brick: Index3? = nil, shard: Index3? = nil,
    type: VoxelType = .uint16
  ) throws -> StorePlan {
    try StorePlan(
      decodingOnce: Described(type: type, size: size, piece: piece), path: "s",
      voxelSize: .unknown, brick: brick, shard: shard)
  }

  @Test func bricksAreAsThinAsLargePagesNeed() throws {
    for (side, type, planes) in [
      (512, VoxelType.uint16, 64), (1024, .uint16, 32), (1024, .uint8, 64), (2048, .uint8, 16),
      (2048, .uint16, 8), (4096, .uint16, 8),
    ] {
      let size = Index3(z: 256, y: side, x: side)
      let plan = try plan(size, piece: Index3(z: 1, y: side, x: side), type: type)
      let brick = plan.levels[0].array.brick
      #expect(brick.z == planes && brick.volume == 1 << 18, "\(side) \(type): \(brick)")
      #expect(plan.passes[0].region.y >= side && plan.passes[0].region.x >= side)
      #expect(plan.levels[0].array.shard.volume <= 1 << 28)
    }
  }

  @Test func rawVoxelsAndChunksLikeBricksKeepTheUsualPlan() throws {
    let size = Index3(z: 256, y: 2048, x: 2048)
    let usual = try StorePlan(path: "s", size: size, type: .uint16, voxelSize: .unknown)
    #expect(try plan(size, piece: nil) == usual)
    #expect(try plan(size, piece: Index3(repeating: 64)) == usual)
    // Pages so large that no slab of them fits anywhere.
    let huge = Index3(z: 64, y: 30_000, x: 30_000)
    #expect(
      try plan(huge, piece: Index3(z: 1, y: 30_000, x: 30_000))
        == StorePlan(path: "s", size: huge, type: .uint16, voxelSize: .unknown))
  }

  @Test func givenBricksAndShardsAreKept() throws {
    let size = Index3(z: 256, y: 2048, x: 2048)
    let page = Index3(z: 1, y: 2048, x: 2048)
    let brick = Index3(z: 16, y: 64, x: 64)
    let one = try plan(size, piece: page, brick: brick)
    #expect(one.levels[0].array.brick == brick && one.passes[0].region.x >= 2048)
    let shard = Index3(repeating: 256)
    #expect(try plan(size, piece: page, shard: shard).levels[0].array.shard == shard)
    #expect(throws: BrickworkError.self) {
      try plan(size, piece: page, brick: brick, shard: Index3(repeating: 100))
    }
  }

  /// 60 pages of 256×256 in bricks of 4×16×16: each is wanted by 128 blocks, and decoded once.
  @Test(arguments: [1, 2, 5]) func pagesAreDecodedOnce(threads: Int) async throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 9)
    let (array, _) = RandomLayout.tile(.uint16, Index3(z: 60, y: 256, x: 256), using: &random)
    func run(_ name: String, decodingOnce: Bool) async throws -> (
      StoreJob.Forecast, PieceCache.Count
    ) {
      let cache = PieceCache(capacity: 0)
      let volume = PagedVolume(array, cache: cache)
      let (path, brick) = (folder(name), Index3(z: 4, y: 16, x: 16))
      let plan =
        try decodingOnce
        ? StorePlan(decodingOnce: volume, path: path, voxelSize: .unknown, brick: brick)
        : StorePlan(
          path: path, size: array.size, type: .uint16, voxelSize: .unknown, brick: brick,
          shard: brick * Index3(repeating: 8))
      let job = StoreJob(
        path: path, source: volume, plan: plan,
        description: StoreDescription(
          name: "s", voxelSize: .unknown, channelName: "", source: [:]),
        budget: MemoryBudget(byteCount: 120 << 20), threads: threads, cache: cache)
      return (try job.forecast(), try await job.run().decoding)
    }
    let (forecast, once) = try await run("a.zarr", decodingOnce: true)
    #expect(once.amplification == 1 && once.pieces == 60 && once.bytes == 60 << 17)
    #expect(forecast.expectedDecodings == 1 && forecast.advisedMemory == nil)
    let (other, often) = try await run("b.zarr", decodingOnce: false)
    let amplification = try #require(often.amplification)
    #expect(amplification > 1.5 && often.distinctBytes == 60 << 17)
    #expect(abs(other.expectedDecodings / amplification - 1) < 0.3)
  }

  /// A frame that holds both channels is decoded once for both.
  @Test func channelsThatShareFramesAreReadTogether() async throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 4)
    let size = Index3(z: 40, y: 96, x: 96)
    let cache = PieceCache(capacity: 0)
    let frames = cache.newSource()
    var channels: [any Volume] = []
    for _ in 0..<3 {
      channels.append(
        PagedVolume(
          RandomLayout.tile(.uint8, size, using: &random).0, cache: cache, source: frames))
    }
    let path = folder("s.zarr")
    let leading = LeadingAxes(channels: 3)
    let plan = try StorePlan(
      decodingOnce: channels[0], path: path, voxelSize: .unknown,
      brick: Index3(z: 4, y: 8, x: 8), leading: leading)
    let job = StoreJob(
      path: path, sources: channels, plan: plan,
      description: StoreDescription(
        name: "s", voxelSize: .unknown, channelNames: ["a", "b", "c"], source: [:]),
      budget: MemoryBudget(byteCount: 256 << 20), threads: 3, cache: cache)
    #expect(try await job.run().decoding.pieces == 40)
  }

  /// What is foretold for a cache that is too small is about what happens.
  @Test func tooLittleMemoryIsForetold() async throws {
    let folder = try TemporaryFolder()
    // Pages of 8 MiB, 16 in a slab: 128 MiB of them.
    let size = Index3(z: 32, y: 2048, x: 2048)
    let cache = PieceCache(capacity: 0)
    let volume = PagedVolume(
      ArrayVolume(bytes: [UInt8](repeating: 7, count: size.volume * 2), type: .uint16, size: size),
      cache: cache)
    let path = folder("s.zarr")
    let plan = try StorePlan(
      decodingOnce: volume, path: path, voxelSize: .unknown, brick: Index3(z: 8, y: 256, x: 512))
    func job(_ memory: Int) -> StoreJob {
      StoreJob(
        path: path, source: volume, plan: plan,
        description: StoreDescription(
          name: "s", voxelSize: .unknown, channelName: "", source: [:]),
        budget: MemoryBudget(byteCount: memory), threads: 1, cache: cache)
    }
    let forecast = try job(260 << 20).forecast()
    #expect(forecast.expectedDecodings > 1.5)
    let enough = try #require(forecast.advisedMemory)
    #expect(try job(enough).forecast().expectedDecodings == 1)
    let decoding = try await job(260 << 20).run().decoding
    let amplification = try #require(decoding.amplification)
    #expect(abs(amplification / forecast.expectedDecodings - 1) < 0.35)
  }
}
