internal import BrickCore
internal import BrickFiles
internal import BrickZarr

/// The private folder `__brickwork` of an unfinished store: settings, temporary files, records of
/// finished items.
///
/// The protocol, step by step, so that a kill at any instant loses only unfinished items:
/// 1. `settings.json` is written before the first shard. A run with other settings is refused.
/// 2. The shards of an item are written into `tmp/`, each with its index last, and flushed to disk.
/// 3. The item's record in `done/` is written and flushed: from here on the item is finished.
/// 4. The shards are renamed to their places and the folders flushed.
///
/// A rerun redoes step 4 for every record, since a rename that was lost finds its file still in
/// `tmp/`; and starts all items without a record from nothing. When all are done, the metadata of
/// the image is written, which makes the store visible as an image, and the folder is deleted.
struct RunFolder: Sendable {
  let store: String
  var path: String { store + "/" + RunFolder.name }
  static let name = "__brickwork"

  private var settingsPath: String { path + "/settings.json" }
  private var temporaryFolder: String { path + "/tmp" }
  private var recordFolder: String { path + "/done" }

  /// A shard file of a finished item.
  struct Shard: Sendable, Hashable {
    let level: Int
    let key: String
    let byteCount: Int
    let checksum: UInt32
  }

  /// What is known of a finished item: its shards, and the histogram of the voxels they hold, if
  /// one was taken.
  struct Record: Sendable {
    let shards: [Shard]
    let histogram: [UInt8]
  }

  /// The settings of the run that left this folder, or nil if there is none.
  func settings() throws -> JSON? {
    guard Files.exists(settingsPath) else { return nil }
    return try JSON(parsing: Files.read(settingsPath), path: settingsPath)
  }

  /// Makes the folder for a new run.
  func create(settings: JSON) throws {
    for folder in [temporaryFolder, recordFolder] { try Files.makeFolder(folder) }
    try Files.replace(settingsPath, with: Array(settings.text(pretty: true).utf8))
  }

  func lock() throws -> FolderLock {
    try Files.makeFolder(path)
    return try FolderLock(path + "/lock")
  }

  func remove() throws { try Files.remove(path) }

  /// Deletes the whole store but for the lock, which this process holds.
  func empty() throws {
    for name in try Files.names(in: store) where name != RunFolder.name {
      try Files.remove(store + "/" + name)
    }
    for name in try Files.names(in: path) where name != "lock" {
      try Files.remove(path + "/" + name)
    }
  }

  /// Where a shard is written before it is finished.
  func temporaryPath(level: Int, key: String) -> String {
    "\(temporaryFolder)/\(level)." + key.map { $0 == "/" ? "." : String($0) }.joined()
  }

  private func recordPath(_ pass: Int, _ item: Int) -> String { "\(recordFolder)/\(pass).\(item)" }

  // MARK: Finishing an item

  /// Steps 3 and 4 for an item whose shards are flushed under their temporary names.
  func finish(pass: Int, item: Int, _ record: Record) throws {
    let shards = record.shards.map { shard -> JSON in
      [
        "level": .init(shard.level), "key": .string(shard.key), "bytes": .init(shard.byteCount),
        "index_crc32c": .init(Int(shard.checksum)),
      ]
    }
    let header: JSON = ["shards": .array(shards), "histogram_bytes": .init(record.histogram.count)]
    var bytes = Array(header.text(pretty: false).utf8) + [UInt8(ascii: "\n")] + record.histogram
    let checksum = unsafe CRC32C.checksum(bytes.span.bytes)
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
    try Files.replace(recordPath(pass, item), with: bytes)
    try publish(record)
  }

  private func publish(_ record: Record) throws {
    var folders = Set<String>()
    for shard in record.shards {
      let place = "\(store)/\(shard.level)/\(shard.key)"
      let folder = Files.folder(of: place)
      if folders.insert(folder).inserted { try Files.makeFolder(folder) }
      try Files.rename(temporaryPath(level: shard.level, key: shard.key), to: place)
    }
    for folder in folders { try Files.flushFolder(folder) }
  }

  // MARK: Resuming

  /// The record of an item that an earlier run finished, its shards in their places.
  ///
  /// Nil if there is none, if it is damaged, or if a shard is missing or not as it was recorded: the item then has to be
  /// done again.
  /// - Parameters:
  ///   - owned: the arrays of the item's levels, and the keys of the shards it owns there.
  ///   - moving: whether shards that a killed run did not rename are moved to their places now.
  func finishedItem(
    pass: Int, item: Int, owned: [Int: (array: ZarrArray, keys: Set<String>)], moving: Bool = true
  ) throws -> Record? {
    let path = recordPath(pass, item)
    guard Files.exists(path), let record = try parse(Files.read(path), path) else { return nil }
    for shard in record.shards {
      guard let (array, keys) = owned[shard.level], keys.contains(shard.key) else { return nil }
      let place = "\(store)/\(shard.level)/\(shard.key)"
      let temporary = temporaryPath(level: shard.level, key: shard.key)
      if isWhole(place, shard, array) { continue }
      guard isWhole(temporary, shard, array) else { return nil }
      guard moving else { continue }
      try Files.makeFolder(Files.folder(of: place))
      try Files.rename(temporary, to: place)
      try Files.flushFolder(Files.folder(of: place))
    }
    return record
  }

  /// Whether a shard has the size and the index it was recorded with.
  private func isWhole(_ path: String, _ shard: Shard, _ array: ZarrArray) -> Bool {
    guard let summary = try? ShardSummary(existing: path, array: array) else { return false }
    return summary.byteCount == shard.byteCount && summary.indexChecksum == shard.checksum
  }

  private func parse(_ file: [UInt8], _ path: String) throws -> Record? {
    let bytes = Array(file.dropLast(4))
    let stored = file.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard file.count > 4, unsafe CRC32C.checksum(bytes.span.bytes) == stored,
      let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
      let header = try? JSON(parsing: Array(bytes[..<end]), path: path),
      let list = header["shards"]?.arrayValue,
      header["histogram_bytes"]?.intValue == bytes.count - end - 1
    else { return nil }
    var shards: [Shard] = []
    for entry in list {
      guard let level = entry["level"]?.intValue, let key = entry["key"]?.stringValue,
        let byteCount = entry["bytes"]?.intValue,
        let checksum = entry["index_crc32c"]?.intValue.flatMap({ UInt32(exactly: $0) })
      else { return nil }
      shards.append(Shard(level: level, key: key, byteCount: byteCount, checksum: checksum))
    }
    return Record(shards: shards, histogram: Array(bytes[(end + 1)...]))
  }

  /// Deletes what unfinished items left behind.
  ///
  /// Call it after all records were looked at.
  func sweep() throws {
    guard Files.isFolder(temporaryFolder) else { return }
    for name in try Files.names(in: temporaryFolder) {
      try Files.remove(temporaryFolder + "/" + name)
    }
  }
}
