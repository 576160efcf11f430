public import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import Synchronization

/// A plain HDF5 file in the making: datasets of chunks, axes z, y, x, as h5py, ilastik and Fiji's HDF5 plugin read them.
///
/// Each dataset has the attributes `element_size_um` (z, y, x; where it is known) and `axes`; one that is a coarser level
/// also `level_of`, the path of the finest. The file is written under `<path>.partial` and renamed by `finish`; a journal
/// lets a writer with the same fingerprint take over whole chunks from a run that was killed, as for `BDVFileWriter`.
public final class PlainHDF5Writer: Sendable {
  /// One dataset.
  public struct Dataset: Sendable, Hashable {
    /// Its path, "/data".
    public var name: String
    /// Voxels.
    public var size: Index3
    /// Voxels of a chunk, at most the dataset's.
    public var chunk: Index3
    /// µm between voxels; nil where it isn't known.
    public var voxelSize: VoxelSize?
    /// The path of the dataset of which this is a coarser level, if it is one.
    public var levelOf: String?

    /// A dataset whose chunks are cut to its size.
    public init(
      name: String, size: Index3, chunk: Index3, voxelSize: VoxelSize?, levelOf: String? = nil
    ) {
      self.name = name
      self.size = size
      self.chunk = chunk.minimum(size)
      self.voxelSize = voxelSize
      self.levelOf = levelOf
    }
  }

  /// The file's path when it is finished.
  public let path: String
  /// The type of every voxel.
  public let type: VoxelType
  /// The datasets, in the order in which `write` counts them.
  public let datasets: [Dataset]
  /// What was taken over from runs before.
  public let resumption: BDVFileWriter.Resumption
  private let options: BDVExportOptions
  private let unfinished: UnfinishedFile
  /// Nil where an earlier run had written all, and only the name is missing.
  private let parts: BDVFileWriter.Parts?
  private let table: ChunkTable
  private let lock: FolderLock

  /// Starts a file, or continues one.
  ///
  /// - Parameters:
  ///   - options: the filters; the legacy form of BigDataViewer has no meaning here.
  ///   - fingerprint: everything that decides the voxels, besides the shape of the file, which is added.
  ///   - overwrite: replaces an existing file, once the new one is whole.
  /// - Throws: `BrickworkError` with code `.outputExists` if a file is in the way or another writer is at work on it,
  ///   `.badRequest` for sizes that can't be; `CancellationError`.
  public init(
    _ path: String, type: VoxelType, datasets: [Dataset], options: BDVExportOptions,
    fingerprint: String, overwrite: Bool
  ) throws {
    self.path = path
    self.type = type
    self.datasets = datasets
    self.options = options
    try BDVFileWriter.check([Self.setup(datasets)], type, path)
    _ = try BDVChunkEncoder(setups: [Self.setup(datasets)], type: type, options: options)
    let unfinished = UnfinishedFile(
      path: path, fingerprint: Self.fingerprint(fingerprint, type, datasets, options))
    self.unfinished = unfinished
    try Files.makeFolder(Files.folder(of: path))
    lock = try unfinished.takeLock()
    let table = ChunkTable(
      counts: datasets.map { BrickGrid(size: $0.size, brick: $0.chunk).count })
    self.table = table
    var resumption = BDVFileWriter.Resumption(totalChunks: table.total)
    do {
      try UpdateInPlace(path: path).recover(replacing: overwrite)
      if !overwrite, Files.exists(path), unfinished.sealed() != path {
        throw BrickworkError(
          .outputExists, path: path, reason: "exists already",
          remedy: "Choose another name, or allow overwriting")
      }
      if unfinished.sealed() != nil {
        parts = nil
        resumption.keptChunks = table.total
      } else {
        let leftovers = try unfinished.collect()
        let parts = try BDVFileWriter.Parts(creating: unfinished, table) {
          try Self.makeDatasets(datasets, in: $0, type, options)
        }
        resumption.discardedForeign = leftovers.isForeign
        resumption.keptChunks = try Salvage(unfinished, parts, table).take(leftovers.files)
        self.parts = parts
      }
    } catch {
      if !Files.exists(unfinished.partial) { try? Files.remove(unfinished.lock) }
      throw error
    }
    self.resumption = resumption
  }

  private static func makeDatasets(
    _ datasets: [Dataset], in file: HDF5File, _ type: VoxelType, _ options: BDVExportOptions
  ) throws -> [HDF5Dataset] {
    try datasets.map { dataset in
      let made = try file.makeDataset(
        dataset.name, type: type, size: dataset.size, chunk: dataset.chunk,
        deflateLevel: options.deflateLevel, shuffle: options.shuffles(type))
      if let size = dataset.voxelSize {
        try file.setAttribute("element_size_um", of: dataset.name, to: [size.z, size.y, size.x])
      }
      try file.setAttribute("axes", of: dataset.name, to: "zyx")
      if let finest = dataset.levelOf {
        try file.setAttribute(HDF5Tiles.levelAttribute, of: dataset.name, to: finest)
      }
      return made
    }
  }

  private static func fingerprint(
    _ words: String, _ type: VoxelType, _ datasets: [Dataset], _ options: BDVExportOptions
  ) -> [UInt8] { Array("plain 1; \(type); \(options); \(datasets); \(words)".utf8) }

  /// What a writer with the same arguments would take over; nil where there is nothing.
  ///
  /// Changes nothing.
  public static func stored(
    at path: String, type: VoxelType, datasets: [Dataset], options: BDVExportOptions,
    fingerprint words: String
  ) -> StoredChunks? {
    StoredChunks(
      UnfinishedFile(path: path, fingerprint: fingerprint(words, type, datasets, options)),
      datasets: datasets.count)
  }

  /// The datasets as levels of one image, which is what encoders and checks take.
  private static func setup(_ datasets: [Dataset]) -> BDVSetup {
    BDVSetup(
      name: "", channelName: "", voxelSize: .unknown,
      levels: datasets.map { BDVLevel(factor: .one, size: $0.size, chunk: $0.chunk) })
  }

  /// An encoder for one worker; its levels are the datasets.
  public func makeEncoder() throws -> BDVChunkEncoder {
    try BDVChunkEncoder(setups: [Self.setup(datasets)], type: type, options: options)
  }

  /// An encoder for the chunks of such datasets, without a file.
  public static func encoder(
    _ datasets: [Dataset], type: VoxelType, options: BDVExportOptions
  ) throws -> BDVChunkEncoder {
    try BDVChunkEncoder(setups: [setup(datasets)], type: type, options: options)
  }

  private func grid(_ dataset: Int) -> BrickGrid {
    BrickGrid(size: datasets[dataset].size, brick: datasets[dataset].chunk)
  }

  /// Whether a chunk, or that it is empty, is in the file, from this run or one before it.
  public func isStored(_ dataset: Int, at index: Index3) -> Bool {
    parts == nil || table.content(dataset, grid(dataset).linearIndex(of: index)) != .unknown
  }

  /// Stores a chunk, or notes that it is all zero where there is none; one that is stored already stays.
  ///
  /// May be called on any thread, in any order.
  /// - Parameter index: counted in chunks, z, y, x.
  /// - Returns: bytes that were written.
  @discardableResult
  public func write(_ chunk: EncodedChunk?, _ dataset: Int, at index: Index3) throws -> Int {
    guard let parts, !isStored(dataset, at: index) else { return 0 }
    let grid = grid(dataset)
    let number = grid.linearIndex(of: index)
    guard let chunk else {
      try parts.journal?.append(ChunkRecord(.empty, dataset: dataset, chunk: number).bytes)
      table.set(dataset, number, .empty)
      return 0
    }
    do {
      try parts.store(
        chunk.bytes, chunk.skippedFilters, dataset, number, at: index * grid.brick,
        checksum: unsafe CRC32C.checksum(chunk.bytes.span.bytes))
    } catch let error as BrickworkError {
      throw unfinished.explained(error, table)
    }
    table.set(dataset, number, .stored)
    return chunk.bytes.count
  }

  /// Makes the file durable and gives it its name.
  ///
  /// A run that is killed in the middle of it is continued where it was.
  /// - Throws: `BrickworkError`, for example if the disk is full; what is written stays then.
  public func finish() throws {
    do {
      try parts?.seal(unfinished)
      if unfinished.sealed() != path {
        try Files.rename(unfinished.partial, to: path)
        try Files.flushFolder(Files.folder(of: path))
      }
    } catch let error as BrickworkError {
      throw unfinished.explained(error, table)
    }
    try? Files.remove(unfinished.journal)
    try? Files.remove(unfinished.lock)
  }

  /// The bytes the HDF5 library and the table of chunks keep for such a file.
  public static func libraryBytes(_ datasets: [Dataset]) -> Int {
    datasets.reduce(HDF5File.metadataCacheBytes) {
      $0 + (16 << 10) + BrickGrid(size: $1.size, brick: $1.chunk).count
    }
  }
}
