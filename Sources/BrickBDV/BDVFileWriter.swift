public import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import Synchronization

/// A BDV HDF5 file and its XML in the making: the form every BigDataViewer and BigStitcher opens.
///
/// The file is written under `<path>.partial` and renamed by `finish`, the XML comes last: who sees
/// the XML sees all voxels. A journal beside it says which chunks are whole: a writer with the same fingerprint takes
/// them over from the run that was killed, and `isStored` tells which need not be computed again.
///
/// Chunks are encoded in parallel by an encoder per worker; storing one holds the HDF5 library's lock for
/// the copy alone. Groups and tables are written first, so that a viewer finds them together.
/// Format: https://imagej.net/plugins/bdv
public final class BDVFileWriter: Sendable {
  /// The HDF5 file's path when it is finished.
  public let path: String
  /// The XML's path: the HDF5 file's with another ending.
  public let xmlPath: String
  /// The type of the voxels given to encoders.
  public let type: VoxelType
  /// The images, in the order in which `write` counts them.
  public let setups: [BDVSetup]
  /// The ids of the time points, in the order in which `write` counts them.
  public let timepoints: [Int]
  /// How the file is written.
  public let options: BDVExportOptions
  /// What was taken over from runs before.
  public let resumption: Resumption

  /// What runs before left for this one.
  public struct Resumption: Sendable, Hashable {
    /// Chunks taken over.
    public var keptChunks = 0
    /// Chunks of the whole file, empty ones too.
    public var totalChunks = 0
    /// Whether something unfinished was deleted, because it was made of another source or with other settings.
    public var discardedForeign = false
  }

  let unfinished: UnfinishedFile
  /// Nil where an earlier run had written all, and only the names are missing.
  let parts: Parts?
  let table: ChunkTable
  /// The levels of all setups before each one, and of all together: places among the datasets of a time point.
  private let levelsBefore: [Int]
  let lock: FolderLock
  let state = Mutex(State.open)
  let record = Mutex<[UInt8]?>(nil)

  enum State {
    case open, finished, failed, discarded
  }

  /// What is open while chunks are written.
  struct Parts: Sendable {
    let file: HDF5File
    let datasets: [HDF5Dataset]
    let behind: WriteBehind
    /// Nil for a file that can't be continued.
    let journal: Journal?
  }

  /// Starts a file with one image at one time point.
  ///
  /// - Parameters:
  ///   - path: Of the HDF5 file; the XML gets its name with the ending .xml.
  ///   - size: Voxels of level 0.
  ///   - levels: Finest first; chunks are cut to their level's size.
  ///   - overwrite: Replaces an existing file. Without it, one that is there is an error.
  public convenience init(
    path: String, type: VoxelType, size: Index3, voxelSize: VoxelSize,
    levels: [(factor: Index3, size: Index3, chunk: Index3)], options: BDVExportOptions,
    setupName: String, channelName: String, fingerprint: String = "", overwrite: Bool
  ) throws {
    precondition(levels.first?.size == size, "Level 0 has the volume's size \(size)")
    try self.init(
      path: path, type: type,
      setups: [
        BDVSetup(
          name: setupName, channelName: channelName, voxelSize: voxelSize,
          levels: levels.map { BDVLevel(factor: $0.factor, size: $0.size, chunk: $0.chunk) })
      ],
      timepoints: [0], options: options, fingerprint: fingerprint, overwrite: overwrite)
  }

  /// Starts a file of several images, each at all time points, or continues one.
  ///
  /// What a killed run left is moved over first: chunks whose bytes have their checksum, without encoding them again.
  /// - Parameters:
  ///   - fingerprint: Everything about the source and its settings that decides the voxels: what was left by a run with
  ///     another one is deleted. The shape of the file is added. Empty: the file can't be continued.
  ///   - overwrite: Replaces an existing file, once the new one is whole. Without it, one that is there is an error.
  /// - Throws: `BrickworkError` with code `.outputExists` if a file is in the way or another writer is at work on
  ///   it, `.badRequest` if the options don't fit the type or a size can't be; it leaves no file then.
  ///   `CancellationError` if the task was cancelled while chunks were moved.
  public init(
    path: String, type: VoxelType, setups: [BDVSetup], timepoints: [Int], options: BDVExportOptions,
    fingerprint: String = "", overwrite: Bool
  ) throws {
    self.path = path
    xmlPath = Self.xmlPath(for: path)
    self.type = type
    self.setups = setups
    levelsBefore = setups.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.levels.count) }
    self.timepoints = timepoints
    self.options = options
    _ = try options.storedType(of: type)
    try Self.check(setups, type, path)
    // Before any file is made: an impossible level is an error of the command line.
    _ = try BDVChunkEncoder(setups: setups, type: type, options: options)
    let unfinished = UnfinishedFile(
      path: path,
      fingerprint: Self.fingerprint(fingerprint, type, setups, timepoints, options))
    self.unfinished = unfinished
    // What an interrupted update left is seen to first, under the lock.
    if !Files.exists(UpdateInPlace.log(of: path)) {
      try Self.checkFree(unfinished, overwrite: overwrite)
    }
    try Files.makeFolder(Files.folder(of: path))
    lock = try unfinished.takeLock()
    let table = ChunkTable(
      counts: timepoints.flatMap { _ in
        setups.flatMap { $0.levels.map { BrickGrid(size: $0.size, brick: $0.chunk).count } }
      })
    self.table = table
    var resumption = Resumption(totalChunks: table.total)
    do {
      // An update that was interrupted would otherwise be taken for what a killed export left.
      try UpdateInPlace(path: path).recover(replacing: overwrite)
      // Another writer may have finished since.
      try Self.checkFree(unfinished, overwrite: overwrite)
      if unfinished.sealed() != nil {
        parts = nil
        resumption.keptChunks = table.total
      } else {
        let leftovers = try unfinished.collect()
        let parts = try Parts(creating: unfinished, table) {
          try Self.makeDatasets(in: $0, setups, timepoints, type, options)
        }
        resumption.discardedForeign = leftovers.isForeign
        resumption.keptChunks = try Salvage(unfinished, parts, table).take(leftovers.files)
        self.parts = parts
      }
    } catch {
      if !Files.exists(unfinished.partial) { try? Files.remove(unfinished.lock) }
      guard var error = error as? BrickworkError, error.isFullDisk else { throw error }
      error.remedy = "Free some space and run the same command again: nothing was lost"
      throw error
    }
    self.resumption = resumption
  }

  /// Whether something unfinished lies beside `path` that a run could continue.
  public static func isUnfinished(_ path: String) -> Bool {
    Files.exists(UnfinishedFile(path: path, fingerprint: []).journal)
  }

  private static func checkFree(_ unfinished: UnfinishedFile, overwrite: Bool) throws {
    let path = unfinished.path
    if !overwrite, let there = [path, xmlPath(for: path)].first(where: Files.exists),
      unfinished.sealed() != path
    {
      throw BrickworkError(
        .outputExists, path: there, reason: "exists already",
        remedy: "Choose another name, or allow overwriting")
    }
  }

  /// What the content depends on: the caller's words, and the shape of the file.
  static func fingerprint(
    _ words: String, _ type: VoxelType, _ setups: [BDVSetup], _ timepoints: [Int],
    _ options: BDVExportOptions
  ) -> [UInt8] {
    guard !words.isEmpty else { return [] }
    // Every stored property appears in these descriptions.
    return Array("layout 1; \(type); \(options); \(timepoints); \(setups); \(words)".utf8)
  }

  /// The XML's path for an HDF5 file: "a.h5" gives "a.xml".
  public static func xmlPath(for path: String) -> String {
    let name = Files.name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
      ["h5", "hdf5", "hdf"].contains(name[name.index(after: dot)...].lowercased())
    else { return path + ".xml" }
    return String(path.dropLast(name[dot...].count)) + ".xml"
  }

  /// An encoder for one worker.
  public func makeEncoder() throws -> BDVChunkEncoder {
    try BDVChunkEncoder(setups: setups, type: type, options: options)
  }

  /// The bytes one encoder keeps at most, and the chunk it returns.
  public var bytesPerEncoder: Int {
    let largest = setups.flatMap(\.levels).map(\.chunk.volume).max() ?? 0
    return largest * type.byteCount * 4 + (2 << 20)
  }

  /// The bytes the HDF5 library keeps for this file.
  public var libraryBytes: Int {
    HDF5File.metadataCacheBytes + (parts?.datasets.count ?? 0) * (16 << 10) + table.total
  }

  /// The place of a view's level among the datasets.
  func dataset(level: Int, setup: Int, timepoint: Int) -> Int {
    precondition(
      setups.indices.contains(setup) && timepoints.indices.contains(timepoint), "No such view")
    return timepoint * levelsBefore[setups.count] + levelsBefore[setup] + level
  }
}

extension BDVFileWriter.Parts {
  /// The temporary file with what `makeDatasets` puts into it, and its journal; it is deleted if that fails.
  init(
    creating unfinished: UnfinishedFile, _ table: ChunkTable,
    _ makeDatasets: (HDF5File) throws -> [HDF5Dataset]
  ) throws {
    let file = try HDF5File(creating: unfinished.partial)
    do {
      datasets = try makeDatasets(file)
      journal =
        try unfinished.fingerprint.isEmpty
        ? nil
        : Journal(
          creating: unfinished.journal, fingerprint: unfinished.fingerprint,
          recordBytes: ChunkRecord.byteCount, room: table.total + 2)
      behind = try WriteBehind(unfinished.partial)
    } catch {
      try? file.close()
      try? unfinished.delete(unfinished.partial)
      throw error
    }
    self.file = file
  }
}

extension UnfinishedFile {
  /// Keeps other writers from the temporary file.
  func takeLock() throws -> FolderLock {
    do {
      return try FolderLock(lock)
    } catch var error as BrickworkError {
      // The lock is on one file, not on its folder.
      if error.code == .outputExists {
        error.path = path
        error.reason = "is being written already"
      }
      throw error
    }
  }
}
