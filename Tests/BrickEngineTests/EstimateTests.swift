import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTIFF
import BrickTestSupport
import BrickZarr
import Synchronization
import Testing

/// What the voxels of an estimated volume are like.
enum Scenery: String, CaseIterable, Sendable {
  /// Smooth structure with a camera's noise.
  case camera
  /// Blobs of one value each.
  case labels
  case constant
  case empty
  /// Camera-like in the half of large y, zero elsewhere.
  case halfEmpty
}

/// A volume whose voxels follow from their places.
struct SceneryVolume: Volume {
  let scenery: Scenery
  let type: VoxelType
  let size: Index3

  func read(into block: inout VoxelBlock) throws {
    let box = block.box
    var values = [UInt16](repeating: 0, count: box.count)
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        for x in box.origin.x..<box.end.x {
          values[place] = value(z, y, x)
          place += 1
        }
      }
    }
    let whole = ArrayVolume(values, size: box.size)
    let converted: any Volume = type == .uint16 ? whole : whole.converted(to: type)
    let read = try converted.block(of: converted.bounds)
    block.copy(from: VoxelView(read).translated(by: box.origin))
  }

  private func value(_ z: Int, _ y: Int, _ x: Int) -> UInt16 {
    switch scenery {
    case .constant: return 7
    case .empty: return 0
    case .halfEmpty where y < size.y / 2: return 0
    case .labels:
      let cell = (z / 13 * 31 + y / 17) * 37 + x / 19
      return z % 13 < 9 && y % 17 < 12 && x % 19 < 14 ? UInt16(cell % 250 + 1) : 0
    case .camera, .halfEmpty:
      var state = UInt64(bitPattern: Int64((z * 8191 + y) * 8191 + x)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 31
      state &*= 0xBF58_476D_1CE4_E5B9
      let noise = Int(state >> 60) + Int(state >> 52 & 15)
      let ramp = abs((x + 2 * y + 3 * z) % 256 - 128)
      return UInt16(60 + ramp / 2 + noise)
    }
  }

  func scratchBytes(reading size: Index3) -> Int { size.volume * 16 }
}

/// A disk with so much room that takes 100 MB/s.
func disk(free: Int) -> OutputDisk {
  OutputDisk(
    free: { _ in free }, speed: { _, _ in WriteProbe.Speed(disk: 1e8, handingOver: 1e9) })
}

@Suite struct EstimateTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Small blocks, so that a sample of some is one.
  private static let size = Index3(z: 70, y: 230, x: 330)
  private static let brick = Index3(repeating: 16)
  private static let sample = 2 << 20

  private func store(
    _ volume: any Volume, _ name: String = "s.zarr", codec: BrickCodec? = nil,
    reduction: LevelReduction = .mean, listener: (any ProgressListener)? = nil
  ) throws -> StoreJob {
    let plan = try StorePlan(
      path: folder(name), size: volume.size, type: volume.type, voxelSize: .unknown,
      brick: Self.brick, shard: Self.brick * Index3(repeating: 4), codec: codec,
      reduction: reduction)
    return StoreJob(
      path: folder(name), source: volume, plan: plan,
      description: StoreDescription(
        name: "s", voxelSize: .unknown, channelName: "", source: [:]),
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0),
      listener: listener)
  }

  private func expectClose(_ estimate: Int, _ real: Int, slack: Int = 6000, _ what: Comment) {
    let far = abs(estimate - real)
    #expect(far <= max(real * 15 / 100, slack), "\(estimate) for \(real): \(what)")
  }

  @Test(arguments: Scenery.allCases, [VoxelType.uint8, .uint16, .int32, .float32])
  func theBytesOfAStoreAreForeseen(scenery: Scenery, type: VoxelType) async throws {
    let volume = SceneryVolume(scenery: scenery, type: type, size: Self.size)
    let isLabel = scenery == .labels && !type.isFloat
    let job = try store(volume, reduction: isLabel ? .majority : .mean)
    let estimate = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(estimate.seconds.isFinite && estimate.seconds > 0)
    #expect(estimate.fits && estimate.keptBytes == 0 && estimate.freedBytes == 0)
    #expect(estimate.voxelBytesIn == Self.size.volume * type.byteCount)
    #expect(estimate.sampledVoxelBytes < 4 * Self.sample && estimate.sampledBlocks > 8)
    let forecast = try job.forecast()
    #expect(estimate.workers == forecast.workers && estimate.peakMemory >= forecast.plannedBytes)
    _ = try await job.run()
    expectClose(
      estimate.bytesOut, DiskSpace.byteCount(of: folder("s.zarr")), "\(scenery) \(type)")
    for level in estimate.levels {
      let array = job.plan.levels[level.number].array
      #expect(level.bricks == array.bricks.count)
      #expect(level.voxelBytes == array.size.volume * type.byteCount)
      expectClose(
        level.bytes, DiskSpace.byteCount(of: folder("s.zarr/\(level.number)")),
        "\(scenery) \(type) level \(level.number)")
    }
  }

  @Test(arguments: [BrickCodec.none, .zstd(level: 3)])
  func everyCodecIsForeseen(codec: BrickCodec) async throws {
    let volume = SceneryVolume(scenery: .halfEmpty, type: .uint16, size: Self.size)
    let job = try store(volume, codec: codec)
    let estimate = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    _ = try await job.run()
    expectClose(estimate.bytesOut, DiskSpace.byteCount(of: folder("s.zarr")), "\(codec)")
  }

  @Test func twoEstimatesAgree() throws {
    let job = try store(SceneryVolume(scenery: .camera, type: .uint16, size: Self.size))
    let one = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    let two = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(one.levels == two.levels && one.bytesOut == two.bytesOut)
  }

  @Test func theBytesOfAnImportAreForeseen() async throws {
    let tiles = [(Scenery.camera, 0), (.empty, 0), (.camera, 7)].enumerated().map { number, tile in
      var size = Self.size
      size.x -= tile.1
      return ImportJob.Tile(
        sources: [SceneryVolume(scenery: tile.0, type: .uint16, size: size)], leading: .none,
        description: StoreDescription(
          name: "\(number)", voxelSize: .unknown, channelName: "", source: [:]))
    }
    var layout = ImportJob.Layout()
    layout.brick = Self.brick
    let job = try ImportJob(
      path: folder("i.zarr"), tiles: tiles, layout: layout,
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0))
    let estimate = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    _ = try await job.run()
    expectClose(estimate.bytesOut, DiskSpace.byteCount(of: folder("i.zarr")), "import")
    let again = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(again.bytesOut == 0 && again.seconds == 0 && again.keptBytes > 0)
  }

  @Test(arguments: Scenery.allCases, [nil, 1] as [Int?])
  func theBytesOfABDVFileAreForeseen(scenery: Scenery, deflate: Int?) async throws {
    let volume = SceneryVolume(scenery: scenery, type: .uint16, size: Self.size)
    let image = try ExportImage(
      name: "a", volumes: [volume], voxelSize: .unknown, chunk: Self.brick)
    let job = try ExportJob(
      path: folder("e.h5"), images: [image, image],
      options: BDVExportOptions(deflateLevel: deflate), budget: MemoryBudget(byteCount: 256 << 20),
      threads: 2, cache: PieceCache(capacity: 0))
    let estimate = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(estimate.seconds.isFinite && estimate.seconds > 0)
    let summary = try await job.run()
    expectClose(
      estimate.bytesOut, Files.size(folder("e.h5")) ?? 0, slack: 64 << 10,
      "\(scenery) \(String(describing: deflate)): \(summary.bytesWritten) of chunks")
  }

  @Test(arguments: Scenery.allCases)
  func theBytesOfFilesOfOneVolumeAreForeseen(scenery: Scenery) async throws {
    let volume = SceneryVolume(scenery: scenery, type: .uint16, size: Self.size)
    let volumes = ExportedVolumes(parts: [volume], provenance: ["seed": 1])
    let (budget, cache) = (MemoryBudget(byteCount: 256 << 20), PieceCache(capacity: 0))
    let room = disk(free: 1 << 40)
    for compression in [TIFFWriter.Compression.none, .deflate(level: 1)] {
      let job = try TIFFExportJob(
        volumes, path: folder("t.tif"), tile: Index3(z: 1, y: 64, x: 64), levels: 4,
        compression: compression, budget: budget, threads: 2, cache: cache)
      let estimate = try job.estimate(disk: room, sample: Self.sample)
      #expect(estimate.seconds.isFinite && estimate.seconds > 0)
      _ = try await job.run(overwrite: true)
      expectClose(
        estimate.bytesOut, Files.size(folder("t.tif")) ?? 0, slack: 128 << 10,
        "\(scenery) \(compression)")
    }
    let hdf5 = HDF5ExportJob(
      volumes, path: folder("p.h5"), chunk: Self.brick, budget: budget, threads: 2, cache: cache)
    let estimate = try hdf5.estimate(disk: room, sample: Self.sample)
    _ = try await hdf5.run()
    expectClose(
      estimate.bytesOut, Files.size(folder("p.h5")) ?? 0, slack: 32 << 10, "\(scenery) HDF5")
    let array = try NPYExport.estimate(
      volumes, to: folder("a.npy"), budget: budget, cache: cache, disk: room)
    #expect(try NPYExport.write(volumes, to: folder("a.npy")) == array.bytesOut)
  }

  // MARK: What is there already

  @Test func anInterruptedStoreCountsOnlyTheRest() async throws {
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    let whole = try store(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    let failing = FailingReads(after: 180)
    await #expect(throws: BrickworkError.self) { try await store(failing.volume(volume)).run() }
    let before = try contents(of: folder.path)
    let rest = try store(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(try contents(of: folder.path) == before)
    #expect(rest.keptBytes > 0 && rest.voxelBytesIn < whole.voxelBytesIn)
    let summary = try await store(volume).run()
    #expect(summary.keptItems > 0)
    expectClose(rest.bytesOut, summary.bytesWritten, slack: 20_000, "the rest of a store")
    let replaced = try store(volume).estimate(
      overwrite: true, disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(replaced.bytesOut == whole.bytesOut && replaced.keptBytes == 0)
    #expect(replaced.freedBytes >= whole.bytesOut / 2)
  }

  @Test func anInterruptedExportCountsOnlyTheRest() async throws {
    func job(_ volume: any Volume) throws -> ExportJob {
      try ExportJob(
        path: folder("e.h5"),
        images: [
          try ExportImage(name: "a", volumes: [volume], voxelSize: .unknown, chunk: Self.brick)
        ],
        source: ["seed": 1], budget: MemoryBudget(byteCount: 256 << 20), threads: 2,
        cache: PieceCache(capacity: 0))
    }
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    let whole = try job(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    let failing = FailingReads(after: 60)
    await #expect(throws: BrickworkError.self) { try await job(failing.volume(volume)).run() }
    let before = try contents(of: folder.path)
    let rest = try job(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(try contents(of: folder.path) == before)
    #expect(rest.keptBytes > 0 && rest.voxelBytesIn < whole.voxelBytesIn)
    expectClose(rest.bytesOut + rest.keptBytes, whole.bytesOut, "the rest of an export")
    let summary = try await job(volume).run()
    expectClose(rest.bytesOut, summary.bytesWritten, slack: 128 << 10, "the rest of an export")
  }

  @Test func anInterruptedTIFFCountsOnlyTheRest() async throws {
    func job(_ volume: any Volume) throws -> TIFFExportJob {
      try TIFFExportJob(
        ExportedVolumes(parts: [volume], provenance: ["seed": 1]), path: folder("t.tif"),
        tile: Index3(z: 1, y: 64, x: 64), levels: 2, compression: .deflate(level: 1),
        budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0))
    }
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    let whole = try job(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    let failing = FailingReads(after: 200)
    await #expect(throws: BrickworkError.self) { try await job(failing.volume(volume)).run() }
    let before = try contents(of: folder.path)
    let rest = try job(volume).estimate(disk: disk(free: 1 << 40), sample: Self.sample)
    #expect(try contents(of: folder.path) == before)
    #expect(rest.keptBytes > 0 && rest.bytesOut < whole.bytesOut)
    expectClose(rest.bytesOut + rest.keptBytes, whole.bytesOut, "the rest of a TIFF")
  }

  // MARK: A disk that is too small

  @Test func aDiskThatIsTooSmallIsRefused() async throws {
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    let job = try store(volume)
    let needed = try job.estimate(disk: disk(free: 1 << 40), sample: Self.sample).neededBytes
    let short = try job.estimate(disk: disk(free: needed / 2), sample: Self.sample)
    #expect(!short.fits)
    let error = #expect(throws: BrickworkError.self) { try short.checkRoom() }
    #expect(error?.code == .outputExists)
    #expect(
      error?.reason.hasPrefix("the disk is too small: about \(needed >> 20) MiB would be written")
        == true, "\(String(describing: error))")
    #expect(error?.reason.contains("\((needed / 2) >> 20) MiB are free") == true)
    #expect(error?.remedy?.contains("--ignore-free-disk") == true)
    #expect(throws: BrickworkError.self) { try job.checkRoom(disk: disk(free: needed / 2)) }
    // Less than the voxels, more than they become: a sample tells.
    try job.checkRoom(disk: disk(free: needed + needed / 4))
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func whereThereIsRoomForAllVoxelsNothingIsSampled() throws {
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    let untouched = FailingReads(after: 0).volume(volume)
    let disk = OutputDisk(
      free: { _ in 1 << 40 },
      speed: { _, _ in
        Issue.record("the disk's speed was measured")
        return nil
      })
    try store(untouched).checkRoom(disk: disk)
    let (budget, cache) = (MemoryBudget(byteCount: 256 << 20), PieceCache(capacity: 0))
    let image = try ExportImage(name: "a", volumes: [untouched], voxelSize: .unknown)
    try ExportJob(
      path: folder("e.h5"), images: [image], budget: budget, threads: 2, cache: cache
    ).checkRoom(disk: disk)
    let volumes = ExportedVolumes(parts: [untouched])
    try TIFFExportJob(
      volumes, path: folder("t.tif"), compression: .none, budget: budget, threads: 2, cache: cache
    ).checkRoom(disk: disk)
    try HDF5ExportJob(
      volumes, path: folder("p.h5"), budget: budget, threads: 2, cache: cache
    ).checkRoom(disk: disk)
    try NPYExport.checkRoom(volumes, to: folder("a.npy"), disk: disk)
    let tight = OutputDisk(free: { _ in 1 << 20 })
    #expect(throws: BrickworkError.self) {
      try NPYExport.checkRoom(volumes, to: folder("a.npy"), disk: tight)
    }
  }

  @Test func theRoomOfAStoreThatIsReplacedCounts() async throws {
    let volume = SceneryVolume(scenery: .camera, type: .uint16, size: Self.size)
    _ = try await store(volume).run()
    let used = DiskSpace.freed(byDeleting: folder("s.zarr"))
    #expect(used >= DiskSpace.byteCount(of: folder("s.zarr")) / 2)
    let full = disk(free: used / 2)
    try store(volume).checkRoom(overwrite: true, disk: full)
    let estimate = try store(volume).estimate(overwrite: true, disk: full, sample: Self.sample)
    #expect(estimate.fits && estimate.freedBytes == used && estimate.room == used + used / 2)
  }

  @Test func theProbeLeavesNothing() throws {
    let speed = try #require(try WriteProbe.speed(in: folder.path, room: 128 << 20))
    #expect(speed.disk > 0 && speed.disk.isFinite && speed.handingOver > 0)
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(try WriteProbe.speed(in: folder.path, room: 1 << 20) == nil)
    let error = #expect(throws: BrickworkError.self) {
      try WriteProbe.speed(in: folder("none"), room: 128 << 20)
    }
    #expect(error?.code == .outputExists)
    #expect(try DiskSpace.free(at: folder("a/b/c")) > 0)
    #expect(DiskSpace.nearestFolder(of: folder("a/b/c")) == folder.path)
  }
}
