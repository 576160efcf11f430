public import BrickCore
internal import BrickFiles
internal import BrickZarr
internal import Synchronization

/// What the finished store says about itself, and what decides whether two runs make the same one.
public struct StoreDescription: Sendable {
  /// The image's name in the metadata.
  public var name: String
  /// µm between the voxels of level 0.
  public var voxelSize: VoxelSize
  /// The channel's name, which viewers show; may be empty.
  public var channelName: String
  /// Everything about the source that decides the voxels: files, positions, method.
  ///
  /// It is kept in the store, and a run that finds another one refuses to mix both.
  public var source: JSON
  /// What gives away that a source was replaced while a run was interrupted: the files' writing times.
  ///
  /// It is compared when a run is continued, and not kept in the finished store, which does not depend on it.
  public var stamps: JSON

  /// A description from its parts.
  public init(
    name: String, voxelSize: VoxelSize, channelName: String, source: JSON, stamps: JSON = .null
  ) {
    self.name = name
    self.voxelSize = voxelSize
    self.channelName = channelName
    self.source = source
    self.stamps = stamps
  }
}

/// Writes a lazy volume into a chunk store with its pyramid, at a memory ceiling, so that it can be
/// killed at any time and continued by the same call.
///
/// The bytes written depend on the volume, the plan and the description alone: not on threads,
/// budget, or how often the job was interrupted.
public struct StoreJob: Sendable {
  /// The store's folder, which need not be there yet.
  public let path: String
  /// The volume to write, the voxels of level 0.
  public let source: any Volume
  /// Levels, shards and passes, planned for the same path.
  public let plan: StorePlan
  /// What the metadata say, and what a rerun compares.
  public let description: StoreDescription
  /// The ceiling for the whole process.
  public let budget: MemoryBudget
  /// Workers at most: the budget may allow fewer.
  public let threads: Int
  /// The cache that the source decodes through: it gets what the budget leaves.
  public let cache: PieceCache
  /// Who hears of the progress; nil for nobody.
  public let listener: (any ProgressListener)?

  /// A job that has not begun; fewer than one thread counts as one.
  public init(
    path: String, source: any Volume, plan: StorePlan, description: StoreDescription,
    budget: MemoryBudget, threads: Int, cache: PieceCache, listener: (any ProgressListener)? = nil
  ) {
    self.path = path
    self.source = source
    self.plan = plan
    self.description = description
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.listener = listener
  }

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Whether the store was complete before.
    public var wasComplete: Bool
    /// Work items that earlier runs had finished.
    public var keptItems: Int
    /// Work items of the whole store.
    public var totalItems: Int
    /// Seconds the run took.
    public var seconds: Double
    /// Bytes of voxels this run computed, before compression: of the first level of each pass.
    public var voxelBytes: Int
    /// Bytes written to shards.
    public var bytesWritten: Int
    /// The most workers of any pass.
    public var workers: Int
    /// Bytes the plan allows the process.
    public var plannedBytes: Int
  }

  /// Writes what is missing of the store.
  ///
  /// - Parameter overwrite: delete a store that is already there, finished or not, and start anew.
  /// - Throws: `BrickworkError` with code `.outputExists` if something else is there, or a store of
  ///   other settings; `CancellationError` if the task was cancelled: the store can then be
  ///   continued.
  public func run(overwrite: Bool = false) async throws -> Summary {
    let folder = RunFolder(store: path)
    let settings = settings
    if try prepare(folder, settings, overwrite) {
      let items = plan.passes.reduce(0) { $0 + plan.items(of: $1).count }
      return Summary(
        wasComplete: true, keptItems: items, totalItems: items, seconds: 0, voxelBytes: 0,
        bytesWritten: 0, workers: 0, plannedBytes: 0)
    }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if try folder.settings() == nil { try folder.create(settings: runSettings) }
    for level in plan.levels {
      try level.array.writeMetadata(
        dimensionNames: ["z", "y", "x"], dimensionUnits: Self.units(description.voxelSize, level))
    }
    let histograms = HistogramSum(type: source.type)
    let todo = try unfinishedItems(folder, histograms)
    let total = plan.passes.reduce(0) { $0 + plan.items(of: $1).count }
    let missing = todo.reduce(0) { $0 + $1.count }
    let meter = ProgressMeter(
      phase: "stitching", totalVoxels: voxels(of: todo), totalItems: missing, listener: listener)
    var workers = 0
    var planned = 0
    for (number, items) in todo.enumerated() where !items.isEmpty {
      if number > 0 { meter.setPhase("coarser levels") }
      let runner = try runner(number, folder)
      let width = try runner.width()
      cache.capacity = width.cache
      workers = max(workers, width.workers)
      planned = max(planned, width.planned)
      try await runner.run(items: items, width: width, meter: meter) {
        if let histogram = $0.mergedHistogram() { histograms.add(histogram) }
      }
    }
    try await writeImage(settings, histograms.sum)
    try folder.remove()
    let report = meter.finish()
    return Summary(
      wasComplete: false, keptItems: total - missing, totalItems: total, seconds: report.seconds,
      voxelBytes: report.voxelBytes, bytesWritten: report.bytesWritten, workers: workers,
      plannedBytes: planned)
  }

  /// How many workers the budget allows, and the bytes that the plan needs without caches.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> (workers: Int, plannedBytes: Int) {
    let width = try runner(0, RunFolder(store: path)).width()
    return (width.workers, width.planned)
  }

  // MARK: Before

  /// Makes sure that this run may write here.
  ///
  /// - Returns: true if the store is already complete.
  private func prepare(_ folder: RunFolder, _ settings: JSON, _ overwrite: Bool) throws -> Bool {
    guard Files.exists(path) else { return false }
    let group = path + "/zarr.json"
    let isStore = Files.exists(group) || Files.exists(folder.path)
    guard Files.isFolder(path), try isStore || Files.names(in: path).isEmpty else {
      throw BrickworkError(
        .outputExists, path: path, reason: "exists and is not a chunk store",
        remedy: "Choose another name; --overwrite replaces only chunk stores")
    }
    if overwrite {
      // The lock keeps a running job's store from being deleted under it.
      let lock = try folder.lock()
      try Files.remove(group)
      withExtendedLifetime(lock) {}
      try Files.remove(path)
      return false
    }
    if Files.exists(group) {
      let attributes = try JSON(parsing: Files.read(group), path: group)["attributes"]
      guard attributes?["brickwork"]?["settings"] == settings else {
        throw differs("holds a finished store")
      }
      // A run that was killed in its very last step leaves this behind.
      try folder.remove()
      return true
    }
    if let earlier = try folder.settings(), earlier != runSettings {
      throw differs("holds an unfinished run")
    }
    return false
  }

  private func differs(_ what: String) -> BrickworkError {
    BrickworkError(
      .outputExists, path: path,
      reason: "\(what) made with other settings or from other files",
      remedy:
        "Repeat the command as it was to continue, choose another name, or add --overwrite to start anew"
    )
  }

  /// Everything that decides the bytes.
  var settings: JSON {
    let levels = plan.levels.map { level -> JSON in
      [
        "factor": .array(level.factor.components.map { .init($0) }),
        "brick": .array(level.array.brick.components.map { .init($0) }),
        "shard": .array(level.array.shard.components.map { .init($0) }),
        "codec": .string(level.array.codec.name),
        "codec_level": level.array.codec.level.map { .init($0) } ?? .null,
      ]
    }
    return [
      "format": 1, "type": .string(source.type.rawValue),
      "size_zyx": .array(source.size.components.map { .init($0) }),
      "voxel_size_xyz_um": [
        .number(description.voxelSize.x), .number(description.voxelSize.y),
        .number(description.voxelSize.z),
      ],
      "name": .string(description.name), "channel": .string(description.channelName),
      "levels": .array(levels), "source": description.source,
    ]
  }

  /// Everything that must not change while a run is interrupted.
  private var runSettings: JSON { ["settings": settings, "stamps": description.stamps] }

  private func unfinishedItems(_ folder: RunFolder, _ histograms: HistogramSum) throws -> [[Int]] {
    var todo: [[Int]] = []
    for (number, pass) in plan.passes.enumerated() {
      var items: [Int] = []
      for item in 0..<plan.items(of: pass).count {
        guard let record = try folder.finishedItem(pass: number, item: item) else {
          items.append(item)
          continue
        }
        if number == 0, let histogram = VoxelHistogram(serialized: record.histogram) {
          histograms.add(histogram)
        } else if number == 0 {
          items.append(item)
        }
      }
      todo.append(items)
    }
    try folder.sweep()
    return todo
  }

  private func voxels(of todo: [[Int]]) -> Int {
    zip(plan.passes, todo).reduce(0) { sum, entry in
      let grid = plan.items(of: entry.0)
      return sum + entry.1.reduce(0) { $0 + grid.box(at: grid.index(at: $1)).count }
    }
  }

  private func runner(_ number: Int, _ folder: RunFolder) throws -> PassRunner {
    let first = plan.passes[number].levels.lowerBound
    var volume = source
    if number > 0 {
      let finer = try ZarrVolume(plan.levels[first - 1].array.path, cache: cache)
      volume = finer.downsampled(by: plan.levels[first].step, method: .mean)
    }
    return PassRunner(
      plan: plan, number: number, source: volume, folder: folder, wantsHistogram: number == 0,
      budget: budget, threads: threads)
  }

  // MARK: After

  private func writeImage(_ settings: JSON, _ histogram: VoxelHistogram) async throws {
    let shown = try await window(histogram)
    let size = description.voxelSize
    let levels = plan.levels.enumerated().map { number, level in
      OMEZarrLevel(
        path: "\(number)", size: level.array.size, voxelSize: size.scaled(by: level.factor),
        translation: Point3(
          x: Double(level.factor.x - 1) / 2 * size.x, y: Double(level.factor.y - 1) / 2 * size.y,
          z: Double(level.factor.z - 1) / 2 * size.z))
    }
    try OMEZarrWriting.writeImage(
      path: path, name: description.name, type: "mean",
      method:
        "mean of the voxels that exist, integers rounded half up, each level from the one before",
      levels: levels, window: shown, channelName: description.channelName,
      color: "FFFFFF", extra: ["settings": settings])
    try Files.flushFolder(path)
  }

  private static func units(_ size: VoxelSize, _ level: LevelPlan) -> [String] {
    let scaled = size.scaled(by: level.factor)
    return [scaled.z, scaled.y, scaled.x].map { "\($0) um" }
  }
}

/// The sum of the histograms of all items.
private final class HistogramSum: Sendable {
  private let state: Mutex<VoxelHistogram>
  init(type: VoxelType) { state = Mutex(VoxelHistogram(type: type)) }
  func add(_ histogram: VoxelHistogram) { state.withLock { $0.merge(histogram) } }
  var sum: VoxelHistogram { state.withLock { $0 } }
}
