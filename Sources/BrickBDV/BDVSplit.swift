public import BrickCore
internal import BrickFiles

/// Several processes write the partitions of one project, each those that no other has.
///
/// All run the same command. A process takes a partition by locking `<partition>.claim`; the lock goes with the process,
/// however it ends. Before it writes, it leaves the fingerprint of the job in `<partition>.split`: a partition that is
/// there beside the right one is finished, since a file gets its name when it is whole. Whoever finds all finished writes
/// the master and the XML, and removes these notes.
public struct BDVSplit: Sendable {
  /// What is written where.
  public let partitions: BDVPartitions
  private let type: VoxelType
  private let options: BDVExportOptions
  private let fingerprint: [UInt8]
  private let overwrite: Bool

  /// How a run ended.
  public enum Outcome: Sendable, Hashable {
    /// Master and XML are there.
    case finished
    /// Other processes are still writing these partitions; the last one finishes the project.
    case othersAtWork([String])
  }

  /// - Parameters:
  ///   - type: of the voxels in all partitions.
  ///   - options: as the partitions are written.
  ///   - fingerprint: everything that decides the content of the files.
  ///   - overwrite: replaces files that are in the way.
  public init(
    _ partitions: BDVPartitions, type: VoxelType, options: BDVExportOptions, fingerprint: String,
    overwrite: Bool
  ) {
    self.partitions = partitions
    self.type = type
    self.options = options
    self.fingerprint = Array(fingerprint.utf8)
    self.overwrite = overwrite
  }

  private var path: String { partitions.path }
  private var xmlPath: String { BDVFileWriter.xmlPath(for: path) }
  private func note(_ partition: BDVPartitions.Partition) -> String { partition.path + ".split" }
  private func claim(_ partition: BDVPartitions.Partition) -> String { partition.path + ".claim" }

  /// Writes the partitions that are free, and what is left to do when all are finished.
  ///
  /// - Parameter write: makes the finished file at a partition's path; there is none.
  /// - Throws: `BrickworkError` with code `.outputExists` if files of another job are in the way; what `write` throws.
  public func run(
    _ write: (BDVPartitions.Partition) async throws -> Void
  ) async throws -> Outcome {
    try Files.makeFolder(Files.folder(of: path))
    try begin()
    for partition in partitions.partitions where !isFinished(partition) {
      guard let lock = try lock(claim(partition)) else { continue }
      // Another may have finished it since.
      if isFinished(partition) { continue }
      guard try prepare(partition) else { break }
      // A finished partition has an XML of its own until the master is there.
      try Files.remove(BDVFileWriter.xmlPath(for: partition.path))
      try await write(partition)
      withExtendedLifetime(lock) {}
    }
    return try await finish()
  }

  /// Whether notes of a run lie beside the master's path that was not brought to its end.
  public static func isUnfinished(_ path: String) -> Bool {
    let first = String(BDVFileWriter.xmlPath(for: path).dropLast(4)) + "-00-00.h5"
    return Files.exists(first + ".split")
  }

  /// Whether a partition is whole, and of this job.
  public func isFinished(_ partition: BDVPartitions.Partition) -> Bool {
    // With its journal, a file waits for its writer to come back and clear up.
    hasNote(partition) && Files.exists(partition.path)
      && !BDVFileWriter.isUnfinished(partition.path)
  }

  private func hasNote(_ partition: BDVPartitions.Partition) -> Bool {
    (try? Files.read(note(partition), limit: 64 << 20)) == fingerprint
  }

  /// Makes way for a job that nobody has begun.
  private func begin() throws {
    try UpdateInPlace(path: path).recoverLocked()
    if partitions.partitions.contains(where: hasNote) { return }
    guard let there = [path, xmlPath].first(where: Files.exists) else { return }
    guard overwrite else {
      throw BrickworkError(
        .outputExists, path: there, reason: "exists already",
        remedy: "Choose another name, or allow overwriting")
    }
    // No XML may show partitions that are being replaced.
    try Files.remove(xmlPath)
    try Files.remove(path)
  }

  /// Makes way for a partition, under its lock; false if others have finished the whole meanwhile.
  private func prepare(_ partition: BDVPartitions.Partition) throws -> Bool {
    try UpdateInPlace(path: partition.path).recoverLocked()
    if hasNote(partition) { return true }
    if Files.exists(xmlPath) { return false }
    if Files.exists(partition.path) {
      guard overwrite else {
        throw BrickworkError(
          .outputExists, path: partition.path, reason: "exists already, and belongs to another job",
          remedy: "Choose another name, or allow overwriting")
      }
      try Files.remove(partition.path)
      try Files.flushFolder(Files.folder(of: path))
    }
    try Files.replace(note(partition), with: fingerprint)
    return true
  }

  /// Writes master and XML where all partitions are finished.
  private func finish() async throws -> Outcome {
    // One after another: who comes last sees all that the others have finished.
    var mine = try lock(path + ".claim")
    while mine == nil {
      try await Task.sleep(for: .milliseconds(20))
      mine = try lock(path + ".claim")
    }
    defer { withExtendedLifetime(mine) {} }
    // A file has its name a moment before its process has done with it.
    let open = try partitions.partitions.filter { try !isFinished($0) || lock(claim($0)) == nil }
    if !Files.exists(xmlPath) {
      guard open.isEmpty else {
        try? Files.remove(path + ".claim")
        return .othersAtWork(open.map(\.path))
      }
      // Each file is a project of its own until it is part of one.
      for partition in partitions.partitions {
        try Files.remove(BDVFileWriter.xmlPath(for: partition.path))
      }
      try partitions.writeMaster(type: type, options: options)
    }
    removeNotes()
    return .finished
  }

  /// Removes what processes leave for each other; the note by which `isUnfinished` knows goes last.
  private func removeNotes() {
    for partition in partitions.partitions {
      try? Files.remove(claim(partition))
      try? Files.remove(UnfinishedFile(path: partition.path, fingerprint: []).lock)
    }
    for partition in partitions.partitions.dropFirst() { try? Files.remove(note(partition)) }
    try? Files.remove(path + ".claim")
    try? Files.remove(note(partitions.partitions[0]))
  }

  /// A lock, or nil if another process has it.
  private func lock(_ path: String) throws -> FolderLock? {
    do { return try FolderLock(path) } catch let error as BrickworkError {
      if error.code == .outputExists { return nil }
      throw error
    }
  }
}
