public import BrickCore
internal import BrickFiles
public import BrickTIFF
internal import Synchronization

/// Streams volumes into an OME-TIFF of tiles and levels, or of strips, on all workers.
///
/// The file grows in an order that only the volumes decide (`TIFFPlan`): steps are read and compressed in parallel and added
/// in order, so the file is the same for any number of workers and any budget. An export that was killed, ran out of disk
/// or was stopped leaves `<path>.partial`; the same export continues it.
public struct TIFFExportJob: Sendable {
  /// What the file holds.
  public let plan: TIFFPlan
  /// Where the file goes.
  public let path: String
  let volumes: ExportedVolumes
  let compression: TIFFWriter.Compression
  let budget: MemoryBudget
  let threads: Int
  let cache: PieceCache
  private let listener: (any ProgressListener)?

  /// The side of a tile if nobody says another.
  public static let usualTile = 512

  /// Plans an export.
  ///
  /// - Parameters:
  ///   - tile: voxels of a tile, whose y and x are multiples of 16 and whose z counts as 1. Nil for 512 × 512, or what
  ///     smaller planes need; a file of one level is written in strips then, which ImageJ reads by itself.
  ///   - levels: how many levels; nil for as many as it takes until planes have at most 512 × 512 pixels.
  ///   - cache: the cache the volumes' source was opened with.
  /// - Throws: `BrickworkError` with code `.badRequest` if there can be no such file.
  public init(
    _ volumes: ExportedVolumes, path: String, tile: Index3? = nil, levels: Int? = nil,
    compression: TIFFWriter.Compression, budget: MemoryBudget, threads: Int, cache: PieceCache,
    listener: (any ProgressListener)? = nil
  ) throws {
    self.volumes = volumes
    self.path = path
    self.compression = compression
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.listener = listener
    var tile = tile
    if tile == nil, levels != 1 {
      // Multiples of 16, no larger than a plane needs.
      let needed = volumes.size.map { min(Self.usualTile, ($0 + 15) / 16 * 16) }
      tile = Index3(z: 1, y: needed.y, x: needed.x)
    }
    do {
      let flat = try TIFFPlan(
        type: volumes.type, size: volumes.size, channels: volumes.channels,
        timepoints: volumes.timepoints, tile: tile, levels: levels)
      let slab = Self.slab(of: volumes.parts[0], block: TIFFSteps(flat, planes: 1).largest)
      plan = try TIFFPlan(
        type: volumes.type, size: volumes.size, channels: volumes.channels,
        timepoints: volumes.timepoints, tile: tile, levels: levels, slab: slab)
      _ = try TIFFStepEncoder(plan, compression, method: volumes.reduction.method)
      try compression.check()
    } catch var error as BrickworkError {
      error.path = error.path ?? path
      throw error
    }
  }

  /// Thicker blocks are of no more use.
  private static let thickestSlab = 256

  /// The fewest planes, a power of two, of which a block decodes no piece that the next one needs too.
  private static func slab(of volume: any Volume, block: Index3) -> Int {
    var (best, planes, least) = (1, 1, Double.infinity)
    while planes <= thickestSlab, planes < 2 * volume.size.z {
      let size = Index3(z: planes, y: block.y, x: block.x).minimum(volume.size)
      let cost = Double(volume.decodedBytes(reading: Box3(size: size))) / Double(size.z)
      if cost < 0.95 * least { (best, least) = (planes, cost) }
      planes *= 2
    }
    return best
  }

  /// Everything that decides the bytes.
  var settings: JSON {
    [
      "format": "OME-TIFF 1", "source": volumes.provenance, "type": .string(plan.type.rawValue),
      "size_zyx": JSON(plan.size), "channels": .array(volumes.channelNames.map { .string($0) }),
      "timepoints": JSON(plan.timepoints), "tile_zyx": JSON(plan.piece),
      "tiled": .bool(plan.isTiled), "levels": JSON(plan.levels.count),
      "reduction": .string(volumes.reduction.name), "compression": .string("\(compression)"),
      "name": .string(volumes.name),
      "voxel_size": .string(volumes.voxelSize.map { "\($0)" } ?? ""),
      "position": .string(volumes.position.map { "\($0)" } ?? ""),
    ]
  }

  /// Writes the file.
  ///
  /// A file of that name is replaced only if `overwrite`, and only when the new one is whole.
  /// - Throws: `BrickworkError` with code `.outputExists` if there is one, if an unfinished one has other settings, or
  ///   another process is writing it; `.outOfBudget`; what reading and writing throw; `CancellationError` if the task was
  ///   cancelled. What was written by then is kept for the next run.
  public func run(overwrite: Bool = false) async throws -> VolumeExportSummary {
    let unfinished = UnfinishedExport(path: path, settings: settings)
    try unfinished.checkFree(overwrite: overwrite)
    let width = try width()
    cache.capacity = width.cache
    let continues = try unfinished.mayContinue(
      PieceFile.unfinishedSettings(of: path), overwrite: overwrite)
    let writer = try TIFFFileWriter(
      path, plan: plan, options: options, settings: unfinished.bytes, continuing: continues)
    let steps = TIFFSteps(plan, planes: width.planes, bytes: Self.usualStep)
    let starts = (0..<steps.passes).map { steps.firstStep(pass: $0, from: writer.keptPieces) }
    let meter = ProgressMeter(
      phase: "exporting", totalVoxels: voxels(of: steps, from: starts),
      totalItems: starts.indices.reduce(0) { $0 + steps.count(pass: $1) - starts[$1] },
      listener: listener)
    do {
      for pass in 0..<steps.passes {
        try await run(pass, from: starts[pass], steps, writer, width.workers, meter)
      }
      try writer.finish()
    } catch var error as BrickworkError {
      if error.code == .inputOutput, error.path?.hasPrefix(path) == true {
        error.remedy =
          "If the disk is full, free some space; then run the same command again: what is written is kept"
      }
      throw error
    }
    let report = meter.finish()
    return VolumeExportSummary(
      levels: plan.levels.count, voxelBytes: report.voxelBytes,
      bytesWritten: report.bytesWritten, keptPieces: writer.keptPieces,
      totalPieces: plan.pieceCount, seconds: report.seconds, workers: width.workers)
  }

  private func run(
    _ pass: Int, from start: Int, _ steps: TIFFSteps, _ writer: TIFFFileWriter, _ workers: Int,
    _ meter: ProgressMeter
  ) async throws {
    let count = steps.count(pass: pass) - start
    guard count > 0 else { return }
    let method = volumes.reduction.method
    let sources =
      pass == 0
      ? volumes.parts
      : try volumes.parts.indices.map {
        try writer.source(ofPass: pass, part: $0, method: method)
      }
    try await OrderedPipeline.run(count: count, workers: workers) {
      try TIFFStepEncoder(plan, compression, method: method)
    } produce: { encoder, place in
      let step = steps.step(start + place, pass: pass)
      return try encoder.encode(step, of: sources[step.part])
    } commit: { (place: Int, encoded: EncodedPieces) in
      let step = steps.step(start + place, pass: pass)
      let written = try writer.append(encoded, of: step, in: steps)
      let voxels = self.voxels(of: step)
      meter.add(
        voxels: voxels, voxelBytes: voxels * plan.type.byteCount, written: written, items: 1)
      return nil
    }
  }

  /// Voxels of all levels of a step.
  private func voxels(of step: TIFFSteps.Step) -> Int {
    2 * step.pass + 1 < plan.levels.count
      ? step.box.count + step.box.downsampled(by: TIFFPlan.halving).count : step.box.count
  }

  private func voxels(of steps: TIFFSteps, from starts: [Int]) -> Int {
    starts.indices.reduce(0) { sum, pass in
      (starts[pass]..<steps.count(pass: pass)).reduce(sum) {
        $0 + voxels(of: steps.step($1, pass: pass))
      }
    }
  }

  private var options: TIFFWriter.Options {
    var options = TIFFWriter.Options()
    options.compression = compression
    options.voxelSize = volumes.voxelSize
    options.position = volumes.position
    options.name = volumes.name
    options.channelNames = volumes.channelNames
    return options
  }

  // MARK: Memory

  /// How the budget is shared out.
  struct Width: Sendable, Hashable {
    var workers: Int
    /// Planes of a step.
    var planes: Int
    /// Bytes for decoded pieces of the source.
    var cache: Int
    /// How often a piece of the source is decoded, about.
    var decodings: Double
  }

  /// More bytes of voxels in a step are of no use.
  private static let usualStep = 16 << 20

  /// How many workers the budget allows, and the bytes that the plan needs without caches.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> (workers: Int, plannedBytes: Int) {
    let width = try width()
    return (width.workers, budget.byteCount - width.cache)
  }

  /// Thin steps and a cache for a block's decoded pieces, where that fits; otherwise fewer workers, then thick steps.
  func width() throws -> Width {
    let slab = plan.slab
    var thinnest = 1
    while thinnest < slab,
      TIFFSteps(plan, planes: 2 * thinnest).largest.volume * plan.type.byteCount <= Self.usualStep
    {
      thinnest *= 2
    }
    let block = TIFFSteps(plan, planes: slab).largest
    let demand = volumes.parts[0].decodedBytes(reading: Box3(size: block))
    // Thin steps first, then thicker ones, which decode less where the cache is small, then thinner ones, which fit.
    let thicker = sequence(first: thinnest) { $0 < slab ? 2 * $0 : nil }
    let thinner = sequence(first: thinnest) { $0 > 1 ? $0 / 2 : nil }.dropFirst()
    var best: Width?
    for planes in Array(thicker) + Array(thinner) {
      let step = TIFFSteps(plan, planes: planes, bytes: Self.usualStep).largest
      for workers in stride(from: threads, through: 1, by: -1) {
        guard let cache = try? share(workers, step) else { continue }
        let decodings = cache >= demand ? 1 : Double(slab) / Double(planes)
        if decodings < 0.9 * (best?.decodings ?? .infinity) {
          best = Width(workers: workers, planes: planes, cache: cache, decodings: decodings)
        }
      }
    }
    if let best { return best }
    // Nothing fits: the error says what would.
    let step = TIFFSteps(plan, planes: 1, bytes: Self.usualStep).largest
    return Width(
      workers: 1, planes: 1, cache: try share(1, step), decodings: Double(slab))
  }

  /// What so many workers leave for the cache.
  private func share(_ workers: Int, _ step: Index3) throws -> Int {
    let (encoder, result) = TIFFStepEncoder.byteCount(plan, compression, step: step)
    let method = volumes.reduction.method
    let source = max(
      volumes.parts[0].scratchBytes(reading: step), TIFFFileWriter.sourceBytes(plan, method: method)
    )
    // A window of two results a worker and two more may wait.
    let perWorker = encoder + source + 3 * result
    let shared = 2 * result + (8 << 20)
    let (got, cache) = try budget.share(wanted: workers, perWorker: perWorker, shared: shared)
    guard got == workers else {
      throw BrickworkError(.outOfBudget, reason: "\(workers) workers don't fit")
    }
    return cache
  }
}
