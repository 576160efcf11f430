internal import BrickBDV
public import BrickCore
internal import BrickFiles
internal import BrickZarr

extension ExportJob {
  /// What an update did.
  public struct UpdateSummary: Sendable, Hashable {
    /// Bricks of the store whose checksums differ from those of the last export.
    public var changedBricks = 0
    /// Bricks of the store's levels that the export reads.
    public var totalBricks = 0
    /// Chunks written, first or anew, by level.
    public var writtenChunks: [Int] = []
    /// Chunks that the file stores.
    public var storedChunks = 0
    /// Bytes of the new chunks.
    public var bytesWritten = 0
    /// Seconds from the start to the finished file.
    public var seconds = 0.0
    /// Whether a change that was interrupted was finished first.
    public var finishedEarlierUpdate = false
  }

  /// A chunk that is written anew from its source.
  private struct Piece: Sendable {
    let level: Int
    let setup: Int
    let timepoint: Int
    let volume: any Volume
    let box: Box3
  }

  /// Writes into a file that this job made before what has changed in the stores since.
  ///
  /// That is found by the checksums of bricks (`ZarrVolume.brickChecksums`). Levels that are made follow as far as they
  /// have to.
  ///
  /// The file is changed at the end, in one step that survives being killed: see `BDVFileUpdater`.
  /// - Throws: `BrickworkError`: `.missingInput` if there is no file, `.badRequest` if it was made from something else or
  ///   with other settings, or not from stores, `.verificationFailed` if something else changed it since.
  public func update() async throws -> UpdateSummary {
    let start = ContinuousClock.now
    let updater = try openUpdater()
    guard let record = try BDVFileRecord.read(path).flatMap({ ExportRecord($0) }) else {
      throw refused("does not say what it was exported from")
    }
    guard let sources = storedSources, let new = try ExportRecord(of: self) else {
      throw refused("is to be updated from sources without checksums: only stores have them")
    }
    if let difference = record.difference(to: new) {
      throw refused("was exported from something else or with other settings: \(difference)")
    }
    var summary = UpdateSummary(finishedEarlierUpdate: updater.finishedEarlierUpdate)
    var pieces: [Piece] = []
    for (source, (old, now)) in zip(sources, zip(record.checksums, new.checksums)) {
      let changed = now.indices.filter { now[$0] != old[$0] }
      summary.totalBricks += now.count
      summary.changedBricks += changed.count
      pieces += self.pieces(
        changed.map { source.volume.bricks.box(at: source.volume.bricks.index(at: $0)) }, source)
    }
    if !pieces.isEmpty {
      updater.setRecord(new.bytes)
      try await write(pieces, updater)
      try finish(updater, &summary) { setup, level in self.isMade(level, setup: setup) }
    }
    summary.seconds = (ContinuousClock.now - start) / .seconds(1)
    return summary
  }

  /// Writes the voxels of a box of level 0 into a file of this job's shape, or into a new one that is zero elsewhere, and
  /// makes what follows from them in all coarser levels.
  ///
  /// - Parameter box: in voxels of level 0, inside every image.
  /// - Throws: `BrickworkError` with code `.badRequest` if a file that is there has another shape.
  public func write(region box: Box3) async throws -> UpdateSummary {
    let start = ContinuousClock.now
    for image in images where !Box3(size: image.size).contains(box) || box.isEmpty {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "the region \(box) does not lie in \(image.name), which has \(image.size) voxels",
        remedy: "Choose a region inside it")
    }
    if !Files.exists(path), !Files.exists(path + ".update") {
      guard !BDVFileWriter.isUnfinished(path) else {
        throw BrickworkError(
          .outputExists, path: path, reason: "was begun by an export that is not finished",
          remedy: "Give that command again to finish it, or name another file")
      }
      try makeWriter(fingerprint: "", overwrite: false).finish()
    }
    let updater = try openUpdater()
    try checkShape(updater)
    var pieces: [Piece] = []
    for (image, level, volumes) in readLevels where level == 0 {
      for (part, volume) in volumes.enumerated() {
        let grid = try updater.grid(
          level: 0, setup: view(image, part).setup, timepoint: view(image, part).timepoint)
        grid.indices(intersecting: box).forEachPosition { index in
          pieces.append(
            piece(image, 0, part, volume, grid.box(at: index).intersection(box)))
        }
      }
    }
    var summary = UpdateSummary(finishedEarlierUpdate: updater.finishedEarlierUpdate)
    try await write(pieces, updater)
    try finish(updater, &summary) { _, level in level > 0 }
    summary.seconds = (ContinuousClock.now - start) / .seconds(1)
    return summary
  }

  private func openUpdater() throws -> BDVFileUpdater {
    try BDVFileUpdater(path, method: images[0].reduction.method)
  }

  /// The chunks that hold voxels of the boxes, each once.
  private func pieces(_ boxes: [Box3], _ source: ExportRecord.Source) -> [Piece] {
    let grid = images[source.image].levels[source.level].grid
    var places: Set<Int> = []
    for box in boxes {
      grid.indices(intersecting: box).forEachPosition { places.insert(grid.linearIndex(of: $0)) }
    }
    return places.sorted().map {
      piece(
        source.image, source.level, source.part, source.volume, grid.box(at: grid.index(at: $0)))
    }
  }

  private func piece(
    _ image: Int, _ level: Int, _ part: Int, _ volume: any Volume, _ box: Box3
  ) -> Piece {
    let view = view(image, part)
    return Piece(
      level: level, setup: view.setup, timepoint: view.timepoint, volume: volume, box: box)
  }

  private func view(_ image: Int, _ part: Int) -> (setup: Int, timepoint: Int) {
    let (timepoint, channel) = part.quotientAndRemainder(dividingBy: channels)
    return (setup(image: image, channel: channel), timepoint)
  }

  /// Whether a level of a setup is made from the one before.
  private func isMade(_ level: Int, setup: Int) -> Bool {
    let levels = images[setup % images.count].levels
    return levels.indices.contains(level) && levels[level].volumes == nil
  }

  private func write(_ pieces: [Piece], _ updater: BDVFileUpdater) async throws {
    let (workers, spare) = try width(of: pieces, updater)
    cache.capacity = spare
    let meter = ProgressMeter(
      phase: "updating", totalVoxels: pieces.reduce(0) { $0 + $1.box.count },
      totalItems: pieces.count, listener: listener)
    try await OrderedPipeline.run(count: pieces.count, workers: workers) {
      UpdateWorker(encoder: updater.makeEncoder())
    } produce: { (worker, number) -> EncodedChunk? in
      let piece = pieces[number]
      return try worker.encode(
        piece.volume, piece.box, level: piece.level, setup: piece.setup, timepoint: piece.timepoint)
    } commit: { number, chunk in
      let piece = pieces[number]
      try updater.store(
        chunk, changed: piece.box, level: piece.level, setup: piece.setup,
        timepoint: piece.timepoint)
      meter.add(
        voxels: piece.box.count, voxelBytes: piece.box.count * piece.volume.type.byteCount,
        written: chunk?.bytes.count ?? 0, items: 1)
      return nil
    }
    _ = meter.finish()
  }

  /// Workers, and what is left for the cache.
  private func width(
    of pieces: [Piece], _ updater: BDVFileUpdater
  ) throws -> (workers: Int, cache: Int) {
    let setups = Set(pieces.map(\.setup))
    let encoder = try setups.map { try updater.bytesPerEncoder(setup: $0) }.max() ?? 0
    let read = pieces.reduce(0) { most, piece in
      max(
        most,
        BlockStorage.footprint(of: piece.box.count * piece.volume.type.byteCount)
          + piece.volume.scratchBytes(reading: piece.box.size))
    }
    // The old and the new record, the pieces, and the places of all chunks of the file while they are sorted.
    let chunks = images.reduce(0) { sum, image in
      sum + image.parts * image.levels.reduce(0) { $0 + $1.grid.count }
    }
    return try budget.share(
      wanted: threads, perWorker: encoder + read,
      shared: (16 << 20) + heldBytes + pieces.count * 160 + chunks * 80 + 48 * storedBricks
        // Every dataset of a view stays open.
        + images.reduce(0) { $0 + $1.parts * $1.levels.count } * (16 << 10))
  }

  private func finish(
    _ updater: BDVFileUpdater, _ summary: inout UpdateSummary,
    deriving isDerived: @escaping (Int, Int) -> Bool
  ) throws {
    let done = try updater.finish(deriving: isDerived)
    summary.writtenChunks = done.writtenChunks
    summary.storedChunks = done.storedChunks
    summary.bytesWritten = done.bytesWritten
  }

  /// Throws unless the file has the setups, levels and type that this job would write.
  private func checkShape(_ updater: BDVFileUpdater) throws {
    guard updater.setups == setups.map(\.id).sorted(), updater.timepoints == timepoints else {
      throw refused(
        "has the setups \(updater.setups.prefix(8)) at the time points \(updater.timepoints.prefix(8)), and the "
          + "region is of \(setups.map(\.id).prefix(8)) at \(timepoints.prefix(8))")
    }
    for image in images.indices {
      for part in 0..<images[image].parts {
        let view = view(image, part)
        let levels = try updater.levels(of: view.setup)
        let volume = try updater.volume(setup: view.setup, timepoint: view.timepoint)
        guard volume.size == images[image].size, volume.type == images[image].type,
          levels.map(\.factor).first == .one
        else {
          throw refused(
            "has \(volume.size) voxels of \(volume.type) in setup \(view.setup), and the region is of "
              + "\(images[image].size) of \(images[image].type)")
        }
      }
    }
  }

  private func refused(_ reason: String) -> BrickworkError {
    BrickworkError(
      .badRequest, path: path, reason: reason,
      remedy: "Export it anew with --overwrite, or name another file")
  }
}

/// What one worker of an update keeps between chunks.
private final class UpdateWorker {
  private let encoder: BDVUpdateEncoder
  private var block = VoxelBlock()

  init(encoder: BDVUpdateEncoder) { self.encoder = encoder }

  func encode(
    _ volume: any Volume, _ box: Box3, level: Int, setup: Int, timepoint: Int
  ) throws -> EncodedChunk? {
    try Task.checkCancellation()
    block.reshape(to: box, type: volume.type)
    try volume.read(into: &block)
    return try encode(block, level, setup, timepoint)
  }

  private func encode(
    _ block: borrowing VoxelBlock, _ level: Int, _ setup: Int, _ timepoint: Int
  ) throws -> EncodedChunk? {
    try encoder.encode(VoxelView(block), level: level, setup: setup, timepoint: timepoint)
  }
}
