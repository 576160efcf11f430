internal import BrickCore
internal import BrickFiles
internal import BrickStitch
internal import BrickZarr

/// A user's own check of a machine: what its memory, disk and processor can do, and what stitching, exporting and
/// reading make of it within a memory budget.
///
/// Tiles of camera-like noise are made in a scratch folder, which is removed in the end, whatever happens but a kill.
/// They are the same on every machine. Each job begins with its input on the disk alone, as far as the system forgets
/// files when it is asked to, and what it wrote is compared with the truth at sampled voxels.
public struct MachineBenchmark: Sendable {
  /// Where the disk is measured: a folder that is there.
  public let folder: String
  /// Bytes of the voxels of all tiles, about.
  public let byteCount: Int
  /// The ceiling for the whole process.
  public let budget: MemoryBudget
  /// Workers at most.
  public let threads: Int
  /// Who hears of the progress; nil for nobody.
  public let listener: (any ProgressListener)?

  /// Bytes of tiles that can be asked for: less is over before it can be measured, more is no benchmark.
  public static let byteCounts = (64 << 20)...(64 << 40)

  /// A benchmark that has not begun; more threads than there are cores count as one each.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` for a size that is too small or too large.
  public init(
    folder: String, byteCount: Int = 1 << 30, budget: MemoryBudget, threads: Int,
    listener: (any ProgressListener)? = nil
  ) throws {
    guard Self.byteCounts.contains(byteCount) else {
      throw BrickworkError(
        .badRequest,
        reason: "\(byteCount) bytes of tiles are not between 64 MiB and 64 TiB",
        remedy: "Choose a size like 1GiB")
    }
    self.folder = folder
    self.byteCount = byteCount
    self.budget = budget
    self.threads = max(1, min(threads, SystemMemory.cores))
    self.listener = listener
  }

  /// Measures, and removes everything it wrote.
  ///
  /// - Throws: `BrickworkError`: `.inputOutput` if the folder can't be written or has too little room, `.outOfBudget` with
  ///   the smallest budget that works, `.verificationFailed` if a job wrote a wrong voxel; `CancellationError` if the task
  ///   was cancelled.
  public func run() async throws -> MachineReport {
    let scene = try BenchmarkScene(byteCount: byteCount)
    let scratch = Files.join(folder, "brickwork-benchmark-\(ProcessUsage.processNumber)")
    let jobs = BenchmarkJobs(
      scene: scene, folder: scratch, budget: budget, threads: threads, listener: listener)
    try checkRoom(try jobs.diskBytes())
    try Files.remove(scratch)
    try Files.makeFolder(scratch)
    do {
      try jobs.checkBudget()
      let report = try await measure(jobs)
      try Files.remove(scratch)
      return report
    } catch {
      try? Files.remove(scratch)
      throw error
    }
  }

  private func checkRoom(_ needed: Int) throws {
    let free = try DiskSpace.free(at: folder)
    guard free < needed else { return }
    throw BrickworkError(
      .outputExists, path: folder,
      reason:
        "has \(free >> 20) MiB of free disk, and a benchmark of \(byteCount >> 20) MiB of tiles "
        + "takes up to \((needed + (1 << 20) - 1) >> 20) MiB for a while",
      remedy: "Choose another folder with --folder, or less with --size")
  }

  private func meter(_ phase: String, totalBytes: Int = 0) -> ProgressMeter {
    ProgressMeter(
      phase: phase, totalVoxels: totalBytes / VoxelType.uint16.byteCount, totalItems: 1,
      listener: listener)
  }

  private func measure(_ jobs: BenchmarkJobs) async throws -> MachineReport {
    let scene = jobs.scene
    let probe = RateProbe(threads: threads)
    BlockStorage.keep(atMost: budget.keptBytes)
    let copying = try await CopyProbe.run(probe, budget: budget)
    let disk = try await DiskProbe(
      folder: jobs.folder, byteCount: DiskProbe.fileBytes(for: scene.byteCount), threads: threads,
      meter: meter("measuring the disk")
    ).run()
    let plan = try jobs.storePlan(at: jobs.storePath)
    let codecs = try await CodecProbe(probe: probe, brick: plan.levels[0].array.brick).run(
      camera: try scene.stitched(from: nil, cache: PieceCache(capacity: 0)),
      meter: meter("measuring the codecs"))
    let tiles = meter("making tiles", totalBytes: scene.byteCount)
    try await scene.writeTiles(
      in: jobs.folder, threads: threads, budget: budget, meter: tiles)
    tiles.finish()
    return MachineReport(
      machine: .current, tileCount: scene.tileCount, tileSize: scene.tileSize,
      volumeSize: scene.placement.size, tileBytes: scene.byteCount, budget: budget.byteCount,
      threads: threads, copying: copying, disk: disk, codecs: codecs,
      jobs: try await measureJobs(jobs, plan, disk, codecs))
  }

  private func measureJobs(
    _ jobs: BenchmarkJobs, _ plan: StorePlan, _ disk: MachineReport.Disk,
    _ codecs: [MachineReport.Codec]
  ) async throws -> [MachineJob] {
    let levels = plan.levels.map { $0.array.size.volume * $0.array.type.byteCount }
    let allLevels = levels.reduce(0, +)
    let (store, deflate) = (codecs[0], codecs[2])
    let check = BenchmarkCheck(jobs: jobs)
    let stitch = JobMeasurement(
      kind: .stitch, files: jobs.tilePaths, voxelBytes: jobs.scene.byteCount, decodedBytes: 0,
      threads: threads)
    var found = [
      try await stitch.run(JobMeasurement.Rates(disk: disk, encoding: store.encoding)) {
        let job = try jobs.stitch(to: jobs.storePath, from: jobs.folder)
        let summary = try await job.run(overwrite: true)
        return JobMeasurement.Outcome(
          bytesWritten: summary.bytesWritten, voxelBytesWritten: allLevels, workers: summary.workers
        )
      }
    ]
    try check.stitched()
    let shards = try Files.all(in: jobs.storePath)
    let export = JobMeasurement(
      kind: .export, files: shards, voxelBytes: levels[0], decodedBytes: allLevels,
      threads: threads)
    found.append(
      try await export.run(
        JobMeasurement.Rates(disk: disk, encoding: deflate.encoding, decoding: store.decoding)
      ) {
        let summary = try await jobs.export().run(overwrite: true)
        return JobMeasurement.Outcome(
          bytesWritten: summary.bytesWritten, voxelBytesWritten: summary.voxelBytes,
          workers: summary.workers)
      })
    try check.exported()
    let read = JobMeasurement(
      kind: .read, files: try Files.all(in: plan.levels[0].array.path), voxelBytes: levels[0],
      decodedBytes: levels[0], threads: threads)
    found.append(
      try await read.run(JobMeasurement.Rates(disk: disk, decoding: store.decoding)) {
        JobMeasurement.Outcome(
          bytesWritten: 0, voxelBytesWritten: 0, workers: try await jobs.readAll())
      })
    return found
  }
}
