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
  public var stamps: [String]

  /// A description from its parts.
  public init(
    name: String, voxelSize: VoxelSize, channelName: String, source: JSON, stamps: [String] = []
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
    try checkPlace(folder)
    if !overwrite, try isComplete() { return completeSummary }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if overwrite {
      try folder.empty()
    } else if try isComplete() {
      // Another process was faster, or a run was killed in its very last step and left its folder.
      try folder.remove()
      return completeSummary
    }
    try begin(folder)
    for level in plan.levels {
      try level.array.writeMetadata(
        dimensionNames: ["z", "y", "x"], dimensionUnits: Self.units(description.voxelSize, level))
    }
    BlockStorage.keep(atMost: budget.keptBytes)
    // All passes are planned before the first begins: a budget that is too small shows now, not after hours.
    let widths = try plan.passes.indices.map { try runner($0, folder).width() }
    let histograms = HistogramSum(type: source.type)
    let todo = try unfinishedItems(folder, histograms)
    let total = plan.passes.reduce(0) { $0 + plan.items(of: $1).count }
    let missing = todo.reduce(0) { $0 + $1.count }
    let meter = ProgressMeter(
      phase: "stitching", totalVoxels: voxels(of: todo), totalItems: missing, listener: listener)
    for (number, items) in todo.enumerated() where !items.isEmpty {
      if number > 0 { meter.setPhase("coarser levels") }
      cache.capacity = widths[number].cache
      cache.dropsAtRandom = widths[number].demand > widths[number].room
      try await runner(number, folder).run(items: items, width: widths[number], meter: meter) {
        if let histogram = $0.mergedHistogram() { histograms.add(histogram) }
      }
    }
    try await writeImage(settings, histograms.sum, workers: widths.map(\.workers).min() ?? 1)
    try folder.remove()
    let report = meter.finish()
    return Summary(
      wasComplete: false, keptItems: total - missing, totalItems: total, seconds: report.seconds,
      voxelBytes: report.voxelBytes, bytesWritten: report.bytesWritten,
      workers: widths.map(\.workers).max() ?? 0,
      plannedBytes: widths.map(\.planned).max() ?? 0)
  }

  /// What a run will take.
  public struct Forecast: Sendable, Hashable {
    /// Workers that the budget allows.
    public var workers: Int
    /// Bytes that the plan needs without caches.
    public var plannedBytes: Int
    /// Bytes left for decoded strips and tiles of compressed sources.
    public var cacheBytes: Int
    /// Bytes of decoded strips and tiles that a group of work items shares; 0 for sources that are not compressed.
    ///
    /// With a smaller cache some are decoded again and again.
    public var sharedPieceBytes: Int
  }

  /// What a run will take of memory.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> Forecast {
    let width = try runner(0, RunFolder(store: path)).width()
    return Forecast(
      workers: width.workers, plannedBytes: width.planned, cacheBytes: width.room,
      sharedPieceBytes: width.demand)
  }

  private var completeSummary: Summary {
    let items = plan.passes.reduce(0) { $0 + plan.items(of: $1).count }
    return Summary(
      wasComplete: true, keptItems: items, totalItems: items, seconds: 0, voxelBytes: 0,
      bytesWritten: 0, workers: 0, plannedBytes: 0)
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
      "channel": .string(description.channelName),
      "levels": .array(levels), "source": description.source,
    ]
  }

  /// Everything that must not change while a run is interrupted.
  var runSettings: JSON {
    ["settings": settings, "stamps": .array(description.stamps.map { .string($0) })]
  }

  private func unfinishedItems(_ folder: RunFolder, _ histograms: HistogramSum) throws -> [[Int]] {
    var todo: [[Int]] = []
    for (number, pass) in plan.passes.enumerated() {
      let grid = plan.items(of: pass)
      var items: [Int] = []
      for item in 0..<grid.count {
        let owned = plan.shards(ofItem: item, pass: pass)
        guard let record = try folder.finishedItem(pass: number, item: item, owned: owned) else {
          items.append(item)
          continue
        }
        guard number == 0 else { continue }
        // The first pass counted its voxels: a record without the count of all of them is of no use.
        let voxels = grid.box(at: grid.index(at: item)).count
        if let histogram = VoxelHistogram(serialized: record.histogram),
          histogram.type == source.type, histogram.count <= voxels,
          histogram.nanCount == voxels - histogram.count
        {
          histograms.add(histogram)
        } else {
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

  private func writeImage(
    _ settings: JSON, _ histogram: VoxelHistogram, workers: Int
  ) async throws {
    let shown = try await window(histogram, workers: workers)
    let size = description.voxelSize
    let levels = plan.levels.enumerated().map { number, level in
      OMEZarrLevel.averaged(
        path: "\(number)", size: level.array.size, voxelSize: size, factor: level.factor)
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
