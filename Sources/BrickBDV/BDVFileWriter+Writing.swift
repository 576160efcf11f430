public import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// Chunks go in, are known, and are read back.
extension BDVFileWriter {
  /// Stores a chunk.
  ///
  /// May be called on any thread, in any order, once for each chunk; those never stored are zero.
  /// - Parameters:
  ///   - index: Counted in chunks, z, y, x.
  ///   - setup: Counted from 0 in `setups`.
  ///   - timepoint: Counted from 0 in `timepoints`.
  /// - Throws: `BrickworkError`; where the disk is full it says how much a run after this one keeps.
  public func write(
    _ chunk: EncodedChunk, level: Int, at index: Index3, setup: Int = 0, timepoint: Int = 0
  ) throws {
    let dataset = dataset(level: level, setup: setup, timepoint: timepoint)
    let grid = grid(level: level, setup: setup)
    do {
      try store(chunk.bytes, chunk.skippedFilters, dataset, grid.linearIndex(of: index), grid)
    } catch let error as BrickworkError {
      throw explained(error)
    }
  }

  /// Notes that a chunk is all zero: nothing is stored for it.
  ///
  /// The parameters are those of `write`.
  public func writeEmpty(level: Int, at index: Index3, setup: Int = 0, timepoint: Int = 0) throws {
    let dataset = dataset(level: level, setup: setup, timepoint: timepoint)
    let chunk = grid(level: level, setup: setup).linearIndex(of: index)
    table.set(dataset, chunk, .empty)
    try parts?.journal?.append(ChunkRecord(.empty, dataset: dataset, chunk: chunk).bytes)
  }

  /// Whether a chunk, or that it is empty, is in the file, from this run or one before it.
  ///
  /// The parameters are those of `write`.
  public func isStored(level: Int, at index: Index3, setup: Int = 0, timepoint: Int = 0) -> Bool {
    guard parts != nil else { return true }
    let chunk = grid(level: level, setup: setup).linearIndex(of: index)
    return table.content(dataset(level: level, setup: setup, timepoint: timepoint), chunk)
      != .unknown
  }

  /// The voxels of a view's level as far as they are stored; what isn't is 0.
  ///
  /// Chunks are decoded outside the HDF5 library's lock, each time they are read.
  /// - Parameters:
  ///   - setup: Counted from 0 in `setups`.
  ///   - timepoint: Counted from 0 in `timepoints`.
  public func volume(level: Int, setup: Int = 0, timepoint: Int = 0) throws -> any Volume {
    let number = dataset(level: level, setup: setup, timepoint: timepoint)
    if let parts { return BDVFileVolume(dataset: parts.datasets[number], type: type) }
    // All is there already, under its name or on the way to it.
    let file = try BDVFile(unfinished.sealed() ?? path)
    guard
      let volume = try file.volume(
        setup: setups[setup].id, timepoint: timepoints[timepoint], level: level)
    else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "lacks level \(level) of setup \(setups[setup].id)")
    }
    return volume
  }

  private func grid(level: Int, setup: Int) -> BrickGrid {
    let shape = setups[setup].levels[level]
    return BrickGrid(size: shape.size, brick: shape.chunk)
  }

  private func store(
    _ bytes: [UInt8], _ skippedFilters: UInt32, _ dataset: Int, _ chunk: Int, _ grid: BrickGrid
  ) throws {
    guard let parts else { return }
    let checksum = parts.journal == nil ? 0 : unsafe CRC32C.checksum(bytes.span.bytes)
    try parts.store(
      bytes, skippedFilters, dataset, chunk, at: grid.index(at: chunk) * grid.brick,
      checksum: checksum)
    table.set(dataset, chunk, .stored)
  }

  /// The error with what is kept, where the disk is full.
  func explained(_ error: BrickworkError) -> BrickworkError {
    guard parts?.journal != nil, error.isFullDisk else { return error }
    var error = error
    let percent = table.known * 100 / max(1, table.total)
    error.path = path
    error.remedy =
      "Free some space and run the same command again: \(percent) % of the chunks are kept in "
      + Files.name(of: unfinished.partial)
    return error
  }
}

extension BDVFileWriter.Parts {
  /// Stores a chunk and notes it in the journal.
  ///
  /// - Parameter checksum: The crc32c of the bytes.
  func store(
    _ bytes: [UInt8], _ skippedFilters: UInt32, _ dataset: Int, _ chunk: Int, at origin: Index3,
    checksum: UInt32
  ) throws {
    let address = try unsafe datasets[dataset].write(
      rawChunk: bytes.span.bytes, at: origin, skippedFilters: skippedFilters)
    behind.noteWritten(bytes.count)
    let record = ChunkRecord(
      .stored, dataset: dataset, chunk: chunk, address: UInt64(address), size: bytes.count,
      skippedFilters: skippedFilters, checksum: checksum)
    try journal?.append(record.bytes)
  }
}

extension BrickworkError {
  /// Whether a write failed because the disk, or the user's share of it, is full.
  var isFullDisk: Bool {
    code == .inputOutput && ["No space left", "Disk quota"].contains { reason.contains($0) }
  }
}
