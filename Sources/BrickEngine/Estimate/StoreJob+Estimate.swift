internal import BrickCore
internal import BrickFiles
internal import BrickZarr

extension StoreJob {
  /// What a run would take of time, memory and disk, worked out from a sample of blocks that are computed and thrown
  /// away; only what an earlier run has not finished is counted.
  ///
  /// Takes about two seconds on one thread and writes nothing but a file without a name that tries the disk.
  ///
  /// - Parameters:
  ///   - overwrite: as for `run`: what is there is deleted, and its room counts as free.
  ///   - sample: bytes of voxels that are sampled at most, about.
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small, what reading throws, and
  ///   `.outputExists` if no file can be made where the store goes.
  public func estimate(
    overwrite: Bool = false, disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    try StoreEstimate([self], path: path, overwrite: overwrite).estimate(disk, sample: sample)
  }

  /// Refuses to begin where the disk is too small.
  ///
  /// Costs nothing where there is room for all voxels as they are; elsewhere a sample tells how well they compress.
  /// - Throws: `BrickworkError` with code `.outputExists`, with the bytes that are wanted and those that are free.
  public func checkRoom(overwrite: Bool = false, disk: OutputDisk = .machine) throws {
    try StoreEstimate.checkRoom([self], path: path, overwrite: overwrite, disk)
  }
}

extension ImportJob {
  /// What a run would take of time, memory and disk, as for `StoreJob.estimate`.
  public func estimate(
    overwrite: Bool = false, disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    try StoreEstimate(jobs, path: path, overwrite: overwrite).estimate(disk, sample: sample)
  }

  /// Refuses to begin where the disk is too small, as `StoreJob.checkRoom` does.
  public func checkRoom(overwrite: Bool = false, disk: OutputDisk = .machine) throws {
    try StoreEstimate.checkRoom(jobs, path: path, overwrite: overwrite, disk)
  }
}

/// The estimate of stores that are written one after the other into one folder.
private struct StoreEstimate {
  /// Jobs that are planned alike, and the parts of all of them.
  private struct Kin {
    var jobs: [StoreJob]
    var standings: [StoreStanding]
    var first: StoreJob { jobs[0] }
    var parts: Int { first.plan.leading.count }
  }

  private var plan: EstimatePlan
  private let kins: [Kin]
  private let type: VoxelType

  init(_ jobs: [StoreJob], path: String, overwrite: Bool) throws {
    plan = EstimatePlan(path: path, cache: jobs[0].cache)
    if overwrite { plan.deleted = [path] }
    var kins: [String: Kin] = [:]
    var order: [String] = []
    for job in jobs {
      let standing = try job.standing(overwrite: overwrite)
      plan.keptBytes += standing.keptBytes
      if standing.isComplete { continue }
      plan.records += standing.items[0].count { !$0 }
      plan.metadataBytes += job.metadataBytes
      if kins[job.kind] == nil {
        order.append(job.kind)
        kins[job.kind] = Kin(jobs: [], standings: [])
      }
      kins[job.kind]?.jobs.append(job)
      kins[job.kind]?.standings.append(standing)
    }
    self.kins = order.compactMap { kins[$0] }
    type = jobs[0].type
    var (decodings, voxels) = (0.0, 0.0)
    var (first, all) = (0.0, 0.0)
    for kin in self.kins {
      let job = kin.first
      let forecast = try job.forecast()
      plan.workers = max(plan.workers, forecast.workers)
      let cache = min(forecast.cacheBytes, 2 * forecast.sharedPieceBytes)
      plan.peakMemory = max(plan.peakMemory, forecast.plannedBytes + cache)
      plan.cacheBytes = max(plan.cacheBytes, cache)
      let count = Double(kin.jobs.count * kin.parts * job.size.volume)
      decodings += forecast.expectedDecodings * count
      voxels += count
      for pass in job.plan.passes {
        let size = job.plan.levels[pass.levels.lowerBound].array.size.volume
        all += Double(size) / Double(job.size.volume) * count
      }
      first += count
      plan.groups.append(Self.group(kin))
      plan.levels.append(Self.levels(kin))
    }
    if self.kins.isEmpty { plan.workers = 0 }
    plan.decodings = voxels > 0 ? decodings / voxels : 1
    plan.allPasses = first > 0 ? all / first : 1
    // More workers than blocks find nothing to do.
    let blocks = plan.groups.reduce(0) {
      $0 + $1.sources.count * $1.size.dividedRoundingUp(by: $1.block).volume
    }
    plan.workers = min(plan.workers, blocks, SystemMemory.cores)
  }

  static func checkRoom(
    _ jobs: [StoreJob], path: String, overwrite: Bool, _ disk: OutputDisk
  ) throws {
    // Most jobs end here.
    let most = jobs.reduce(0) { $0 + $1.bound + $1.plan.itemCount << 20 }
    guard most > (try disk.free(path)) else { return }
    let estimate = try StoreEstimate(jobs, path: path, overwrite: overwrite)
    let place = try OutputPlace(path, deleting: estimate.plan.deleted, disk: disk)
    guard estimate.plan.bound(type: estimate.type) > place.room else { return }
    try estimate.estimate(disk.unmeasured).checkRoom()
  }

  func estimate(_ disk: OutputDisk, sample: Int = Estimate.usualSample) throws -> Estimate {
    let samplers = Samplers(most: max(1, plan.workers)) { number in
      try StoreSampler(kins[number].first, plan.groups[number].sources)
    }
    return try plan.estimate(
      disk: disk, sample: sample, recordBytes: { samplers.recordBytes },
      { try samplers.sampler($0).work($1) })
  }

  private static func group(_ kin: Kin) -> SampleGroup {
    let plan = kin.first.plan
    let (pass, parts) = (plan.passes[0], kin.parts)
    var group = SampleGroup(kin.jobs.flatMap(\.sources), block: pass.block)
    let grid = plan.items(of: pass)
    let standings = kin.standings
    guard standings.contains(where: { $0.items[0].contains(true) }) else { return group }
    group.isDone = { part, box in
      let item = grid.linearIndex(of: box.origin.dividedRoundingDown(by: grid.brick))
      return standings[part / parts].items[0][part % parts * grid.count + item]
    }
    group.left = { box in
      var voxels = 0
      for standing in standings {
        for (item, isDone) in standing.items[0].enumerated() where !isDone {
          voxels += plan.place(ofItem: item, pass: pass).box.intersection(box).count
        }
      }
      return voxels
    }
    return group
  }

  private static func levels(_ kin: Kin) -> [EstimatePlan.Level] {
    let plan = kin.first.plan
    let parts = kin.jobs.count * kin.parts
    let items = kin.standings.reduce(0) { $0 + $1.items[0].count }
    let left = Double(kin.standings.reduce(0) { $0 + $1.items[0].count { !$0 } }) / Double(items)
    return plan.levels.enumerated().map { number, level in
      let array = level.array
      let (bricks, voxels) = (parts * array.bricks.count, parts * array.size.volume)
      let shard = array.shard.dividedRoundingUp(by: array.brick).volume
      let index = Double(parts * array.shards.count * (16 * shard + 4)) * left
      // The sample shows the first two levels as they are stored; of others it has parts of bricks.
      let isPart = number >= 2 && array.codec == .none
      return EstimatePlan.Level(
        number: number, bricks: bricks, brick: array.brick, voxels: voxels,
        indexBytes: Int(index),
        filling: isPart ? Double(bricks * array.brick.volume) / Double(voxels) : 1)
    }
  }
}

/// The samplers of jobs of several kinds: no more at a time than there is memory for workers.
private final class Samplers {
  private let most: Int
  private let make: (Int) throws -> StoreSampler
  private var kept: [(number: Int, sampler: StoreSampler)] = []
  private var largest = 0

  init(most: Int, _ make: @escaping (Int) throws -> StoreSampler) {
    (self.most, self.make) = (most, make)
  }

  func sampler(_ number: Int) throws -> StoreSampler {
    if let found = kept.first(where: { $0.number == number }) { return found.sampler }
    if kept.count >= most { largest = max(largest, kept.removeFirst().sampler.recordBytes) }
    let sampler = try make(number)
    kept.append((number, sampler))
    return sampler
  }

  var recordBytes: Int { kept.reduce(largest) { max($0, $1.sampler.recordBytes) } }
}

/// Computes sampled blocks of a store as its workers would.
private final class StoreSampler {
  private let job: StoreJob
  private let sources: [any Volume]
  private let worker: BlockWorker
  private let result = BlockResult()
  private let coarser: CoarserLevels
  private var items: [Int: WorkItem] = [:]

  init(_ job: StoreJob, _ sources: [any Volume]) throws {
    (self.job, self.sources) = (job, sources)
    let plan = job.plan
    worker = try BlockWorker(sources: sources, plan: plan, pass: plan.passes[0], observer: nil)
    coarser = CoarserLevels(steps: plan.levels.dropFirst().map(\.step), reduction: plan.reduction)
  }

  func work(_ block: SampledBlock) throws -> SampledWork {
    let item =
      items[block.part]
      ?? WorkItem(
        sampling: block.part, plan: job.plan, pass: job.plan.passes[0],
        wantsHistogram: job.plan.reduction == .mean)
    // Few parts at a time: each has a histogram.
    if items.count >= 4 { items = [:] }
    items[block.part] = item
    result.empty()
    let watch = Stopwatch()
    try worker.compute(block.box, item: item, into: result)
    let seconds = watch.elapsed
    var bytes = Array(repeating: 0, count: min(2, job.plan.passes[0].levels.count))
    for brick in result.bricks { bytes[brick.level] += brick.bytes.count }
    let levels = job.plan.levels
    let all = try coarser.bytes(of: sources[block.part], block.box, known: bytes) { view, level in
      let array = levels[level].array
      let encoder = try BrickEncoder(codec: array.codec, type: array.type, brick: view.box.size)
      var bytes: [UInt8] = []
      return try encoder.encode(view, into: &bytes)?.count ?? 0
    }
    return SampledWork(bytes: all, seconds: seconds)
  }

  /// Bytes of the record of a work item, its histogram above all: about those of the voxels that were sampled.
  var recordBytes: Int {
    items.values.reduce(0) { max($0, $1.mergedHistogram()?.serialized().count ?? 0) } + 4096
  }
}

/// What an earlier run left of a store that this one would keep.
struct StoreStanding {
  /// Whether there is nothing to do.
  var isComplete = false
  /// Pass by pass, whether each work item is done.
  var items: [[Bool]]
  var keptBytes = 0
}

extension StoreJob {
  /// What a run would find; changes nothing.
  func standing(overwrite: Bool) throws -> StoreStanding {
    var standing = StoreStanding(
      items: plan.passes.map { Array(repeating: false, count: plan.itemCount(of: $0)) })
    guard !overwrite else { return standing }
    // A run says what is wrong with what is there; an estimate is then that of a store from nothing.
    if let isComplete = try? existing.isComplete(), isComplete {
      standing.isComplete = true
      standing.keptBytes = DiskSpace.byteCount(of: path)
      return standing
    }
    let folder = RunFolder(store: path)
    guard existing.isContinued(folder) else { return standing }
    for (number, pass) in plan.passes.enumerated() {
      for item in standing.items[number].indices {
        let owned = plan.shards(ofItem: item, pass: pass)
        guard
          let record = try folder.finishedItem(
            pass: number, item: item, owned: owned, moving: false)
        else { continue }
        standing.items[number][item] = true
        standing.keptBytes += record.shards.reduce(0) { $0 + $1.byteCount }
      }
    }
    return standing
  }

  /// What jobs have in common whose blocks stand for each other's.
  fileprivate var kind: String {
    let levels = plan.levels.map {
      "\($0.array.size) \($0.array.brick) \($0.array.shard) \($0.array.codec)"
    }
    return "\(type) \(plan.reduction) \(levels) \(plan.leading)"
  }

  /// Bytes of all bricks where nothing compresses.
  fileprivate var bound: Int {
    plan.levels.reduce(metadataBytes) { sum, level in
      let bricks = plan.leading.count * level.array.bricks.count
      return sum + bricks * (level.array.brick.volume * type.byteCount + 256 + 16)
    }
  }

  /// Bytes of the image's metadata, about.
  fileprivate var metadataBytes: Int {
    2 * settings.text(pretty: true).utf8.count + 2048 + 1536 * plan.levels.count
  }
}
