internal import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import Synchronization

/// The end of a file in the making.
extension BDVFileWriter {
  /// Makes the file durable, moves it into place, and writes the XML.
  ///
  /// Does nothing once it has succeeded. A run that is killed in the middle of it is continued where it was.
  /// - Throws: `BrickworkError`, for example if the disk is full; what is written stays then, for a run that continues
  ///   it. With code `.badRequest` if it failed before, or after `discard`.
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
    do {
      if let parts { try parts.seal(unfinished, record: record.withLock { $0 }) }
      try publish(unfinished.sealed())
    } catch let error as BrickworkError {
      throw explained(error)
    }
    state.withLock { $0 = .finished }
  }

  /// Says what the voxels are made of, to be read with `BDVFileRecord`; before `finish`.
  public func setRecord(_ bytes: [UInt8]) { record.withLock { $0 = bytes } }

  /// Gives the file its name, and writes the XML.
  ///
  /// - Parameter sealed: where the journal says the file is; nil without a journal.
  private func publish(_ sealed: String?) throws {
    if sealed != path {
      // An old XML must not describe the new file, should the machine stop between the two.
      try Files.remove(xmlPath)
      try Files.rename(sealed ?? unfinished.partial, to: path)
      try Files.flushFolder(Files.folder(of: path))
    }
    let project = BDVProject(
      imageName: Files.name(of: path), setups: setups, timepoints: timepoints)
    try Files.replace(xmlPath, with: Array(project.xml().utf8))
    try? Files.remove(unfinished.journal)
    try? Files.remove(unfinished.lock)
  }

  /// Deletes the unfinished file, also what could be continued.
  ///
  /// A writer that is let go without it, or that fails, leaves its file for a run that continues it.
  /// Does nothing after `finish` succeeded, or the second time.
  public func discard() {
    let isOver = state.withLock { state in
      defer { if state != .finished { state = .discarded } }
      return state == .finished || state == .discarded
    }
    // The names may be another writer's by now.
    if isOver { return }
    for dataset in parts?.datasets ?? [] { try? dataset.close() }
    try? parts?.file.close()
    try? unfinished.discard()
    try? Files.remove(unfinished.lock)
  }
}

extension BDVFileWriter.Parts {
  /// Makes all bytes durable under the temporary name, and notes that.
  ///
  /// - Parameter record: what the voxels are made of, as `BDVFileRecord` reads it; nil leaves it out.
  func seal(_ unfinished: UnfinishedFile, record: [UInt8]? = nil) throws {
    for dataset in datasets { try dataset.close() }
    if let record { try file.writeBytes(BDVFileRecord.name, record) }
    try file.close()
    if let record {
      try Files.setWritingTime(unfinished.partial, nanoseconds: BDVFileRecord.mark(of: record))
    }
    try behind.flush(path: unfinished.partial)
    guard let journal, let identity = Files.identity(unfinished.partial) else { return }
    try journal.append(ChunkRecord(.sealed, address: identity).bytes)
    try journal.flush()
  }
}
