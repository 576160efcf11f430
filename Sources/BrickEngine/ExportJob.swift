public import BrickBDV
public import BrickCore
internal import BrickFiles
public import BrickZarr
internal import Synchronization

/// Which pyramid levels an export has.
public enum ExportLevels: Sendable, Hashable {
  /// Those of the store.
  case store
  /// BigDataViewer's proposal for the size and voxel size, made from the store's levels where they fit.
  case bdv
  /// The first so many levels of the store.
  case first(Int)
}

/// Streams a chunk store into a BDV HDF5 file and its XML, as one stitched volume.
///
/// Bricks are decoded and chunks compressed on all workers; one at a time then writes finished
/// chunks, in order, so that the file is the same for any number of workers.
public struct ExportJob: Sendable {
  /// One level of the export: where its voxels come from.
  struct Level: Sendable {
    let factor: Index3
    let chunk: Index3
    /// Voxels that are read at once: whole chunks, and whole bricks of the store where both fit, so that no brick is
    /// decoded twice.
    let step: Index3
    let volume: any Volume
    var chunks: BrickGrid { BrickGrid(size: volume.size, brick: chunk) }
    var steps: BrickGrid { BrickGrid(size: volume.size, brick: step) }

    init(factor: Index3, chunk: Index3, volume: any Volume) {
      self.factor = factor
      self.chunk = chunk
      self.volume = volume
      let brick = (volume as? ZarrVolume)?.brick ?? chunk
      step = chunk * brick.dividedRoundingUp(by: chunk)
    }
  }

  let levels: [Level]
  private let image: OMEZarrImage
  private let channel: Int
  private let path: String
  private let options: BDVExportOptions
  private let budget: MemoryBudget
  private let threads: Int
  private let cache: PieceCache
  private let listener: (any ProgressListener)?

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Levels of the pyramid in the file.
    public var levels: Int
    /// Bytes of voxels of all levels, before compression.
    public var voxelBytes: Int
    /// Bytes of the chunks that were stored, after compression.
    public var bytesWritten: Int
    /// Seconds from the start to the finished XML.
    public var seconds: Double
    /// Workers that the budget and the machine allowed.
    public var workers: Int
  }

  /// Plans the export of `image` to `path`, which ends in `.h5`; the XML lies beside it.
  ///
  /// - Parameters:
  ///   - chunk: voxels of a chunk z, y, x, or nil for the store's brick where that has at most 1 MiB,
  ///     and 64, 64, 64 otherwise.
  ///   - options: filters and the stored type.
  ///   - channel: the channel that is exported, counted from 0; the others are left out.
  ///   - timepoint: the time point that is exported, counted from 0; the others are left out.
  ///   - cache: the cache the image was opened with.
  /// - Throws: `BrickworkError` with code `.badRequest` if the store has no such channel, time point or number of
  ///   levels, or a chunk can't be written.
  public init(
    image: OMEZarrImage, channel: Int = 0, timepoint: Int = 0, path: String, levels: ExportLevels,
    chunk: Index3?, options: BDVExportOptions,
    budget: MemoryBudget, threads: Int, cache: PieceCache, listener: (any ProgressListener)? = nil
  ) throws {
    self.image = image
    self.channel = channel
    self.path = path
    self.options = options
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.listener = listener
    let chosen = try Self.sources(of: image, channel, timepoint, levels)
    self.levels = try chosen.map { factor, volume in
      let size = volume.size
      // Beyond a megabyte a chunk makes browsing sluggish.
      let usual = (volume as? ZarrVolume).map(\.brick).flatMap {
        $0.volume * image.info.type.byteCount <= 1 << 20 ? $0 : nil
      }
      let shape = (chunk ?? usual ?? Index3(repeating: 64)).minimum(size)
      guard shape.z > 0, shape.y > 0, shape.x > 0, shape.checkedVolume.map({ $0 < 1 << 28 }) == true
      else {
        throw BrickworkError(
          .badRequest, reason: "a chunk of \(shape.components) voxels can't be written")
      }
      return Level(factor: factor, chunk: shape, volume: volume)
    }
  }

  private static func sources(
    of image: OMEZarrImage, _ channel: Int, _ timepoint: Int, _ levels: ExportLevels
  ) throws -> [(Index3, any Volume)] {
    let factors = image.levels.indices.map { image.factor(level: $0) }
    func stored(_ level: Int) throws -> any Volume {
      try image.volume(level: level, channel: channel, timepoint: timepoint)
    }
    switch levels {
    case .store: return try factors.indices.map { (factors[$0], try stored($0)) }
    case .first(let count):
      guard (1...factors.count).contains(count) else {
        throw BrickworkError(
          .badRequest, path: image.info.path,
          reason: "\(count) levels were asked for, and the store has \(factors.count)",
          remedy: "Use --levels bdv to have others made")
      }
      return try factors.indices.prefix(count).map { (factors[$0], try stored($0)) }
    case .bdv:
      let proposal = PyramidProposal.levels(
        size: image.info.size, voxelSize: image.info.voxelSize ?? .unknown)
      return try proposal.map { wanted in
        // The coarsest stored level that divides the wanted one: the fewest voxels to read.
        let level = factors.indices.last { wanted.factor.isMultiple(of: factors[$0]) } ?? 0
        let ratio = wanted.factor.dividedRoundingDown(by: factors[level])
        let volume = try stored(level)
        return (
          wanted.factor,
          ratio == .one
            ? volume : volume.downsampled(by: ratio, method: image.levelReduction.method)
        )
      }
    }
  }

  /// Writes the file and its XML.
  ///
  /// Existing ones are replaced only if `overwrite`, and only when the new file is whole.
  /// - Throws: `BrickworkError` with code `.outputExists` or `.outOfBudget`, or what reading and
  ///   writing throw; `CancellationError` if the task was cancelled. The unfinished file is deleted.
  public func run(overwrite: Bool = false) async throws -> Summary {
    let (workers, spare) = try width()
    cache.capacity = spare
    let writer = try BDVFileWriter(
      path: path, type: image.info.type, size: image.info.size,
      voxelSize: image.info.voxelSize ?? .unknown,
      levels: levels.map { ($0.factor, $0.volume.size, $0.chunk) }, options: options,
      setupName: image.info.name, channelName: image.info.channelNames[channel],
      overwrite: overwrite)
    let steps = levels.reduce(0) { $0 + $1.steps.count }
    let voxels = levels.reduce(0) { $0 + $1.volume.size.volume }
    let meter = ProgressMeter(
      phase: "exporting", totalVoxels: voxels, totalItems: steps, listener: listener)
    do {
      try await OrderedPipeline.run(count: steps, workers: workers) {
        ChunkWorker(encoder: try writer.makeEncoder())
      } produce: { worker, place in
        let (level, box) = self.step(at: place)
        return try worker.encode(levels[level], number: level, box)
      } commit: { (place: Int, chunks: [PlacedChunk]) in
        let (level, box) = self.step(at: place)
        for chunk in chunks { try writer.write(chunk.chunk, level: level, at: chunk.index) }
        meter.add(
          voxels: box.count, voxelBytes: box.count * image.info.type.byteCount,
          written: chunks.reduce(0) { $0 + $1.chunk.bytes.count }, items: 1)
        return nil
      }
      try writer.finish()
    } catch {
      writer.discard()
      throw error
    }
    let report = meter.finish()
    return Summary(
      levels: levels.count, voxelBytes: report.voxelBytes, bytesWritten: report.bytesWritten,
      seconds: report.seconds, workers: workers)
  }

  /// The levels of the file, finest first.
  public var pyramid: [BDVLevel] {
    levels.map { BDVLevel(factor: $0.factor, size: $0.volume.size, chunk: $0.chunk) }
  }

  /// How many workers the budget allows, and the bytes that the plan needs without caches.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> (workers: Int, plannedBytes: Int) {
    let (workers, spare) = try width()
    return (workers, budget.byteCount - spare)
  }

  /// Workers and cache that the budget allows.
  private func width() throws -> (workers: Int, cache: Int) {
    let bytes = (levels.map(\.step.volume).max() ?? 1) * image.info.type.byteCount
    let scratch = levels.map { $0.volume.scratchBytes(reading: $0.step) }.max() ?? 0
    // What is read, the shuffled and compressed copies, three results that wait, and the encoder's own state.
    let perWorker = 7 * BlockStorage.footprint(of: bytes) + scratch + (2 << 20)
    return try budget.share(wanted: threads, perWorker: perWorker, shared: 16 << 20)
  }

  private func step(at place: Int) -> (level: Int, box: Box3) {
    var rest = place
    for (number, level) in levels.enumerated() {
      let grid = level.steps
      if rest < grid.count { return (number, grid.box(at: grid.index(at: rest))) }
      rest -= grid.count
    }
    preconditionFailure("Step \(place) is past the last one")
  }
}

/// A chunk that isn't empty, and its place in its level's grid of chunks.
private struct PlacedChunk: Sendable {
  let index: Index3
  let chunk: EncodedChunk
}

/// What one worker keeps between steps.
private final class ChunkWorker {
  private let encoder: BDVChunkEncoder
  private var block = VoxelBlock()

  init(encoder: BDVChunkEncoder) { self.encoder = encoder }

  func encode(_ level: ExportJob.Level, number: Int, _ box: Box3) throws -> [PlacedChunk] {
    block.reshape(to: box, type: level.volume.type)
    level.volume.willRead(box)
    try level.volume.read(into: &block)
    level.volume.didRead(box)
    return try encodeChunks(of: block, level, number)
  }

  private func encodeChunks(
    of block: borrowing VoxelBlock, _ level: ExportJob.Level, _ number: Int
  ) throws -> [PlacedChunk] {
    let grid = level.chunks
    let view = VoxelView(block)
    var chunks: [PlacedChunk] = []
    let inside = grid.indices(intersecting: block.box)
    for z in inside.origin.z..<inside.end.z {
      for y in inside.origin.y..<inside.end.y {
        for x in inside.origin.x..<inside.end.x {
          try Task.checkCancellation()
          let index = Index3(z: z, y: y, x: x)
          if let chunk = try encoder.encode(view.cropped(to: grid.box(at: index)), level: number) {
            chunks.append(PlacedChunk(index: index, chunk: chunk))
          }
        }
      }
    }
    return chunks
  }
}
