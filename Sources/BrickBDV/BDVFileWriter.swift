public import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import Synchronization

/// A BDV HDF5 file and its XML in the making: the form every BigDataViewer and BigStitcher opens.
///
/// The file is written under `<path>.partial` and renamed by `finish`, the XML comes last: who sees
/// the XML sees all voxels. What a killed run left is written anew.
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

  private let file: HDF5File
  private let datasets: [HDF5Dataset]
  private let behind: WriteBehind
  private let lock: FolderLock
  private let state = Mutex(State.open)

  private enum State {
    case open, finished, failed, discarded
  }

  private var temporaryPath: String { path + ".partial" }
  private var lockPath: String { Self.lockPath(for: path) }
  private static func lockPath(for path: String) -> String { path + ".partial.lock" }

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
    setupName: String, channelName: String, overwrite: Bool
  ) throws {
    precondition(levels.first?.size == size, "Level 0 has the volume's size \(size)")
    try self.init(
      path: path, type: type,
      setups: [
        BDVSetup(
          name: setupName, channelName: channelName, voxelSize: voxelSize,
          levels: levels.map { BDVLevel(factor: $0.factor, size: $0.size, chunk: $0.chunk) })
      ],
      timepoints: [0], options: options, overwrite: overwrite)
  }

  /// Starts a file of several images, each at all time points.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists` if a file is in the way or another writer is at work on
  ///   it, `.badRequest` if the options don't fit the type or a size can't be. It leaves no file then.
  public init(
    path: String, type: VoxelType, setups: [BDVSetup], timepoints: [Int], options: BDVExportOptions,
    overwrite: Bool
  ) throws {
    self.path = path
    xmlPath = Self.xmlPath(for: path)
    self.type = type
    self.setups = setups
    self.timepoints = timepoints
    self.options = options
    _ = try options.storedType(of: type)
    try Self.check(setups, type, path)
    // Before any file is made: an impossible level is an error of the command line.
    _ = try BDVChunkEncoder(setups: setups, type: type, options: options)
    try Self.checkFree(path, overwrite: overwrite)
    try Files.makeFolder(Files.folder(of: path))
    let lock = try Self.lock(path)
    self.lock = lock
    do {
      // Another writer may have finished since.
      try Self.checkFree(path, overwrite: overwrite)
      let parts = try Self.create(path, setups, timepoints, type, options)
      (file, behind, datasets) = (parts.file, parts.behind, parts.datasets)
    } catch {
      try? Files.remove(Self.lockPath(for: path))
      throw error
    }
  }

  private static func checkFree(_ path: String, overwrite: Bool) throws {
    if !overwrite, let there = [path, xmlPath(for: path)].first(where: Files.exists) {
      throw BrickworkError(
        .outputExists, path: there, reason: "exists already",
        remedy: "Choose another name, or allow overwriting")
    }
  }

  /// Keeps other writers from the temporary file.
  private static func lock(_ path: String) throws -> FolderLock {
    do {
      return try FolderLock(lockPath(for: path))
    } catch var error as BrickworkError {
      // The lock is on one file, not on its folder.
      if error.code == .outputExists {
        error.path = path
        error.reason = "is being written already"
      }
      throw error
    }
  }

  /// The temporary file with its groups, tables and empty datasets; it is deleted if that fails.
  private static func create(
    _ path: String, _ setups: [BDVSetup], _ timepoints: [Int], _ type: VoxelType,
    _ options: BDVExportOptions
  ) throws -> (file: HDF5File, behind: WriteBehind, datasets: [HDF5Dataset]) {
    let file = try HDF5File(creating: path + ".partial")
    do {
      let behind = try WriteBehind(path + ".partial")
      return (file, behind, try makeDatasets(in: file, setups, timepoints, type, options))
    } catch {
      try? file.close()
      try? Files.remove(path + ".partial")
      throw error
    }
  }

  private static func makeDatasets(
    in file: HDF5File, _ setups: [BDVSetup], _ timepoints: [Int], _ type: VoxelType,
    _ options: BDVExportOptions
  ) throws -> [HDF5Dataset] {
    for setup in setups {
      try file.writeTable(
        BDVNames.resolutions(setup.id), doubles: setup.levels.map { xyz($0.factor) })
      try file.writeTable(
        BDVNames.subdivisions(setup.id),
        integers: setup.levels.map { xyz($0.chunk).map { Int32($0) } })
      if !options.legacyInt16 {
        try file.setAttribute("dataType", of: BDVNames.setup(setup.id), to: type.rawValue)
      }
    }
    let stored = try options.storedType(of: type)
    var datasets: [HDF5Dataset] = []
    for timepoint in timepoints {
      for setup in setups {
        for (number, level) in setup.levels.enumerated() {
          datasets.append(
            try file.makeDataset(
              BDVNames.cells(timepoint: timepoint, setup: setup.id, level: number), type: stored,
              size: level.size, chunk: level.chunk, deflateLevel: options.deflateLevel,
              shuffle: options.shuffles(type)))
        }
      }
    }
    return datasets
  }

  private static func xyz(_ index: Index3) -> [Double] {
    [Double(index.x), Double(index.y), Double(index.z)]
  }

  /// The XML's path for an HDF5 file: "a.h5" gives "a.xml".
  public static func xmlPath(for path: String) -> String {
    let name = Files.name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
      ["h5", "hdf5", "hdf"].contains(name[name.index(after: dot)...].lowercased())
    else { return path + ".xml" }
    return String(path.dropLast(name[dot...].count)) + ".xml"
  }

  private static func check(_ setups: [BDVSetup], _ type: VoxelType, _ path: String) throws {
    for setup in setups {
      for level in setup.levels {
        guard level.size.minimum(.one) == .one, level.chunk.minimum(.one) == .one,
          level.factor.minimum(.one) == .one, level.size.checkedVolume != nil,
          let voxels = level.chunk.checkedVolume, voxels <= (1 << 28) / type.byteCount
        else {
          throw BrickworkError(
            .badRequest, path: path, place: "setup \(setup.id)",
            reason: "a level of \(level.size) voxels in chunks of \(level.chunk) can't be written",
            remedy: "Sizes are at least 1, and a chunk has at most 256 MiB")
        }
      }
      guard !setup.levels.isEmpty, setup.voxelSize.isValid else {
        throw BrickworkError(
          .badRequest, path: path, place: "setup \(setup.id)",
          reason: "has \(setup.levels.count) levels and voxels of \(setup.voxelSize)",
          remedy: "Give a voxel size of positive numbers")
      }
    }
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
  public var libraryBytes: Int { HDF5File.metadataCacheBytes + datasets.count * (16 << 10) }

  /// Stores a chunk.
  ///
  /// May be called on any thread, in any order, once for each chunk; those never stored are zero.
  /// - Parameters:
  ///   - index: Counted in chunks, z, y, x.
  ///   - setup: Counted from 0 in `setups`.
  ///   - timepoint: Counted from 0 in `timepoints`.
  public func write(
    _ chunk: EncodedChunk, level: Int, at index: Index3, setup: Int = 0, timepoint: Int = 0
  ) throws {
    precondition(
      setups.indices.contains(setup) && timepoints.indices.contains(timepoint), "No such view")
    let shape = setups[setup].levels[level]
    let before = setups[..<setup].reduce(0) { $0 + $1.levels.count }
    let perTimepoint = setups.reduce(0) { $0 + $1.levels.count }
    let dataset = datasets[timepoint * perTimepoint + before + level]
    try unsafe dataset.write(
      rawChunk: chunk.bytes.span.bytes, at: index * shape.chunk,
      skippedFilters: chunk.skippedFilters)
    behind.noteWritten(chunk.bytes.count)
  }

  /// Makes the file durable, moves it into place, and writes the XML.
  ///
  /// Does nothing once it has succeeded.
  /// - Throws: `BrickworkError`, for example if the disk is full; `discard` deletes what is there then. With code
  ///   `.badRequest` if it failed before, or after `discard`.
  public func finish() throws {
    // Until it succeeds it has failed.
    let before = state.withLock { state in
      defer { if state == .open { state = .failed } }
      return state
    }
    switch before {
    case .finished: return
    case .open: break
    case .failed, .discarded:
      throw BrickworkError(
        .badRequest, path: path,
        reason: before == .failed ? "could not be finished before" : "was discarded",
        remedy: "Write the file anew")
    }
    for dataset in datasets { try dataset.close() }
    try file.close()
    try behind.flush(path: temporaryPath)
    // An old XML must not describe the new file, should the machine stop between the two.
    try Files.remove(xmlPath)
    try Files.rename(temporaryPath, to: path)
    try Files.flushFolder(Files.folder(of: path))
    let project = BDVProject(
      imageName: Files.name(of: path), setups: setups, timepoints: timepoints)
    try Files.replace(xmlPath, with: Array(project.xml().utf8))
    try? Files.remove(lockPath)
    state.withLock { $0 = .finished }
  }

  /// Deletes the unfinished file.
  ///
  /// Does nothing after `finish` succeeded, or the second time.
  public func discard() {
    let isOver = state.withLock { state in
      defer { if state != .finished { state = .discarded } }
      return state == .finished || state == .discarded
    }
    // The names may be another writer's by now.
    if isOver { return }
    for dataset in datasets { try? dataset.close() }
    try? file.close()
    try? Files.remove(temporaryPath)
    try? Files.remove(lockPath)
  }
}
