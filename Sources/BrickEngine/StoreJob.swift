public import BrickCore
internal import BrickFiles
public import BrickLabels
internal import BrickZarr
internal import Synchronization

/// Writes a lazy volume, or one for each time point and channel, into a chunk store with its pyramid, at a memory
/// ceiling, so that it can be killed at any time and continued by the same call.
///
/// The bytes written depend on the volumes, the plan and the description alone: not on threads,
/// budget, or how often the job was interrupted.
public struct StoreJob: Sendable {
  /// The store's folder, which need not be there yet.
  public let path: String
  /// The volumes to write, the voxels of level 0: one for each part of the plan's leading axes, channels fastest.
  public let sources: [any Volume]
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
  /// Bytes that the sources and the observer hold as long as the job runs: tables of theirs.
  public private(set) var heldBytes: Int
  /// Who is shown the blocks of level 0; nil for nobody.
  public private(set) var observer: (any BlockObserver)?
  /// Who hears of the progress; nil for nobody.
  public let listener: (any ProgressListener)?

  /// A job that has not begun; fewer than one thread counts as one.
  ///
  /// - Precondition: there is a volume for each part that is planned, all of the planned size and type, and a name for
  ///   each channel.
  public init(
    path: String, sources: [any Volume], plan: StorePlan, description: StoreDescription,
    budget: MemoryBudget, threads: Int, cache: PieceCache, heldBytes: Int = 0,
    listener: (any ProgressListener)? = nil
  ) {
    precondition(
      sources.count == plan.leading.count,
      "\(sources.count) volumes are no image of \(plan.leading.count)")
    precondition(
      description.channelNames.count == plan.leading.channels ?? 1, "Each channel has a name")
    let array = plan.levels[0].array
    precondition(
      sources.allSatisfy { $0.size == array.size && $0.type == array.type },
      "All volumes have the planned size and type")
    self.path = path
    self.sources = sources
    self.plan = plan
    self.description = description
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.heldBytes = heldBytes
    self.listener = listener
  }

  /// A job for a single volume.
  public init(
    path: String, source: any Volume, plan: StorePlan, description: StoreDescription,
    budget: MemoryBudget, threads: Int, cache: PieceCache, heldBytes: Int = 0,
    listener: (any ProgressListener)? = nil
  ) {
    self.init(
      path: path, sources: [source], plan: plan, description: description, budget: budget,
      threads: threads, cache: cache, heldBytes: heldBytes, listener: listener)
  }

  /// The same job, which shows `observer` each voxel of level 0 exactly once: those that earlier runs wrote are read
  /// back.
  ///
  /// - Parameter bytes: what the observer holds as long as the job runs.
  /// - Precondition: the store is a single volume.
  public func observed(by observer: any BlockObserver, holding bytes: Int) -> StoreJob {
    precondition(plan.leading.count == 1, "An observer is shown one volume")
    var job = self
    job.observer = observer
    job.heldBytes += bytes
    return job
  }

  /// The type of every voxel.
  public var type: VoxelType { plan.levels[0].array.type }
  /// Voxels along z, y, x of one channel at one time point.
  public var size: Index3 { plan.levels[0].array.size }

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
    /// Compressed pieces (strips, pages, chunks) of the sources that were decoded, and which of them there were.
    public var decoding = PieceCache.Count()
  }

  /// Writes what is missing of the store.
  ///
  /// - Parameter overwrite: delete a store that is already there, finished or not, and start anew.
  /// - Throws: `BrickworkError` with code `.outputExists` if something else is there, or a store of
  ///   other settings; `CancellationError` if the task was cancelled: the store can then be
  ///   continued.
  public func run(overwrite: Bool = false) async throws -> Summary {
    let folder = RunFolder(store: path)
    let existing = existing
    try existing.checkPlace(folder)
    if !overwrite, try existing.isComplete() { return try await complete() }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if overwrite {
      try folder.empty()
    } else if try existing.isComplete() {
      // Another process was faster, or a run was killed in its very last step and left its folder.
      try folder.remove()
      return try await complete()
    }
    try existing.begin(folder)
    for level in plan.levels {
      try level.array.writeMetadata(
        dimensionNames: plan.leading.names + ["z", "y", "x"],
        dimensionUnits: plan.leading.names.map { _ in nil }
          + Self.units(description.voxelSize, level))
    }
    BlockStorage.keep(atMost: budget.keptBytes)
    // All passes are planned before the first begins: a budget that is too small shows now, not after hours.
    let widths = try plan.passes.indices.map { try runner($0, folder).width() }
    let histograms = HistogramSums(type: type, channels: plan.leading.channels ?? 1)
    let todo = try unfinishedItems(folder, histograms)
    let total = plan.itemCount
    let missing = todo.reduce(0) { $0 + $1.count }
    let meter = ProgressMeter(
      phase: "stitching", totalVoxels: voxels(of: todo), totalItems: missing, listener: listener)
    try await showKept(without: todo[0], workers: widths[0].workers)
    let before = cache.count
    var decoding = PieceCache.Count()
    for (number, items) in todo.enumerated() where !items.isEmpty {
      if number > 0 { meter.setPhase("coarser levels") }
      cache.capacity = widths[number].cache
      cache.dropsAtRandom = widths[number].demand > widths[number].room
      try await runner(number, folder).run(items: items, width: widths[number], meter: meter) {
        if let histogram = $0.mergedHistogram() {
          histograms.add(histogram, channel: plan.leading.channel(of: $0.part))
        }
      }
      if number == 0 { decoding = cache.count - before }
    }
    try await writeImage(settings, histograms.sums, workers: widths.map(\.workers).min() ?? 1)
    try folder.remove()
    let report = meter.finish()
    return Summary(
      wasComplete: false, keptItems: total - missing, totalItems: total, seconds: report.seconds,
      voxelBytes: report.voxelBytes, bytesWritten: report.bytesWritten,
      workers: widths.map(\.workers).max() ?? 0,
      plannedBytes: widths.map(\.planned).max() ?? 0, decoding: decoding)
  }

  /// What there is to say of a store that was finished before, and to show of it.
  private func complete() async throws -> Summary {
    if observer != nil {
      let width = try runner(0, RunFolder(store: path)).width()
      try await showKept(without: [], workers: width.workers)
    }
    let items = plan.itemCount
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
    var settings: JSON = [
      "format": 1, "type": .string(type.rawValue),
      "size_zyx": .array(size.components.map { .init($0) }),
      "voxel_size_xyz_um": [
        .number(description.voxelSize.x), .number(description.voxelSize.y),
        .number(description.voxelSize.z),
      ],
      "channel": .string(description.channelNames[0]),
      "levels": .array(levels), "source": description.source,
    ]
    if let timepoints = plan.leading.timepoints { settings["timepoints"] = .init(timepoints) }
    if plan.leading.channels != nil {
      settings["channels"] = .array(description.channelNames.map { .string($0) })
    }
    // Stores of means were made before there was a choice, and are continued as they are.
    if plan.reduction != .mean { settings["reduction"] = .string(plan.reduction.name) }
    if let position = description.position { settings["position_um_xyz"] = Self.xyz(position) }
    return settings
  }

  private static func xyz(_ point: Point3) -> JSON {
    [.number(point.x), .number(point.y), .number(point.z)]
  }

  /// What may already lie at the path.
  var existing: ExistingStore {
    ExistingStore(path: path, settings: settings, stamps: description.stamps)
  }

  private func unfinishedItems(_ folder: RunFolder, _ histograms: HistogramSums) throws -> [[Int]] {
    var todo: [[Int]] = []
    for (number, pass) in plan.passes.enumerated() {
      var items: [Int] = []
      for item in 0..<plan.itemCount(of: pass) {
        let owned = plan.shards(ofItem: item, pass: pass)
        guard let record = try folder.finishedItem(pass: number, item: item, owned: owned) else {
          items.append(item)
          continue
        }
        guard number == 0, wantsHistograms else { continue }
        // The first pass counted its voxels: a record without the count of all of them is of no use.
        let (part, box) = plan.place(ofItem: item, pass: pass)
        let voxels = box.count
        if let histogram = VoxelHistogram(serialized: record.histogram),
          histogram.type == type, histogram.count <= voxels,
          histogram.nanCount == voxels - histogram.count
        {
          histograms.add(histogram, channel: plan.leading.channel(of: part))
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
      sum + entry.1.reduce(0) { $0 + plan.place(ofItem: $1, pass: entry.0).box.count }
    }
  }

  /// Whether voxels are counted for viewers' contrast, which labels don't have.
  private var wantsHistograms: Bool { plan.reduction == .mean }

  func runner(_ number: Int, _ folder: RunFolder) throws -> PassRunner {
    let first = plan.passes[number].levels.lowerBound
    var volumes = sources
    if number > 0 {
      volumes = try (0..<plan.leading.count).map {
        let finer = try ZarrVolume(
          plan.levels[first - 1].array.path, leading: plan.leading.indices(of: $0), cache: cache)
        return finer.downsampled(
          by: plan.levels[first].step, method: plan.reduction.method)
      }
    }
    return PassRunner(
      plan: plan, number: number, sources: volumes, folder: folder,
      wantsHistogram: number == 0 && wantsHistograms, budget: budget, threads: threads,
      heldBytes: heldBytes, observer: number == 0 ? observer : nil)
  }

  // MARK: After

  private func writeImage(
    _ settings: JSON, _ histograms: [VoxelHistogram], workers: Int
  ) async throws {
    var channels: [OMEChannel] = []
    let shown = wantsHistograms ? description.channelNames : []
    for (number, name) in shown.enumerated() {
      let window = try await window(histograms[number], channel: number, workers: workers)
      let color = OMEChannel.usualColor(number, of: shown.count)
      channels.append(OMEChannel(name: name, color: color, window: window))
    }
    var extra: JSON = [:]
    if let position = description.position { extra["position_um_xyz"] = Self.xyz(position) }
    extra["settings"] = settings
    let size = description.voxelSize
    let levels = plan.levels.enumerated().map { number, level in
      OMEZarrLevel.averaged(
        path: "\(number)", size: level.array.size, voxelSize: size, factor: level.factor)
    }
    try OMEZarrWriting.writeImage(
      path: path, name: description.name, type: plan.reduction.name,
      method: plan.reduction.sentence, leading: plan.leading, levels: levels,
      position: description.position, channels: channels,
      imageLabel: plan.reduction == .majority ? ["version": "0.5"] : nil, extra: extra)
    try Files.flushFolder(path)
  }

  private static func units(_ size: VoxelSize, _ level: LevelPlan) -> [String] {
    let scaled = size.scaled(by: level.factor)
    return [scaled.z, scaled.y, scaled.x].map { "\($0) um" }
  }
}

/// The sums of the histograms of all items, one for each channel.
private final class HistogramSums: Sendable {
  private let state: Mutex<[VoxelHistogram]>
  init(type: VoxelType, channels: Int) {
    state = Mutex(Array(repeating: VoxelHistogram(type: type), count: channels))
  }
  func add(_ histogram: VoxelHistogram, channel: Int) {
    state.withLock { $0[channel].merge(histogram) }
  }
  var sums: [VoxelHistogram] { state.withLock { $0 } }
}
