public import BrickBDV
public import BrickCore
internal import BrickFiles
internal import BrickZarr

/// Streams volumes into a plain HDF5 file on all workers: a dataset for each, and one for each of their levels.
///
/// One volume is `/data`; several are `/t0/channel0`, `/t0/channel1`, …, as Fiji's HDF5 plugin names them. Level k of
/// them lies under `/s<k>`: `/s1/data`. Chunks are compressed in parallel and stored in order, so an undisturbed run gives
/// the same file for any number of workers; a run that was killed is continued.
public struct HDF5ExportJob: Sendable {
  /// Where the volumes of a coarser level are.
  public struct Level: Sendable {
    /// Voxels of the finest level in one of these, z, y, x.
    public var factor: Index3
    /// As in `ExportedVolumes.parts`.
    public var parts: [any Volume]

    /// A level of a store, for example.
    public init(factor: Index3, parts: [any Volume]) {
      self.factor = factor
      self.parts = parts
    }
  }

  /// The datasets of the file, finest levels first.
  public let datasets: [PlainHDF5Writer.Dataset]
  let sources: [any Volume]
  /// Voxels that are read at once, per dataset.
  let steps: [Index3]
  /// The steps before each dataset, and all.
  private let firsts: [Int]
  let volumes: ExportedVolumes
  let path: String
  let options: BDVExportOptions
  let budget: MemoryBudget
  let threads: Int
  let cache: PieceCache
  private let listener: (any ProgressListener)?

  /// Plans an export.
  ///
  /// - Parameters:
  ///   - coarser: the levels after the first, finest first.
  ///   - chunk: voxels of a chunk z, y, x; nil for the bricks of a store up to 1 MiB, and 64, 64, 64 otherwise.
  ///   - options: the filters.
  ///   - cache: the cache the volumes' source was opened with.
  public init(
    _ volumes: ExportedVolumes, coarser: [Level] = [], path: String, chunk: Index3? = nil,
    options: BDVExportOptions = BDVExportOptions(), budget: MemoryBudget, threads: Int,
    cache: PieceCache, listener: (any ProgressListener)? = nil
  ) {
    var (datasets, sources, steps): ([PlainHDF5Writer.Dataset], [any Volume], [Index3]) = (
      [], [], []
    )
    for (number, level) in ([Level(factor: .one, parts: volumes.parts)] + coarser).enumerated() {
      for (part, volume) in level.parts.enumerated() {
        let name = Self.name(part, of: volumes)
        let brick = (volume as? ZarrVolume)?.brick
        // Beyond a megabyte a chunk makes browsing sluggish.
        let usual = brick.flatMap { $0.volume * volume.type.byteCount <= 1 << 20 ? $0 : nil }
        let dataset = PlainHDF5Writer.Dataset(
          name: number == 0 ? name : "/s\(number)\(name)", size: volume.size,
          chunk: chunk ?? usual ?? Index3(repeating: 64),
          voxelSize: volumes.voxelSize?.scaled(by: level.factor),
          levelOf: number == 0 ? nil : name)
        datasets.append(dataset)
        sources.append(volume)
        // Whole bricks too, so that none is decoded twice.
        let shape = dataset.chunk.maximum(.one)
        steps.append(shape * (brick ?? shape).dividedRoundingUp(by: shape))
      }
    }
    self.datasets = datasets
    self.sources = sources
    self.steps = steps
    firsts = zip(datasets, steps).reduce(into: [0]) {
      $0.append($0[$0.count - 1] + BrickGrid(size: $1.0.size, brick: $1.1).count)
    }
    self.volumes = volumes
    self.path = path
    self.options = options
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.listener = listener
  }

  private static func name(_ part: Int, of volumes: ExportedVolumes) -> String {
    guard volumes.parts.count > 1 else { return "/data" }
    let (timepoint, channel) = part.quotientAndRemainder(dividingBy: volumes.channels)
    return "/t\(timepoint)/channel\(channel)"
  }

  /// Bytes of all datasets' voxels before compression.
  public var voxelBytes: Int {
    datasets.reduce(0) { $0 + $1.size.volume * volumes.type.byteCount }
  }

  /// Writes the file.
  ///
  /// A file of that name is replaced only if `overwrite`, and only when the new one is whole.
  /// - Throws: `BrickworkError` with code `.outputExists`, `.badRequest` or `.outOfBudget`; what reading and writing
  ///   throw; `CancellationError` if the task was cancelled. What was written by then is kept for the next run.
  public func run(overwrite: Bool = false) async throws -> VolumeExportSummary {
    let (workers, spare) = try width()
    cache.capacity = spare
    let writer = try PlainHDF5Writer(
      path, type: volumes.type, datasets: datasets, options: options,
      fingerprint: volumes.provenance.text(pretty: false), overwrite: overwrite)
    let pending = (0..<stepCount).filter { !isDone($0, writer) }
    let voxels = pending.reduce(0) { $0 + step(at: $1).box.count }
    let meter = ProgressMeter(
      phase: "exporting", totalVoxels: voxels, totalItems: pending.count, listener: listener)
    try await OrderedPipeline.run(count: pending.count, workers: workers) {
      PlainChunkWorker(encoder: try writer.makeEncoder())
    } produce: { worker, place in
      let (dataset, box) = step(at: pending[place])
      return try worker.encode(sources[dataset], grid(dataset), dataset, box)
    } commit: { (place: Int, chunks: [PlainChunkWorker.Chunk]) in
      let (dataset, box) = step(at: pending[place])
      var written = 0
      for chunk in chunks { written += try writer.write(chunk.bytes, dataset, at: chunk.index) }
      meter.add(
        voxels: box.count, voxelBytes: box.count * volumes.type.byteCount, written: written,
        items: 1)
      return nil
    }
    try writer.finish()
    let report = meter.finish()
    return VolumeExportSummary(
      levels: datasets.count / volumes.parts.count, voxelBytes: report.voxelBytes,
      bytesWritten: report.bytesWritten, keptPieces: writer.resumption.keptChunks,
      totalPieces: writer.resumption.totalChunks, seconds: report.seconds, workers: workers)
  }

  /// How many workers the budget allows, and the bytes that the plan needs without caches.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> (workers: Int, plannedBytes: Int) {
    let (workers, spare) = try width()
    return (workers, budget.byteCount - spare)
  }

  func width() throws -> (workers: Int, cache: Int) {
    let sizes = zip(steps, datasets).map { $0.minimum($1.size) }
    let bytes = (sizes.map(\.volume).max() ?? 1) * volumes.type.byteCount
    let scratch = zip(sources, sizes).map { $0.scratchBytes(reading: $1) }.max() ?? 0
    // What is read, the padded, shuffled and compressed copies, results that wait, and the encoder's own state.
    let perWorker = 7 * BlockStorage.footprint(of: bytes) + scratch + (2 << 20)
    return try budget.share(
      wanted: threads, perWorker: perWorker,
      shared: (12 << 20) + PlainHDF5Writer.libraryBytes(datasets) + 8 * stepCount)
  }

  // MARK: Steps

  func grid(_ dataset: Int) -> BrickGrid {
    BrickGrid(size: datasets[dataset].size, brick: datasets[dataset].chunk)
  }

  private func stepGrid(_ dataset: Int) -> BrickGrid {
    BrickGrid(size: datasets[dataset].size, brick: steps[dataset])
  }

  private var stepCount: Int { firsts[datasets.count] }

  private func step(at place: Int) -> (dataset: Int, box: Box3) {
    precondition(place < stepCount, "Step \(place) is past the last one")
    var (low, high) = (0, datasets.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if firsts[middle] <= place { low = middle } else { high = middle }
    }
    let grid = stepGrid(low)
    return (low, grid.box(at: grid.index(at: place - firsts[low])))
  }

  /// Whether earlier runs stored all chunks of a step.
  private func isDone(_ place: Int, _ writer: PlainHDF5Writer) -> Bool {
    guard writer.resumption.keptChunks > 0 else { return false }
    let (dataset, box) = step(at: place)
    var done = true
    grid(dataset).indices(intersecting: box).forEachPosition {
      done = done && writer.isStored(dataset, at: $0)
    }
    return done
  }
}

/// What one worker keeps between steps.
final class PlainChunkWorker {
  /// A chunk and its place; without bytes where all voxels are 0.
  struct Chunk: Sendable {
    let index: Index3
    let bytes: EncodedChunk?
  }
  private let encoder: BDVChunkEncoder
  private var block = VoxelBlock()

  init(encoder: BDVChunkEncoder) { self.encoder = encoder }

  func encode(
    _ volume: any Volume, _ grid: BrickGrid, _ dataset: Int, _ box: Box3
  ) throws -> [Chunk] {
    block.reshape(to: box, type: volume.type)
    volume.willRead(box)
    try volume.read(into: &block)
    volume.didRead(box)
    return try encode(block, grid, dataset)
  }

  private func encode(
    _ block: borrowing VoxelBlock, _ grid: BrickGrid, _ dataset: Int
  ) throws -> [Chunk] {
    let view = VoxelView(block)
    var chunks: [Chunk] = []
    let inside = grid.indices(intersecting: block.box)
    for z in inside.origin.z..<inside.end.z {
      for y in inside.origin.y..<inside.end.y {
        for x in inside.origin.x..<inside.end.x {
          try Task.checkCancellation()
          let index = Index3(z: z, y: y, x: x)
          let bytes = try encoder.encode(view.cropped(to: grid.box(at: index)), level: dataset)
          chunks.append(Chunk(index: index, bytes: bytes))
        }
      }
    }
    return chunks
  }
}
