import BrickCore
import BrickEngine
import BrickFiles
import BrickLabels
import BrickTestSupport
import BrickZarr
import Testing

@Suite struct StoreObjectsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A label volume of a random shape in small bricks.
  private func labels(_ random: inout SplitMix64) -> ArrayVolume {
    let size = Index3.random(in: 1...30, using: &random)
    var last: UInt32 = 0
    return ArrayVolume(
      (0..<size.volume).map { _ in
        if Int.random(in: 0..<6, using: &random) == 0 {
          last = max(40, UInt32.random(in: 0..<120, using: &random)) - 40
        }
        return last
      }, size: size)
  }

  private func job(
    _ name: String, _ source: any Volume, memory: Int = 256 << 20, threads: Int = 2
  ) throws -> StoreJob {
    StoreJob(
      path: folder(name), source: source,
      plan: try StorePlan(
        path: folder(name), size: source.size, type: source.type, voxelSize: .unknown,
        brick: Index3(repeating: 2), shard: Index3(repeating: 4), levels: .exactly(3),
        reduction: .majority),
      description: StoreDescription(name: "l", voxelSize: .unknown, channelName: "", source: nil),
      budget: MemoryBudget(byteCount: memory), threads: threads, cache: PieceCache(capacity: 0))
  }

  /// The objects of the whole volume, looked at in one block.
  private func expected(_ volume: any Volume) throws -> [ObjectRecord] {
    let collector = try ObjectCollector(type: volume.type, memory: 0, scratchFolder: folder.path)
    let block = try volume.block(of: volume.bounds)
    try collector.add(VoxelView(block))
    return try collector.finish().records()
  }

  /// However often a run is killed, and when the store was there already, the table is that of every voxel once.
  @Test(arguments: UInt64(0)..<16)
  func theTableIsThatOfTheWholeVolumeAfterAnyInterruption(seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    let volume = labels(&random)
    let wanted = try expected(volume)
    var kept = 0
    for attempt in 0..<9 {
      let reads = attempt == 8 ? Int.max : Int.random(in: 0...60, using: &random)
      let source = FailingReads(after: reads).volume(volume)
      let (job, objects) = try job("s.zarr", source, threads: 1 + attempt % 3)
        .gatheringObjects(labels: 80, scratchFolder: folder.path)
      do {
        kept = try await job.run().keptItems
        #expect(try objects.finish().records() == wanted, "seed \(seed), \(kept) items kept")
        break
      } catch let error as BrickworkError where error.reason == "the disk is gone" {}
    }
    // Nothing of the source is read for a store that is finished.
    let (again, objects) = try job("s.zarr", FailingReads(after: 0).volume(volume))
      .gatheringObjects(labels: 80, scratchFolder: folder.path)
    #expect(try await again.run().wasComplete)
    #expect(try objects.finish().records() == wanted, "seed \(seed), read back")
    #expect(try Files.names(in: folder.path) == ["s.zarr"])
  }

  @Test func moreLabelsThanFitGoToAScratchFile() async throws {
    let size = Index3(z: 4, y: 100, x: 500)
    let volume = ArrayVolume((0..<size.volume).map { UInt32($0 + 1) }, size: size)
    let plain = StoreJob(
      path: folder("s.zarr"), source: volume,
      plan: try StorePlan(
        path: folder("s.zarr"), size: size, type: .uint32, voxelSize: .unknown,
        reduction: .majority),
      description: StoreDescription(name: "l", voxelSize: .unknown, channelName: "", source: nil),
      budget: MemoryBudget(byteCount: 1 << 30), threads: 1, cache: PieceCache(capacity: 0))
    // So few labels are announced that the table is as small as it can be.
    let (job, objects) = try plain.gatheringObjects(labels: 0, scratchFolder: folder.path)
    _ = try await job.run()
    let table = try objects.finish()
    #expect(table.spilledBytes > 0)
    var next: UInt64 = 1
    try table.forEach {
      #expect($0.label == next && $0.voxels == 1)
      next += 1
    }
    #expect(next == UInt64(size.volume) + 1)
  }

  /// The number that an error names is a budget that works, and nothing smaller does.
  @Test(arguments: [0, 10 << 20, 700 << 20, 3 << 30])
  func aBudgetTooSmallNamesTheSmallestThatWorks(held: Int) throws {
    let size = Index3(z: 64, y: 64, x: 128)
    let volume = ArrayVolume([UInt32](repeating: 1, count: size.volume), size: size)
    func forecast(_ mebibytes: Int) -> BrickworkError? {
      do {
        let plain = try job("s.zarr", volume, memory: mebibytes << 20, threads: 1)
        let objects = try ObjectCollector(type: .uint32, memory: 0, scratchFolder: folder.path)
        _ = try plain.observed(by: objects, holding: held).forecast()
        return nil
      } catch { return error as? BrickworkError }
    }
    let error = forecast(30)
    #expect(error?.code == .outOfBudget)
    let words = error?.reason.split(separator: " ").map(String.init) ?? []
    let least = Int(words.dropLast().last ?? "") ?? 0
    #expect(least > 48 && words.last == "MiB", "\(error?.reason ?? "no error")")
    #expect(forecast(least) == nil, "\(least) MiB")
    #expect(forecast(least - 1)?.code == .outOfBudget, "\(least - 1) MiB")
    let budget = MemoryBudget(byteCount: 100 << 20)
    #expect(throws: Never.self) { try budget.check(holding: 40 << 20) }
    #expect(throws: BrickworkError.self) { try budget.check(holding: 50 << 20) }
  }
}
