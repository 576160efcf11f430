import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// Stores that change, and files that follow.
@Suite struct ExportUpdateTests {
  private let size = Index3(z: 24, y: 40, x: 56)

  private func voxels(_ seed: UInt64) -> ArrayVolume {
    var random = SplitMix64(seed: seed)
    return BDVSample.volume(type: .uint16, size: size, using: &random)
  }

  private func store(_ volume: ArrayVolume, _ path: String) async throws {
    let brick = Index3(repeating: 8)
    let plan = try StorePlan(
      path: path, size: size, type: .uint16, voxelSize: .unknown, brick: brick,
      shard: brick * brick,
      levels: .exactly(2))
    let job = StoreJob(
      path: path, source: volume, plan: plan,
      description: StoreDescription(name: "s", voxelSize: .unknown, channelName: "", source: [:]),
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0))
    _ = try await job.run(overwrite: true)
  }

  private func job(
    _ store: String, _ path: String, levels: ExportLevels = .store, chunk: Index3? = nil
  ) throws -> ExportJob {
    let cache = PieceCache(capacity: 0)
    let image = try ExportImage(
      store: OMEZarrImage(store, cache: cache), levels: levels, chunk: chunk)
    return try ExportJob(
      path: path, images: [image], source: ["store": .string(Files.name(of: store))],
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: cache)
  }

  private func same(_ a: String, _ b: String) throws -> Bool {
    let (one, other) = (try BDVFile(a), try BDVFile(b))
    for level in try one.levels(of: 0).indices {
      guard let first = try one.volume(setup: 0, timepoint: 0, level: level),
        let second = try other.volume(setup: 0, timepoint: 0, level: level)
      else { return false }
      let x = try first.block(of: first.bounds)
      let y = try second.block(of: second.bounds)
      let (p, q) = unsafe (
        x.bytes.withUnsafeBytes { unsafe Array($0) }, y.bytes.withUnsafeBytes { unsafe Array($0) }
      )
      guard p == q else { return false }
    }
    return true
  }

  @Test(arguments: [ExportLevels.store, .bdv], [nil, Index3(z: 12, y: 8, x: 20)])
  func whatChangedInAStoreIsWrittenAlone(_ levels: ExportLevels, _ chunk: Index3?) async throws {
    let folder = try TemporaryFolder()
    let (zarr, path) = (folder("s.zarr"), folder("a.h5"))
    try await store(voxels(1), zarr)
    _ = try await job(zarr, path, levels: levels, chunk: chunk).run()
    let identity = Files.identity(path)
    let nothing = try await job(zarr, path, levels: levels, chunk: chunk).update()
    #expect(nothing.changedBricks == 0 && nothing.totalBricks > 0 && nothing.writtenChunks.isEmpty)
    #expect(Files.identity(path) == identity)
    // One voxel of one brick.
    var block = try voxels(1).block(of: Box3(size: size))
    var changed = block.mutableVoxels(as: UInt16.self)
    changed[(9 * size.y + 17) * size.x + 33] ^= 0x5A5
    let other = ArrayVolume(
      bytes: unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }, type: .uint16, size: size)
    try await store(other, zarr)
    let summary = try await job(zarr, path, levels: levels, chunk: chunk).update()
    #expect(summary.changedBricks >= 1 && summary.changedBricks <= 4)
    #expect(summary.writtenChunks[0] == 1 || chunk != nil)
    #expect(summary.writtenChunks.reduce(0, +) < summary.storedChunks / 4)
    _ = try await job(zarr, folder("b.h5"), levels: levels, chunk: chunk).run()
    #expect(try same(path, folder("b.h5")))
    let again = try await job(zarr, path, levels: levels, chunk: chunk).update()
    #expect(again.changedBricks == 0)
  }

  @Test func anotherStoreOtherSettingsAndAChangedFileAreRefused() async throws {
    let folder = try TemporaryFolder()
    try await store(voxels(1), folder("s.zarr"))
    try await store(voxels(2), folder("t.zarr"))
    _ = try await job(folder("s.zarr"), folder("a.h5")).run()
    func refusal(_ job: ExportJob) async -> BrickworkError? {
      do {
        _ = try await job.update()
        return nil
      } catch { return error as? BrickworkError }
    }
    let other = await refusal(try job(folder("t.zarr"), folder("a.h5")))
    #expect(other?.code == .badRequest && other?.reason.contains("source.store") == true)
    let chunked = await refusal(
      try job(folder("s.zarr"), folder("a.h5"), chunk: Index3(repeating: 4)))
    #expect(chunked?.code == .badRequest && chunked?.reason.contains("chunk_zyx") == true)
    let updater = try BDVFileUpdater(folder("a.h5"))
    try updater.write(VoxelBlock(Box3(size: .one), type: .uint16))
    try updater.finish()
    let stale = await refusal(try job(folder("s.zarr"), folder("a.h5")))
    #expect(stale?.code == .verificationFailed)
    let missing = await refusal(try job(folder("s.zarr"), folder("none.h5")))
    #expect(missing?.code == .missingInput)
  }

  @Test func aRegionGoesIntoANewFileOrOneThatIsThere() async throws {
    let folder = try TemporaryFolder()
    try await store(voxels(1), folder("s.zarr"))
    try await store(voxels(2), folder("t.zarr"))
    let boxes = [
      Box3(origin: Index3(z: 3, y: 8, x: 9), size: Index3(z: 9, y: 20, x: 31)),
      Box3(origin: .zero, size: Index3(z: 24, y: 9, x: 56)),
    ]
    _ = try await job(folder("s.zarr"), folder("a.h5")).write(region: boxes[0])
    _ = try await job(folder("t.zarr"), folder("a.h5")).write(region: boxes[1])
    var block = VoxelBlock(Box3(size: size), type: .uint16)
    block.clear()
    for (box, seed) in zip(boxes, [UInt64(1), 2]) {
      let part = try voxels(seed).block(of: box)
      block.copy(from: VoxelView(part))
    }
    let wanted = ArrayVolume(
      bytes: unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }, type: .uint16, size: size)
    try await store(wanted, folder("w.zarr"))
    _ = try await job(folder("w.zarr"), folder("b.h5")).run()
    #expect(try same(folder("a.h5"), folder("b.h5")))
    #expect(try BDVProject(reading: folder("a.xml")).setups.count == 1)
    await #expect(throws: BrickworkError.self) {
      try await job(folder("s.zarr"), folder("a.h5")).write(
        region: Box3(size: size + .one))
    }
  }
}
