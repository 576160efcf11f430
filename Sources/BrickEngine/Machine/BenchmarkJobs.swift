internal import BrickBDV
internal import BrickCore
internal import BrickFiles
internal import BrickStitch
internal import BrickZarr

/// The jobs of a benchmark in its scratch folder, as a user would run them.
struct BenchmarkJobs: Sendable {
  let scene: BenchmarkScene
  let folder: String
  let budget: MemoryBudget
  let threads: Int
  let listener: (any ProgressListener)?

  var storePath: String { Files.join(folder, "stitched.ome.zarr") }
  var exportPath: String { Files.join(folder, "stitched.h5") }
  var tilePaths: [String] { (0..<scene.tileCount).map { scene.path(ofTile: $0, in: folder) } }

  func storePlan(at path: String) throws -> StorePlan {
    try StorePlan(
      path: path, size: scene.placement.size, type: .uint16, voxelSize: BenchmarkScene.voxelSize)
  }

  /// - Parameter tiles: the folder of the tiles' files; nil for a plan before there are any.
  func stitch(to path: String, from tiles: String?) throws -> StoreJob {
    let cache = PieceCache(capacity: 0)
    return StoreJob(
      path: path, source: try scene.stitched(from: tiles, cache: cache),
      plan: try storePlan(at: path),
      description: StoreDescription(
        name: "benchmark", voxelSize: BenchmarkScene.voxelSize, channelName: "", source: [:]),
      budget: budget, threads: threads, cache: cache, listener: listener)
  }

  func export() throws -> ExportJob {
    let cache = PieceCache(capacity: 0)
    return try ExportJob(
      path: exportPath,
      images: [try ExportImage(store: try OMEZarrImage(storePath, cache: cache))],
      budget: budget, threads: threads, cache: cache, listener: listener)
  }

  // MARK: Reading

  /// Voxels that a worker reads at once: whole bricks.
  private func readingBlock(_ volume: ZarrVolume) -> Index3 {
    (volume.brick * Index3(z: 1, y: 2, x: 4)).minimum(volume.size)
  }

  private func readingWorkers(_ volume: ZarrVolume) throws -> Int {
    let block = readingBlock(volume)
    let bytes = BlockStorage.footprint(of: block.volume * volume.type.byteCount)
    return try budget.share(
      wanted: threads, perWorker: bytes + volume.scratchBytes(reading: block), shared: 0
    ).workers
  }

  /// Reads every voxel of the store's finest level once, and returns how many workers did.
  func readAll() async throws -> Int {
    let image = try OMEZarrImage(storePath, cache: PieceCache(capacity: 0))
    guard let volume = try image.volume(level: 0, channel: 0, timepoint: 0) as? ZarrVolume else {
      preconditionFailure("A store of one channel is a plain volume")
    }
    let grid = BrickGrid(size: volume.size, brick: readingBlock(volume))
    let workers = try readingWorkers(volume)
    let meter = ProgressMeter(
      phase: "reading the store", totalVoxels: volume.size.volume, totalItems: grid.count,
      listener: listener)
    try await OrderedPipeline.run(count: grid.count, workers: workers) {
      Reader()
    } produce: { reader, number in
      let box = grid.box(at: grid.index(at: number))
      volume.willRead(box)
      try reader.read(box, of: volume)
      volume.didRead(box)
      meter.add(voxels: box.count, voxelBytes: box.count * volume.type.byteCount, items: 1)
    } commit: { _, _ in
      nil
    }
    meter.finish()
    return workers
  }

  /// Keeps a worker's block.
  private final class Reader {
    private var block = VoxelBlock()

    func read(_ box: Box3, of volume: any Volume) throws { try Self.read(box, of: volume, &block) }

    // The block comes as a parameter, because a span can't be borrowed from a class's property.
    private static func read(_ box: Box3, of volume: any Volume, _ block: inout VoxelBlock) throws {
      block.reshape(to: box, type: volume.type)
      try volume.read(into: &block)
    }
  }

  // MARK: Before the start

  /// Makes sure that all jobs fit into the budget; writes nothing but metadata of an empty store.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget`, with the smallest budget that does for all of them.
  func checkBudget() throws {
    let path = Files.join(folder, "plan.ome.zarr")
    defer { try? Files.remove(path) }
    for level in try storePlan(at: path).levels {
      try level.array.writeMetadata(dimensionNames: ["z", "y", "x"], dimensionUnits: nil)
    }
    guard let failure = try failure(in: path) else { return }
    // By the mebibyte, first upwards by doubling.
    func fits(_ mebibytes: Int) throws -> Bool {
      let jobs = BenchmarkJobs(
        scene: scene, folder: folder, budget: MemoryBudget(byteCount: mebibytes << 20),
        threads: threads, listener: nil)
      return try jobs.failure(in: path) == nil
    }
    var (low, high) = (budget.byteCount >> 20, max(2, budget.byteCount >> 19))
    while try !fits(high) {
      guard high < 1 << 24 else { throw failure }
      (low, high) = (high, 2 * high)
    }
    while high - low > 1 {
      let middle = (low + high) / 2
      if try fits(middle) { high = middle } else { low = middle }
    }
    throw BrickworkError(
      .outOfBudget,
      reason:
        "a memory budget of \(budget.byteCount >> 20) MiB is too small: the benchmark takes at "
        + "least \(high) MiB", remedy: "Raise --memory to \(high)MiB or more")
  }

  /// The error of the first job that doesn't fit; nil if all do.
  ///
  /// - Parameter path: a store of the planned shapes without a voxel.
  private func failure(in path: String) throws -> BrickworkError? {
    do {
      try budget.check(
        holding: CodecProbe.memory(
          brick: storePlan(at: path).levels[0].array.brick, threads: threads))
      try budget.check(holding: DiskProbe.memory(threads: threads))
      let stitch = try stitch(to: path, from: nil)
      for pass in stitch.plan.passes.indices {
        _ = try stitch.runner(pass, RunFolder(store: path)).width()
      }
      let cache = PieceCache(capacity: 0)
      let levels = try stitch.plan.levels.map {
        (factor: $0.factor, volume: try ZarrVolume($0.array.path, cache: cache))
      }
      let image = try ExportImage(
        name: "benchmark", channelNames: [""], voxelSize: BenchmarkScene.voxelSize,
        reduction: .mean, levels: levels.map { ($0.factor, [$0.volume]) }
      ) { levels[0].volume.brick }
      _ = try ExportJob(
        path: exportPath, images: [image], budget: budget, threads: threads, cache: cache
      ).forecast()
      _ = try readingWorkers(levels[0].volume)
      return nil
    } catch let error as BrickworkError where error.code == .outOfBudget {
      return error
    }
  }

  /// Bytes that the scratch folder may take at most: the tiles, and the store and the exported file as if nothing could
  /// be compressed.
  func diskBytes() throws -> Int {
    let voxels = try storePlan(at: storePath).levels.reduce(0) {
      $0 + $1.array.size.volume * $1.array.type.byteCount
    }
    // Bricks at the edges are filled up with zeros, which take next to nothing.
    return scene.byteCount + 2 * (voxels + voxels / 50) + (16 << 20)
  }
}
