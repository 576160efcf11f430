internal import BrickCore
internal import BrickFiles

/// The names that a file in the making has on the way, and what a killed run left under them.
///
///     OUT.h5.partial             the file, which is never opened as HDF5 once its run has ended
///     OUT.h5.partial.journal     which chunks of it are whole
///     OUT.h5.partial.lock        held by the process that writes
///     OUT.h5.salvage-N           a file of an earlier run, out of which chunks are being moved
///     OUT.h5.salvage-N.journal   which chunks it had
///
/// A journal gets its new name before its file, and is deleted before it: a file to be salvaged has a journal.
struct UnfinishedFile: Sendable {
  let path: String
  /// What the content depends on; empty where nothing is to be continued.
  let fingerprint: [UInt8]

  var partial: String { path + ".partial" }
  var journal: String { Self.journal(of: partial) }
  var lock: String { path + ".partial.lock" }

  static func journal(of path: String) -> String { path + ".journal" }

  /// Files that chunks can be taken from.
  struct Leftovers: Sendable {
    var files: [String] = []
    /// Whether something was deleted that another source or other settings had left.
    var isForeign = false
  }

  /// The file of an earlier run that is whole but for its name or its XML: where it is.
  ///
  /// It is told by its identity: another file under the name is none of ours.
  func sealed() -> String? {
    guard let reading = reading(journal) else { return nil }
    var identity: UInt64?
    try? reading.forEachRecord {
      if let record = ChunkRecord($0), record.kind == .sealed { identity = record.address }
    }
    guard let identity else { return nil }
    return [partial, path].first { Files.identity($0) == identity }
  }

  /// Moves aside what can be continued and deletes the rest.
  func collect() throws -> Leftovers {
    var leftovers = Leftovers()
    let folder = Files.folder(of: path)
    let prefix = Files.name(of: path) + ".salvage-"
    let numbers = Set(
      try Files.names(in: folder).compactMap { name -> Int? in
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        return Int(rest.hasSuffix(".journal") ? rest.dropLast(8) : rest)
      }
    ).sorted()
    for number in numbers {
      let file = salvage(number)
      if !Files.exists(file), Files.exists(partial) {
        // Killed between the two names: a new file is only begun after both.
        try Files.rename(partial, to: file)
      }
      try take(file, into: &leftovers)
    }
    if Files.exists(partial), Files.exists(journal) {
      let file = salvage((numbers.last ?? 0) + 1)
      try Files.rename(journal, to: Self.journal(of: file))
      try Files.rename(partial, to: file)
      try take(file, into: &leftovers)
    }
    try Files.remove(partial)
    try Files.remove(journal)
    return leftovers
  }

  private func salvage(_ number: Int) -> String { path + ".salvage-\(number)" }

  private func take(_ file: String, into leftovers: inout Leftovers) throws {
    if Files.exists(file), reading(Self.journal(of: file)) != nil {
      leftovers.files.append(file)
    } else {
      leftovers.isForeign = leftovers.isForeign || Files.exists(Self.journal(of: file))
      try delete(file)
    }
  }

  /// Deletes a salvaged file.
  func delete(_ file: String) throws {
    try Files.remove(Self.journal(of: file))
    try Files.remove(file)
  }

  /// Deletes everything unfinished but the lock.
  func discard() throws {
    try delete(partial)
    for file in try collect().files { try delete(file) }
  }

  /// A journal that is about the same content.
  func reading(_ journal: String) -> Journal.Reading? {
    guard !fingerprint.isEmpty,
      let reading = Journal.Reading(journal, recordBytes: ChunkRecord.byteCount),
      reading.fingerprint == fingerprint
    else { return nil }
    return reading
  }
}
