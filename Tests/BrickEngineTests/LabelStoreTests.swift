import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// A random label volume and a random way to store it.
private struct LabelCase: Sendable, CustomStringConvertible {
  let seed: UInt64
  let type: VoxelType
  let size: Index3
  let brick: Index3
  let shard: Index3
  let levels: Int
  let voxels: [UInt64]
  let volume: ArrayVolume
  let voxelSize: VoxelSize

  init(seed: UInt64) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    let type: VoxelType = seed.isMultiple(of: 2) ? .uint32 : .uint64
    let size = Index3(z: pick(1...28), y: pick(1...28), x: pick(1...28))
    brick = Index3(z: pick(2...4), y: pick(2...4), x: pick(2...4))
    shard = brick * Index3(z: pick(2...4), y: pick(2...4), x: pick(2...4))
    levels = pick(1...6)
    voxelSize = VoxelSize(x: 0.16, y: 0.16, z: [0.16, 0.4, 1.3][pick(0...2)])
    // Few labels give ties and background that nearly wins; some fill runs, as objects do.
    let few: [UInt64] = [
      0, 0, 0, 1, 2, 3, 255, 256, 65536, type == .uint32 ? 0xFFFF_FFFF : 1 << 63,
    ]
    var last: UInt64 = 0
    let voxels = (0..<size.volume).map { _ -> UInt64 in
      if pick(0...2) > 0 { last = few[pick(0...few.count - 1)] }
      return last
    }
    self.type = type
    self.size = size
    self.voxels = voxels
    volume =
      type == .uint32
      ? ArrayVolume(voxels.map { UInt32($0) }, size: size) : ArrayVolume(voxels, size: size)
  }

  var description: String { "\(type) \(size) brick \(brick) shard \(shard) \(levels) seed \(seed)" }

  func job(_ path: String, threads: Int = 2, memory: Int = 256 << 20, source: (any Volume)? = nil)
    throws -> StoreJob
  {
    StoreJob(
      path: path, source: source ?? volume,
      plan: try StorePlan(
        path: path, size: size, type: type, voxelSize: voxelSize, brick: brick, shard: shard,
        levels: .exactly(levels), reduction: .majority),
      description: StoreDescription(
        name: "labels", voxelSize: voxelSize, channelName: "", source: ["seed": "x"]),
      budget: MemoryBudget(byteCount: memory), threads: threads, cache: PieceCache(capacity: 0))
  }
}

/// The level below by counting: 0 only with more than half, else the most frequent, else the smallest.
private func oracle(_ voxels: [UInt64], _ size: Index3, _ step: Index3) -> (
  voxels: [UInt64], size: Index3
) {
  let coarse = size.dividedRoundingUp(by: step)
  var result: [UInt64] = []
  for z in 0..<coarse.z {
    for y in 0..<coarse.y {
      for x in 0..<coarse.x {
        var votes: [UInt64: Int] = [:]
        var total = 0
        for k in z * step.z..<min(size.z, (z + 1) * step.z) {
          for j in y * step.y..<min(size.y, (y + 1) * step.y) {
            for i in x * step.x..<min(size.x, (x + 1) * step.x) {
              votes[voxels[(k * size.y + j) * size.x + i], default: 0] += 1
              total += 1
            }
          }
        }
        let background = votes.removeValue(forKey: 0) ?? 0
        let winner = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }
        result.append(2 * background > total ? 0 : winner?.key ?? 0)
      }
    }
  }
  return (result, coarse)
}

private func labels(_ volume: any Volume) throws -> [UInt64] {
  let block = try volume.block(of: volume.bounds)
  if volume.type == .uint32 {
    let voxels = block.voxels(as: UInt32.self)
    return voxels.indices.map { UInt64(voxels[$0]) }
  }
  let voxels = block.voxels(as: UInt64.self)
  return voxels.indices.map { voxels[$0] }
}

@Test(arguments: 0..<24)
func everyLevelOfALabelStoreIsTheMajorityOfTheOneBefore(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = LabelCase(seed: seed)
  let job = try c.job(folder("s.zarr"))
  _ = try await job.run()
  let image = try OMEZarrImage(folder("s.zarr"), cache: PieceCache(capacity: 1 << 20))
  #expect(image.levels.count == job.plan.levels.count)
  var expected = (voxels: c.voxels, size: c.size)
  for (number, level) in job.plan.levels.enumerated() {
    let below = Set(expected.voxels)
    if number > 0 { expected = oracle(expected.voxels, expected.size, level.step) }
    let stored = try image.volume(level: number, channel: 0, timepoint: 0)
    #expect(stored.size == expected.size)
    let found = try labels(stored)
    #expect(found == expected.voxels, "level \(number) of \(c)")
    #expect(below.isSuperset(of: found), "level \(number) of \(c) has new labels")
  }
}

@Test(arguments: 0..<10)
func anInterruptedLabelStoreContinuesToTheSameBytes(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = LabelCase(seed: seed)
  _ = try await c.job(folder("a.zarr"), threads: 1, memory: 128 << 20).run()
  var random = SplitMix64(seed: seed)
  var kept = 0
  for attempt in 0..<9 {
    let reads = attempt == 8 ? Int.max : Int.random(in: 0...40, using: &random)
    let source = FailingReads(after: reads).volume(c.volume)
    do {
      let summary = try await c.job(folder("b.zarr"), threads: 3, source: source).run()
      kept = summary.keptItems
      break
    } catch let error as BrickworkError where error.reason == "the disk is gone" {}
  }
  let (a, b) = (try contents(of: folder("a.zarr")), try contents(of: folder("b.zarr")))
  #expect(a.keys.sorted() == b.keys.sorted(), "\(c)")
  for (path, bytes) in a { #expect(b[path] == bytes, "\(path) of \(c), \(kept) items kept") }
}

@Test func finishedItemsOfALabelStoreAreKept() async throws {
  let folder = try TemporaryFolder()
  let size = Index3(z: 8, y: 8, x: 64)
  let volume = ArrayVolume((0..<size.volume).map { UInt32($0 / 7) }, size: size)
  func run(_ source: any Volume) async throws -> StoreJob.Summary {
    let path = folder("s.zarr")
    let plan = try StorePlan(
      path: path, size: size, type: .uint32, voxelSize: .unknown, brick: Index3(repeating: 1),
      shard: Index3(repeating: 2), levels: .exactly(2), reduction: .majority)
    return try await StoreJob(
      path: path, source: source, plan: plan,
      description: StoreDescription(
        name: "l", voxelSize: .unknown, channelName: "", source: nil),
      budget: MemoryBudget(byteCount: 128 << 20), threads: 1, cache: PieceCache(capacity: 0)
    ).run()
  }
  // Far enough that whole items are done, whatever the order of blocks.
  await #expect(throws: BrickworkError.self) {
    try await run(FailingReads(after: 480).volume(volume))
  }
  let summary = try await run(volume)
  #expect(summary.keptItems > 0 && summary.keptItems < summary.totalItems)
}

@Test func aLabelStoreSaysThatItIsOne() async throws {
  let folder = try TemporaryFolder()
  let path = folder("s.zarr")
  let c = LabelCase(seed: 7)
  _ = try await c.job(path).run()
  let document = try JSON(parsing: Files.read(path + "/zarr.json"), path: path)
  let attributes = try #require(document["attributes"])
  let ome = try #require(attributes["ome"])
  #expect(ome["image-label"] == ["version": "0.5"] && ome["omero"] == nil)
  #expect(ome["multiscales"]?[0]?["type"] == "mode")
  #expect(attributes["brickwork"]?["settings"]?["reduction"] == "mode")
  let array = try JSON(parsing: Files.read(path + "/0/zarr.json"), path: path)
  let codecs = try #require(array["codecs"]?[0]?["configuration"]?["codecs"]?.arrayValue)
  #expect(codecs.map { $0["name"]?.stringValue } == ["bytes", "zstd", "crc32c"])
  #expect(try OMEZarrImage(path, cache: PieceCache(capacity: 0)).isLabelImage)
  // A store of means says what it always said, and can't be continued as one of labels.
  let means = try StorePlan(path: path, size: c.size, type: c.type, voxelSize: c.voxelSize)
  #expect(means.reduction == .mean && means.levels[0].array.codec.name == "blosc-zstd")
}

@Test func meansAndLabelsAreNotMixed() async throws {
  let folder = try TemporaryFolder()
  let c = LabelCase(seed: 8)
  _ = try await c.job(folder("s.zarr")).run()
  let plan = try StorePlan(
    path: folder("s.zarr"), size: c.size, type: c.type, voxelSize: c.voxelSize, brick: c.brick,
    shard: c.shard, codec: .zstd(level: 1), levels: .exactly(c.levels))
  let job = StoreJob(
    path: folder("s.zarr"), source: c.volume, plan: plan,
    description: StoreDescription(
      name: "labels", voxelSize: c.voxelSize, channelName: "", source: ["seed": "x"]),
    budget: MemoryBudget(byteCount: 256 << 20), threads: 1, cache: PieceCache(capacity: 0))
  let error = await #expect(throws: BrickworkError.self) { try await job.run() }
  #expect(error?.code == .outputExists && error?.reason.contains("reduction") == true)
  let floats = #expect(throws: BrickworkError.self) {
    try StorePlan(
      path: "s", size: c.size, type: .float32, voxelSize: .unknown, reduction: .majority)
  }
  #expect(floats?.code == .badRequest)
}

@Test func whatSourcesHoldCountsIntoTheBudget() throws {
  let c = LabelCase(seed: 9)
  func job(held: Int) throws -> StoreJob {
    let job = try c.job("s.zarr")
    return StoreJob(
      path: job.path, sources: job.sources, plan: job.plan, description: job.description,
      budget: job.budget, threads: 1, cache: job.cache, heldBytes: held)
  }
  let without = try job(held: 0).forecast().plannedBytes
  #expect(try job(held: 32 << 20).forecast().plannedBytes == without + 32 << 20)
  let error = #expect(throws: BrickworkError.self) { try job(held: 250 << 20).forecast() }
  #expect(error?.code == .outOfBudget)
}

@Test func anExportOfLabelsNeverAverages() async throws {
  let folder = try TemporaryFolder()
  let size = Index3(z: 9, y: 33, x: 1100)
  var random = SplitMix64(seed: 1)
  // 7 and 1000 side by side: a mean would be neither.
  let voxels = (0..<size.volume).map { _ in Bool.random(using: &random) ? UInt32(7) : 1000 }
  let volume = ArrayVolume(voxels, size: size)
  let path = folder("s.zarr")
  let plan = try StorePlan(
    path: path, size: size, type: .uint32, voxelSize: .unknown, levels: .exactly(1),
    reduction: .majority)
  _ = try await StoreJob(
    path: path, source: volume, plan: plan,
    description: StoreDescription(name: "l", voxelSize: .unknown, channelName: "", source: nil),
    budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0)
  ).run()
  let image = try OMEZarrImage(path, cache: PieceCache(capacity: 0))
  #expect(image.levelReduction == .majority)
  let file = folder("e.h5")
  _ = try await ExportJob(
    path: file, images: [try ExportImage(store: image, levels: .bdv)],
    budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0)
  ).run()
  let levels = try BDVFile(file).levels(of: 0)
  #expect(levels.count > 1)
  var expected = (voxels: voxels.map { UInt64($0) }, size: size)
  for (number, level) in levels.enumerated() {
    let back = try #require(try BDVFile(file).volume(setup: 0, timepoint: 0, level: number))
    if number > 0 {
      // Each level from the one before.
      let step = level.factor.dividedRoundingDown(by: levels[number - 1].factor)
      expected = oracle(expected.voxels, expected.size, step)
    }
    #expect(try labels(back) == expected.voxels, "level \(number), factor \(level.factor)")
  }
}
