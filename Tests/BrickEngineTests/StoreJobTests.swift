import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Synchronization
import Testing

/// A volume that fails after a number of reads, like a disk that is pulled out.
private final class FailingVolume: Volume {
  let base: any Volume
  private let left: Atomic<Int>
  var type: VoxelType { base.type }
  var size: Index3 { base.size }

  init(_ base: any Volume, after reads: Int) {
    self.base = base
    left = Atomic(reads)
  }

  func read(into block: inout VoxelBlock) throws {
    guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 else {
      throw BrickworkError(.inputOutput, path: "tile", reason: "the disk is gone")
    }
    try base.read(into: &block)
  }

  func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }
}

struct Case: Sendable, CustomStringConvertible {
  var seed: UInt64
  var type: VoxelType
  var size: Index3
  var voxelSize: VoxelSize
  var brick: Index3
  var shard: Index3
  var levels: LevelCount
  var volume: ArrayVolume

  init(seed: UInt64) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    type = VoxelType.allCases[Int(seed) % VoxelType.allCases.count]
    func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    size = Index3(z: pick(1...40), y: pick(1...40), x: pick(1...40))
    voxelSize = VoxelSize(x: 0.16, y: 0.16, z: [0.16, 0.4, 1.3][pick(0...2)])
    brick = Index3(z: pick(1...4), y: pick(1...4), x: pick(1...4))
    shard = brick * Index3(z: pick(1...4), y: pick(1...4), x: pick(1...4))
    levels = .exactly(pick(1...5))
    (volume, _) = RandomLayout.tile(type, size, using: &random)
  }

  var description: String { "\(type) \(size) brick \(brick) shard \(shard) \(levels) seed \(seed)" }

  func job(_ path: String, threads: Int = 2, memory: Int = 256 << 20, source: (any Volume)? = nil)
    throws
    -> StoreJob
  {
    let plan = try StorePlan(
      path: path, size: size, type: type, voxelSize: voxelSize, brick: brick, shard: shard,
      levels: levels)
    return StoreJob(
      path: path, source: source ?? volume, plan: plan,
      description: StoreDescription(
        name: "test", voxelSize: voxelSize, channelName: "c",
        source: ["seed": .integer(Int64(seed))]),
      budget: MemoryBudget(byteCount: memory), threads: threads, cache: PieceCache(capacity: 0))
  }
}

private func expectSameBytes(_ a: [String: [UInt8]], _ b: [String: [UInt8]], _ what: Comment) {
  #expect(a.keys.sorted() == b.keys.sorted(), what)
  for (path, bytes) in a { #expect(b[path] == bytes, "\(path) differs: \(what)") }
}

@Test(arguments: 0..<60)
func everyLevelHoldsTheMeansOfTheOneBefore(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: seed)
  let job = try c.job(folder("s.zarr"))
  _ = try await job.run()
  let cache = PieceCache(capacity: 1 << 20)
  let image = try OMEZarrImage(folder("s.zarr"), cache: cache)
  #expect(image.levels.count == job.plan.levels.count)
  var expected = try c.volume.block(of: c.volume.bounds)
  for (number, level) in job.plan.levels.enumerated() {
    if number > 0 {
      var next = VoxelBlock()
      expected.downsampled(by: level.step, into: &next)
      swap(&expected, &next)
    }
    let stored = try image.volume(level: number, channel: 0, timepoint: 0)
    #expect(stored.size == level.array.size)
    let block = try stored.block(of: stored.bounds)
    #expect(bytes(block) == bytes(expected), "level \(number) of \(c)")
  }
}

private func bytes(_ block: borrowing VoxelBlock) -> [UInt8] {
  let span = block.bytes
  return (0..<span.byteCount).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
}

@Test(arguments: 0..<30)
func bytesDependNeitherOnThreadsNorOnTheBudget(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: seed)
  _ = try await c.job(folder("a.zarr"), threads: 1, memory: 128 << 20).run()
  _ = try await c.job(folder("b.zarr"), threads: 7, memory: 1 << 30).run()
  expectSameBytes(try contents(of: folder("a.zarr")), try contents(of: folder("b.zarr")), "\(c)")
}

@Test(arguments: 0..<40)
func anInterruptedRunContinuesAndKeepsFinishedShards(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: seed)
  _ = try await c.job(folder("a.zarr")).run()
  var random = SplitMix64(seed: seed)
  var attempts = 0
  var kept = -1
  while true {
    attempts += 1
    let before = (try? writingTimes(of: folder("b.zarr"))) ?? [:]
    let reads = attempts > 8 ? Int.max : Int.random(in: 0...40, using: &random)
    do {
      let summary = try await c.job(
        folder("b.zarr"), source: FailingVolume(c.volume, after: reads)
      ).run()
      #expect(summary.keptItems >= kept)
      kept = summary.keptItems
      let after = try writingTimes(of: folder("b.zarr"))
      for (path, time) in before where path.contains("/c/") && !path.hasPrefix("__") {
        #expect(after[path] == time, "\(path) was written again")
      }
      break
    } catch let error as BrickworkError where error.reason == "the disk is gone" {}
  }
  expectSameBytes(try contents(of: folder("a.zarr")), try contents(of: folder("b.zarr")), "\(c)")
}

@Test func aFinishedStoreIsLeftAloneAndOtherSettingsAreRefused() async throws {
  let folder = try TemporaryFolder()
  var c = Case(seed: 3)
  let path = folder("s.zarr")
  _ = try await c.job(path).run()
  let before = try writingTimes(of: path)
  #expect(try await c.job(path).run().wasComplete)
  #expect(try writingTimes(of: path) == before)
  c.voxelSize.x = 0.5
  let changed = c
  let error = await #expect(throws: BrickworkError.self) { try await changed.job(path).run() }
  #expect(error?.code == .outputExists)
  _ = try await changed.job(path).run(overwrite: true)
  #expect(try OMEZarrImage(path, cache: PieceCache(capacity: 0)).info.voxelSize?.x == 0.5)
}

@Test func anUnfinishedStoreOfOtherSettingsIsRefused() async throws {
  let folder = try TemporaryFolder()
  var c = Case(seed: 4)
  let failing = try c.job(folder("s.zarr"), source: FailingVolume(c.volume, after: 0))
  await #expect(throws: BrickworkError.self) { try await failing.run() }
  c.seed = 5
  let changed = c
  let error = await #expect(throws: BrickworkError.self) {
    try await changed.job(folder("s.zarr")).run()
  }
  #expect(error?.code == .outputExists)
}

@Test func aFolderThatIsNoStoreIsNeverReplaced() async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: 6)
  let job = try c.job(folder.path)
  _ = try await Case(seed: 6).job(folder("inner.zarr")).run()
  let error = await #expect(throws: BrickworkError.self) { try await job.run(overwrite: true) }
  #expect(error?.code == .outputExists)
}

@Test func aBudgetThatIsTooSmallSaysHowMuchIsNeeded() async throws {
  let folder = try TemporaryFolder()
  let error = await #expect(throws: BrickworkError.self) {
    try await Case(seed: 1).job(folder("s.zarr"), memory: 10 << 20).run()
  }
  #expect(error?.code == .outOfBudget)
  #expect(error?.description.contains("10 MiB") == true)
}

@Test func aCancelledRunCanBeContinued() async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: 12)
  _ = try await c.job(folder("a.zarr")).run()
  let task = Task { try await c.job(folder("b.zarr")).run() }
  task.cancel()
  _ = try? await task.value
  _ = try await c.job(folder("b.zarr")).run()
  expectSameBytes(try contents(of: folder("a.zarr")), try contents(of: folder("b.zarr")), "\(c)")
}

@Test(arguments: 0..<20)
func damagedRecordsAreDoneAgain(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: seed)
  _ = try await c.job(folder("a.zarr")).run()
  let store = folder("b.zarr")
  var random = SplitMix64(seed: seed)
  let failing = try c.job(store, source: FailingVolume(c.volume, after: 30))
  _ = try? await failing.run()
  for (path, bytes) in (try? contents(of: store + "/__brickwork/done")) ?? [:] where !bytes.isEmpty
  {
    var changed = bytes
    switch Int.random(in: 0..<4, using: &random) {
    case 0: changed[Int.random(in: 0..<changed.count, using: &random)] ^= 0x41
    case 1: changed.removeLast(Int.random(in: 1...changed.count, using: &random))
    case 2: changed = Array("{\"shards\":[],\"histogram_bytes\":0}\n".utf8)
    default: continue
    }
    try Files.replace(store + "/__brickwork/done/" + path, with: changed)
  }
  _ = try await c.job(store).run()
  expectSameBytes(try contents(of: folder("a.zarr")), try contents(of: store), "\(c)")
}

@Test func aShardThatWasDamagedBetweenTwoRunsIsWrittenAgain() async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: 12)
  _ = try await c.job(folder("a.zarr")).run()
  let store = folder("b.zarr")
  for reads in [60, 200, 400] {
    _ = try? await c.job(store, source: FailingVolume(c.volume, after: reads)).run()
    for (path, bytes) in try contents(of: store)
    where path.contains("/c/") && !path.hasPrefix("__") && Files.exists(store + "/__brickwork") {
      try Files.replace(store + "/" + path, with: bytes.dropLast(8) + [1, 2, 3, 4, 5, 6, 7, 8])
    }
  }
  _ = try await c.job(store).run()
  expectSameBytes(try contents(of: folder("a.zarr")), try contents(of: store), "\(c)")
}

@Test(arguments: 0..<40)
func whatIsReportedIsTheFirstFailureAndNotThatOthersWereStopped(reads: Int) async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: 13)
  let job = try c.job(folder("s.zarr"), threads: 4, source: FailingVolume(c.volume, after: reads))
  let error = await #expect(throws: BrickworkError.self) { try await job.run() }
  #expect(error?.reason == "the disk is gone")
}

@Test func aSourceThatIsNewerThanTheStoreIsNoticed() async throws {
  let folder = try TemporaryFolder()
  let c = Case(seed: 7)
  let tile = folder("tile")
  try Files.replace(tile, with: [1])
  func job() throws -> StoreJob {
    let plain = try c.job(folder("s.zarr"))
    var description = plain.description
    description.stamps = [Files.stamp(tile)]
    return StoreJob(
      path: plain.path, sources: plain.sources, plan: plain.plan, description: description,
      budget: plain.budget, threads: 2, cache: plain.cache)
  }
  _ = try await job().run()
  #expect(try await job().run().wasComplete)
  // File systems tell times apart only by some milliseconds.
  try await Task.sleep(for: .milliseconds(50))
  try Files.replace(tile, with: [2])
  let error = await #expect(throws: BrickworkError.self) { try await job().run() }
  #expect(error?.code == .outputExists)
}
