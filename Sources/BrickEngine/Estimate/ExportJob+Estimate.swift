public import BrickBDV
internal import BrickCore
internal import BrickFiles

extension ExportJob {
  /// What a run would take of time, memory and disk, as for `StoreJob.estimate`.
  ///
  /// - Parameters:
  ///   - overwrite: as for `run`: the old file stays until the new one is whole, so its room does not count as free.
  ///   - split: the files that the views go to, where they are split: those that are there are not counted again.
  public func estimate(
    overwrite: Bool = false, split: BDVPartitions? = nil, disk: OutputDisk = .machine,
    sample: Int = Estimate.usualSample
  ) throws -> Estimate {
    try ExportEstimate(self, overwrite: overwrite, split: split).estimate(disk, sample: sample)
  }

  /// Refuses to begin where the disk is too small, as `StoreJob.checkRoom` does.
  public func checkRoom(
    overwrite: Bool = false, split: BDVPartitions? = nil, disk: OutputDisk = .machine
  ) throws {
    try ExportEstimate(self, overwrite: overwrite, split: split).checkRoom(disk)
  }
}

/// The estimate of a BigDataViewer file.
private struct ExportEstimate {
  /// Images of one shape, and a pass of theirs that reads volumes.
  private struct Kin {
    var images: [Int]
    let pass: ExportPass
    /// The levels that follow from the pass's volumes, also those that a later pass reads back.
    let levels: Range<Int>
  }

  private let job: ExportJob
  private var plan: EstimatePlan
  private var kins: [Kin] = []

  init(_ job: ExportJob, overwrite: Bool, split: BDVPartitions?) throws {
    self.job = job
    plan = EstimatePlan(path: job.path, cache: job.cache)
    let left = try Left(job, overwrite: overwrite, split: split)
    plan.keptBytes = left.keptBytes
    var places: [String: Int] = [:]
    for pass in job.passes where !pass.readsFile {
      let image = job.images[pass.image]
      let until = image.levels[(pass.read + 1)...].firstIndex { $0.volumes != nil }
      let levels = pass.read..<(until ?? image.levels.count)
      let kind = "\(levels) \(pass.order.block) \(pass.written) \(image.pyramid) \(image.parts)"
      if let place = places[kind] {
        kins[place].images.append(pass.image)
      } else {
        places[kind] = kins.count
        kins.append(Kin(images: [pass.image], pass: pass, levels: levels))
      }
    }
    for kin in kins {
      let sources = kin.images.flatMap { job.images[$0].levels[kin.pass.read].volumes ?? [] }
      plan.groups.append(SampleGroup(sources, block: kin.pass.order.block))
      plan.levels.append(Self.levels(kin, job, left))
    }
    let datasets = job.images.reduce(0) { $0 + $1.parts * $1.levels.count }
    plan.metadataBytes = datasets * ExportIndex.bytesPerDataset + (16 << 10) + 8 * job.storedBricks
    let forecast = try job.forecast()
    let cache = min(forecast.cacheBytes, 2 * forecast.sharedPieceBytes)
    plan.peakMemory = forecast.plannedBytes + cache
    plan.cacheBytes = cache
    plan.workers = min(
      forecast.workers, SystemMemory.cores, job.passes.map(\.order.count).reduce(0, +))
    plan.decodings = forecast.expectedDecodings
    let voxels = job.passes.map { (Double($0.order.size.volume), $0.readsFile) }
    let first = voxels.reduce(0) { $0 + ($1.1 ? 0 : $1.0) }
    plan.allPasses = voxels.reduce(0) { $0 + $1.0 } / max(1, first)
    if left.isComplete { (plan.workers, plan.metadataBytes) = (0, 0) }
  }

  func checkRoom(_ disk: OutputDisk) throws {
    let place = try OutputPlace(plan.path, disk: disk)
    guard plan.bound(type: job.images[0].type) > place.room else { return }
    try estimate(disk.unmeasured).checkRoom()
  }

  func estimate(_ disk: OutputDisk, sample: Int = Estimate.usualSample) throws -> Estimate {
    let encoder = try BDVChunkEncoder(
      setups: job.setups, type: job.images[0].type, options: job.options)
    let worker = ChunkWorker(encoder: encoder)
    return try plan.estimate(disk: disk, sample: sample) { group, block in
      try work(kins[group], plan.groups[group].sources, block, worker, encoder)
    }
  }

  private func work(
    _ kin: Kin, _ sources: [any Volume], _ block: SampledBlock, _ worker: ChunkWorker,
    _ encoder: BDVChunkEncoder
  ) throws -> SampledWork {
    let image = job.images[kin.images[0]]
    let setup = job.setup(image: kin.images[0], channel: 0)
    let source = sources[block.part]
    let watch = Stopwatch()
    let chunks = try worker.encode(block.box, of: source, image, kin.pass, setup: setup)
    let seconds = watch.elapsed
    var bytes = Array(repeating: 0, count: kin.pass.written.count)
    for chunk in chunks { bytes[chunk.level - kin.pass.read] += chunk.chunk?.bytes.count ?? 0 }
    let coarser = CoarserLevels(
      steps: image.levels[kin.levels].dropFirst().map(\.step), reduction: image.reduction)
    let all = try coarser.bytes(of: source, block.box, known: bytes) { view, level in
      try encoder.bytes(of: view, level: kin.pass.read + level, setup: setup)
    }
    return SampledWork(bytes: all, seconds: seconds)
  }

  private static func levels(_ kin: Kin, _ job: ExportJob, _ left: Left) -> [EstimatePlan.Level] {
    let image = job.images[kin.images[0]]
    let parts = kin.images.count * image.parts
    return kin.levels.map { number in
      let level = image.levels[number]
      let (bricks, voxels) = (parts * level.grid.count, parts * level.size.volume)
      let isPart = !kin.pass.written.contains(number) && job.options.deflateLevel == nil
      return EstimatePlan.Level(
        number: number, bricks: bricks, brick: level.fileChunk, voxels: voxels,
        indexBytes: ExportIndex.bytesPerChunk * bricks,
        filling: isPart ? Double(bricks * level.fileChunk.volume) / Double(voxels) : 1,
        left: left.share(images: kin.images, level: number))
    }
  }
}

/// What HDF5 keeps for the chunks of a dataset.
enum ExportIndex {
  /// An entry of the tree of chunks: 48 bytes, in nodes that are mostly full.
  static let bytesPerChunk = 64
  /// The first node of the tree, and what the file says of the dataset.
  static let bytesPerDataset = 4096
}

/// What earlier runs left of a file, and a run would take over.
private struct Left {
  private(set) var isComplete = false
  private(set) var keptBytes = 0
  /// Chunks that are there, by the dataset's place at the first time point and its number of chunks, of all time points.
  private var stored: [Int: Int] = [:]
  private var all = 1.0
  private let job: ExportJob

  init(_ job: ExportJob, overwrite: Bool, split: BDVPartitions?) throws {
    self.job = job
    if let split {
      let files = split.partitions.filter { Files.exists($0.path) }
      guard !overwrite, !files.isEmpty else { return }
      let views = job.setups.count * job.timepoints.count
      let done = files.reduce(0) { $0 + $1.setups.count * $1.timepoints.count }
      all = 1 - Double(done) / Double(max(1, views))
      keptBytes = files.reduce(0) { $0 + (Files.size($1.path) ?? 0) }
      return
    }
    guard BDVFileWriter.isUnfinished(job.path) else { return }
    let record = try ExportRecord(of: job)
    guard
      let found = BDVFileWriter.stored(
        at: job.path, type: job.images[0].type, setups: job.setups, timepoints: job.timepoints,
        options: job.options, fingerprint: job.fingerprint(record))
    else { return }
    isComplete = found.isComplete
    keptBytes = found.bytes
    stored = found.chunks
  }

  /// The share of a level's chunks that is still to be written.
  func share(images: [Int], level: Int) -> Double {
    if isComplete { return 0 }
    guard !stored.isEmpty else { return all }
    var (done, whole) = (0, 0)
    let sizes = job.setups.map(\.levels.count)
    for image in images {
      for channel in 0..<job.channels {
        let setup = job.setup(image: image, channel: channel)
        let dataset = sizes[..<setup].reduce(0, +) + level
        done += stored[dataset] ?? 0
        whole += job.timepoints.count * job.images[image].levels[level].grid.count
      }
    }
    return 1 - Double(done) / Double(max(1, whole))
  }
}

extension BDVChunkEncoder {
  /// Bytes of a view cut into chunks of a level, filled up where the view ends.
  func bytes(of view: borrowing VoxelView, level: Int, setup: Int) throws -> Int {
    let grid = BrickGrid(size: view.box.size, brick: chunk(level: level, setup: setup))
    var bytes = 0
    for number in 0..<grid.count {
      let box = grid.box(at: grid.index(at: number)).translated(by: view.box.origin)
      if let chunk = try encode(view.cropped(to: box), level: level, setup: setup) {
        bytes += isDeflating ? chunk.bytes.count : box.count * view.type.byteCount
      }
    }
    return bytes
  }
}
