internal import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// Brings a sealed log of new chunks into the file it is for, so that a kill at any instant loses nothing.
///
/// The file is changed by the HDF5 library in its place, under the name of an unfinished one. The library writes chunks
/// that are replaced, metadata, and behind the file's end, in an order of its own; it never touches other chunks. The
/// log holds all replaced chunks as they will be, and everything in the file that is no chunk as it was. So after a kill
/// the metadata are put back, the file is cut to its old size, which makes it the old file but for replaced chunks,
/// and the update begins again.
struct UpdateInPlace {
  let path: String

  var partial: String { path + ".partial" }
  var log: String { Self.log(of: path) }
  static func log(of path: String) -> String { path + ".update" }

  /// Finishes or forgets what an earlier update left.
  ///
  /// - Returns: whether an update that was interrupted was finished now.
  @discardableResult
  func recover() throws -> Bool {
    guard Files.exists(log) else { return false }
    guard !Files.exists(path), Files.exists(partial),
      !Files.exists(UnfinishedFile.journal(of: partial))
    else {
      // Killed before the file was touched, or after it was finished.
      try Files.remove(log)
      return false
    }
    guard let index = RedoIndex(of: log), Files.number(partial) == index.number else {
      throw BrickworkError(
        .damagedInput, path: path,
        reason: "was being changed, and \(Files.name(of: log)) can't be read or does not belong to "
          + "\(Files.name(of: partial))",
        remedy: "Put both back where they were, or export again with --overwrite")
    }
    try restore(index)
    try apply(index)
    return true
  }

  /// The same under the lock that writers of the file hold.
  func recoverLocked() throws {
    guard Files.exists(log) else { return }
    let names = UnfinishedFile(path: path, fingerprint: [])
    let lock = try names.takeLock()
    defer { withExtendedLifetime(lock) { try? Files.remove(names.lock) } }
    try recover()
  }

  /// The same for a writer that may replace the file: what can't be finished gives way then.
  func recover(replacing: Bool) throws {
    do {
      try recover()
    } catch let error as BrickworkError where replacing && error.code == .damagedInput {
      try Files.remove(log)
    }
  }

  /// Makes an interrupted update's file the old one again, but for the chunks that the log replaces.
  private func restore(_ index: RedoIndex) throws {
    let file = try RandomAccessFile(partial)
    let source = try RandomAccessFile(log)
    for piece in index.kept {
      let bytes = try source.bytes(at: piece.source, count: piece.count, checksum: piece.checksum)
      try file.write(bytes, at: piece.target)
    }
    try file.cut(to: Int(index.fileBytes))
    try file.flush()
  }

  /// Changes the file, which has its name or the one of an unfinished file.
  func apply(_ index: RedoIndex) throws {
    if Files.exists(path) {
      do {
        // Somebody in this process may be reading it: better to know before it has lost its name.
        try HDF5File(updating: path).close()
      } catch {
        try? Files.remove(log)
        throw error
      }
      try Files.rename(path, to: partial)
      try Files.flushFolder(Files.folder(of: path))
    }
    do {
      try write(index)
    } catch var error as BrickworkError {
      if error.isFullDisk {
        error.remedy = "Free some space and run the same command again: the update goes on then"
      }
      error.path = path
      throw error
    }
    try Files.rename(partial, to: path)
    try Files.flushFolder(Files.folder(of: path))
    try Files.remove(log)
  }

  private func write(_ index: RedoIndex) throws {
    let file = try HDF5File(updating: partial)
    let source = try RandomAccessFile(log)
    let behind = try WriteBehind(partial)
    // In the order of datasets: one is open at a time.
    let chunks = Dictionary(grouping: index.chunks) { Int($0.dataset) }
    for (number, name) in index.datasets.enumerated() {
      guard let records = chunks[number] else { continue }
      let dataset = try file.dataset(name)
      guard let chunk = dataset.chunk else { continue }
      let grid = BrickGrid(size: dataset.size, brick: chunk)
      for record in records {
        let bytes = try source.bytes(of: record)
        try unsafe dataset.write(
          rawChunk: bytes.span.bytes, at: grid.index(at: Int(record.chunk)) * chunk,
          skippedFilters: record.skippedFilters)
        behind.noteWritten(bytes.count)
      }
      try dataset.close()
    }
    for row in index.rows {
      try file.writeBytes(
        row.name,
        source.bytes(
          at: row.piece.source, count: row.piece.count, checksum: row.piece.checksum))
    }
    try file.close()
    if index.mark > 0 {
      try Files.setWritingTime(partial, nanoseconds: Int(clamping: min(index.mark, 999_999_999)))
    }
    try behind.flush(path: partial)
  }
}
