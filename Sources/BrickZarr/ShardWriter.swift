internal import BrickCore
internal import BrickFiles

/// A finished shard: what a journal notes to check it later.
public struct ShardSummary: Sendable, Hashable {
  /// The file's size, index included.
  public var byteCount: Int
  /// The crc32c of the index; it covers place and size of every brick.
  public var indexChecksum: UInt32

  /// A summary as a journal recorded it.
  public init(byteCount: Int, indexChecksum: UInt32) {
    self.byteCount = byteCount
    self.indexChecksum = indexChecksum
  }

  /// The summary of a shard file of `array` that is there already, its index checked; nil if there
  /// is none.
  ///
  /// Reads the index alone: `ZarrVolume.check(shard:)` reads the bricks as well.
  /// - Throws: `BrickworkError` (`.damagedInput`) if the file is too short or the index is wrong.
  public init?(existing path: String, array: ZarrArray) throws {
    guard Files.exists(path) else { return nil }
    let file = try MappedFile(path)
    _ = try ShardIndex.parse(file: file.bytes, bricks: array.bricksPerShard.volume, path: path)
    let checksum = file.bytes.number32(at: file.count - 4)
    try file.checkIntact()
    self.init(byteCount: file.count, indexChecksum: checksum)
  }
}

/// Writes one shard aside: bricks in the caller's order, the index last.
///
/// One owner writes a whole shard; nothing is read back or changed later. After `seal` the caller
/// renames the file to `ZarrArray.shardPath` (`Files.rename`) and flushes the folder. Not for
/// several threads.
public final class ShardWriter {
  private let temporaryPath: String
  private var ranges: [Range<Int>?]
  private var file: ReplacingFile?

  /// A writer for one shard of `array`.
  ///
  /// The temporary file appears with the first brick, in a folder that is made if need be; it lies on
  /// the same file system as the array, or it can't be renamed.
  public init(array: ZarrArray, temporaryPath: String) {
    self.temporaryPath = temporaryPath
    ranges = Array(repeating: nil, count: array.bricksPerShard.volume)
  }

  /// Appends an encoded brick (`BrickEncoder.encode`).
  ///
  /// - Parameter brickIndexInShard: its place in the shard (`ZarrArray.brickIndexInShard`); each
  ///   once.
  public func append(_ brickIndexInShard: Int, _ bytes: RawSpan) throws {
    precondition(ranges.indices.contains(brickIndexInShard), "The shard has \(ranges.count) bricks")
    precondition(ranges[brickIndexInShard] == nil, "Brick \(brickIndexInShard) was written before")
    let file = try openFile()
    let start = file.count
    try file.append(bytes)
    ranges[brickIndexInShard] = start..<file.count
  }

  private func openFile() throws -> ReplacingFile {
    if let file { return file }
    try Files.makeFolder(Files.folder(of: temporaryPath))
    let new = try ReplacingFile(temporaryPath: temporaryPath)
    file = new
    return new
  }

  /// Whether no brick was appended so far.
  public var isEmpty: Bool { file == nil }

  /// Writes the index and makes the file durable under its temporary name.
  ///
  /// - Returns: nil, and no file, if no brick was appended: readers take a missing shard as zeros.
  public func seal() throws -> ShardSummary? {
    guard let file else { return nil }
    let index = ShardIndex.serialise(ranges)
    try unsafe file.append(index.span.bytes)
    try file.seal()
    self.file = nil
    let checksum = unsafe index.span.bytes.number32(at: index.count - 4)
    return ShardSummary(byteCount: file.count, indexChecksum: checksum)
  }

  /// Deletes the temporary file.
  public func discard() {
    file?.discard()
    file = nil
  }
}
