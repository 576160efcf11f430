public import BrickBDV
public import BrickCore

/// Streams images into a BDV HDF5 file and its XML: the stitched volume, or each tile in its place.
///
/// A worker reads a block, reduces it in memory through the levels that follow from it, and compresses all chunks; one
/// worker at a time then writes finished chunks, in order, so that the file is the same for any number of workers. What is
/// coarser is read back from the file in the making. The voxels depend on the images and the options alone, not on threads,
/// budget, or how often the job was interrupted.
public struct ExportJob: Sendable {
  /// The HDF5 file, which ends in `.h5`; the XML lies beside it.
  public let path: String
  /// What is exported: one image, or a tile each.
  public let images: [ExportImage]
  let options: BDVExportOptions
  /// Everything about the source that decides the voxels.
  let source: JSON
  /// The sources' writing times.
  let stamps: [String]
  let budget: MemoryBudget
  let threads: Int
  let cache: PieceCache
  /// Bytes that the sources hold as long as the job runs.
  let heldBytes: Int
  let listener: (any ProgressListener)?
  /// In the order of their rounds.
  let passes: [ExportPass]
  /// Nil numbers setups and time points from 0.
  var numbering: Numbering?

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// The most levels of any image.
    public var levels: Int
    /// Blocks of which an earlier run had stored all chunks.
    public var keptBlocks: Int
    /// Blocks of the whole file.
    public var totalBlocks: Int
    /// What was taken over from an interrupted run, in chunks of the file.
    public var resumption: BDVFileWriter.Resumption
    /// Bytes of the voxels of all levels this run exported, before compression.
    public var voxelBytes: Int
    /// Bytes of the chunks that were stored, after compression.
    public var bytesWritten: Int
    /// Seconds from the start to the finished XML.
    public var seconds: Double
    /// The most workers of any round.
    public var workers: Int
    /// Compressed pieces (strips, pages, chunks) of the sources that were decoded, and which of them there were.
    public var decoding: PieceCache.Count
  }

  /// Plans an export; reads no voxel.
  ///
  /// - Parameters:
  ///   - images: with as many channels and time points each; a channel of an image becomes a setup, and setups are numbered
  ///     channel by channel, images fastest.
  ///   - source: everything about the sources that decides the voxels: files, positions, method.
  ///   - stamps: what gives away that a source was replaced while a run was interrupted: the files' writing times.
  ///   - cache: the cache the images decode through: it gets what the budget leaves.
  ///   - heldBytes: bytes that the sources hold as long as the job runs: tables of theirs.
  /// - Throws: `BrickworkError` with code `.badRequest` if images differ in type, channels or time points.
  public init(
    path: String, images: [ExportImage], options: BDVExportOptions = BDVExportOptions(),
    source: JSON = [:], stamps: [String] = [], budget: MemoryBudget, threads: Int,
    cache: PieceCache,
    heldBytes: Int = 0, listener: (any ProgressListener)? = nil
  ) throws {
    guard let first = images.first else {
      throw BrickworkError(.badRequest, reason: "there is no image to export")
    }
    for image in images {
      guard image.type == first.type else {
        throw BrickworkError(
          .badRequest, path: path,
          reason: "a file holds voxels of one type, and \(image.name) has \(image.type.rawValue), "
            + "\(first.name) \(first.type.rawValue)",
          remedy: "Export the tiles of each type into a file of their own")
      }
      guard image.channelNames.count == first.channelNames.count,
        image.timepoints == first.timepoints
      else {
        throw BrickworkError(
          .badRequest, path: path,
          reason:
            "\(image.name) has \(image.channelNames.count) channels at \(image.timepoints) time points, "
            + "and \(first.name) \(first.channelNames.count) at \(first.timepoints)",
          remedy: "Choose one channel and time point that all tiles have")
      }
    }
    self.path = path
    self.images = images
    self.options = options
    self.source = source
    self.stamps = stamps
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.heldBytes = heldBytes
    self.listener = listener
    let limits = ExportLimits(budget, images: images.count)
    let all = images.enumerated().flatMap { $1.passes(number: $0, limits) }
    passes = (0...(all.map(\.round).max() ?? 0)).flatMap { round in all.filter { $0.round == round }
    }
  }

  /// Channels of each image.
  var channels: Int { images[0].channelNames.count }

  /// Writes the file and its XML.
  ///
  /// Existing ones are replaced only if `overwrite`, and only when the new file is whole. What an interrupted run with the
  /// same sources and settings stored is kept.
  /// - Throws: `BrickworkError` with code `.outputExists` or `.outOfBudget`, or what reading and
  ///   writing throw; `CancellationError` if the task was cancelled: the file can then be continued.
  public func run(overwrite: Bool = false) async throws -> Summary {
    // All rounds are planned before the first begins: a budget that is too small shows now, not after hours.
    let rounds = Array(zip(self.rounds, try widths()))
    BlockStorage.keep(atMost: budget.keptBytes)
    let record = try ExportRecord(of: self)
    let writer = try makeWriter(fingerprint: fingerprint(record), overwrite: overwrite)
    if let record { writer.setRecord(record.bytes) }
    let before = cache.count
    let meter = ProgressMeter(
      phase: "exporting", totalVoxels: images.reduce(0) { $0 + $1.voxelBytes / $1.type.byteCount },
      totalItems: passes.reduce(0) { $0 + $1.order.count }, listener: listener)
    var kept = 0
    for (number, (passes, width)) in rounds.enumerated() {
      if number > 0 { meter.setPhase("coarser levels") }
      cache.capacity = width.cache
      cache.dropsAtRandom = width.demand > width.room
      let round = try ExportRound(self, passes, writer)
      try await round.run(workers: width.workers, meter: meter)
      kept += round.keptBlocks
    }
    try writer.finish()
    let report = meter.finish()
    return Summary(
      levels: images.map(\.levels.count).max() ?? 0, keptBlocks: kept,
      totalBlocks: report.totalItems, resumption: writer.resumption,
      voxelBytes: report.voxelBytes, bytesWritten: report.bytesWritten, seconds: report.seconds,
      workers: rounds.map(\.1.workers).max() ?? 0, decoding: cache.count - before)
  }

  func makeWriter(fingerprint: String, overwrite: Bool) throws -> BDVFileWriter {
    try BDVFileWriter(
      path: path, type: images[0].type, setups: setups, timepoints: timepoints, options: options,
      fingerprint: fingerprint, overwrite: overwrite)
  }

  /// Who the views are where they are not numbered from 0: those of one file among several.
  struct Numbering: Sendable {
    var setups: [BDVSetup]
    var timepoints: [Int]
  }

  /// The ids of the time points.
  var timepoints: [Int] { numbering?.timepoints ?? Array(0..<images[0].timepoints) }

  /// The place of a channel of an image among the setups: the order in which BigStitcher and npy2bdv number them.
  func setup(image: Int, channel: Int) -> Int { channel * images.count + image }

  /// The setups of the file.
  var setups: [BDVSetup] {
    if let numbering { return numbering.setups }
    return (0..<channels).flatMap { channel in
      images.enumerated().map { number, image in
        let channelName = image.channelNames[channel]
        let own = channels > 1 ? (channelName.isEmpty ? "channel \(channel)" : channelName) : ""
        return BDVSetup(
          id: setup(image: number, channel: channel),
          name: own.isEmpty ? image.name : "\(image.name) \(own)", channel: channel,
          channelName: channelName, tile: number, voxelSize: image.voxelSize, offset: image.offset,
          levels: image.pyramid)
      }
    }
  }
}
