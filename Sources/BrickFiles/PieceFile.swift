internal import BrickCore
internal import Synchronization

/// A file that grows piece by piece in a fixed order, and goes on where a killed run stopped.
///
/// The pieces stand in `PATH.partial`. Beside it `PATH.partial.pieces` holds what the file is to become (settings) and
/// for each piece 16 little-endian bytes: place (8), bytes (4), CRC-32C (4). A piece is recorded when it is written, so
/// after a crash the file is a prefix of the finished one: every recorded piece whose checksum is right is kept, and
/// writing goes on behind the last. Nothing has to reach the disk in order, since what did not fails its checksum.
/// `PATH.partial.lock` keeps other writers away. `finish` makes the file durable and gives it its name.
public final class PieceFile: Sendable {
  /// Where a piece lies in the file.
  public struct Piece: Sendable, Hashable {
    /// Its first byte.
    public var offset: Int
    /// Its bytes.
    public var count: Int
  }

  private struct State {
    var data: ReplacingFile
    var table: ReplacingFile
    var pieces: Int
    var first: Piece?
    var records: [UInt8] = []
  }

  /// Where the file is when it is finished.
  public let path: String
  /// Pieces that an earlier run left.
  public let keptPieces: Int
  /// Bytes of these pieces.
  public let keptBytes: Int
  private let recordStart: Int
  private let state: Mutex<State>
  private let lock: FolderLock

  static let recordBytes = 16
  private static let magic = Array("BrickPcs".utf8)

  /// What the unfinished file at `path` is to become, as it was told when it was begun; nil where there is none.
  public static func unfinishedSettings(of path: String) throws -> [UInt8]? {
    guard let table = try? MappedFile(tablePath(path)), Files.exists(partialPath(path)) else {
      return nil
    }
    return settings(in: table)
  }

  /// How many pieces the unfinished file at `path` has, as its table says, and its bytes; nil where there is none.
  public static func unfinishedPieces(of path: String) -> (pieces: Int, bytes: Int)? {
    guard let table = try? MappedFile(tablePath(path)), let settings = settings(in: table),
      let bytes = Files.size(partialPath(path))
    else { return nil }
    return (max(0, table.count - header(settings).count) / recordBytes, bytes)
  }

  /// Begins a file, or continues the unfinished one at `path`.
  ///
  /// - Parameters:
  ///   - settings: everything that decides the bytes.
  ///   - start: where the first piece goes; what comes before is for `write(_:at:)`.
  ///   - continuing: whether pieces that are there are kept; the caller has compared the settings.
  /// - Throws: `BrickworkError` with code `.outputExists` if another process is writing the file.
  public init(_ path: String, settings: [UInt8], start: Int, continuing: Bool) throws {
    self.path = path
    try Files.makeFolder(Files.folder(of: path))
    do {
      lock = try FolderLock(Self.lockPath(path))
    } catch var error as BrickworkError {
      if error.code == .outputExists {
        error.path = path
        error.reason = "is being written already"
      }
      throw error
    }
    let header = Self.header(settings)
    recordStart = header.count
    let kept = continuing ? try Self.verify(path, recordStart: header.count, start: start) : nil
    keptPieces = kept?.pieces ?? 0
    keptBytes = kept.map { $0.end - start } ?? 0
    let (data, table): (ReplacingFile, ReplacingFile)
    if let kept {
      data = try ReplacingFile(continuing: Self.partialPath(path), count: kept.end)
      table = try ReplacingFile(
        continuing: Self.tablePath(path), count: header.count + kept.pieces * Self.recordBytes)
    } else {
      // The old table goes first: it must not describe the new file.
      try Files.remove(Self.tablePath(path))
      data = try ReplacingFile(temporaryPath: Self.partialPath(path))
      table = try ReplacingFile(temporaryPath: Self.tablePath(path))
      let nothing: [UInt8] = []
      try unsafe data.write(nothing.span.bytes, at: start)
      try unsafe table.append(header.span.bytes)
    }
    state = Mutex(State(data: data, table: table, pieces: kept?.pieces ?? 0, first: kept?.first))
  }

  /// Pieces in the file.
  public var count: Int { state.withLock { $0.pieces } }

  /// Appends a piece; its record is written by `keep`.
  ///
  /// - Parameter checksum: the CRC-32C of its bytes.
  public func append(_ bytes: RawSpan, checksum: UInt32) throws {
    try state.withLock { state in
      let piece = Piece(offset: state.data.count, count: bytes.byteCount)
      try state.data.append(bytes)
      if state.pieces == 0 { state.first = piece }
      Self.record(piece, checksum, in: &state)
    }
  }

  /// Adds a piece that is the first one once more, without bytes of its own.
  ///
  /// - Precondition: there is a first one.
  public func appendFirstAgain() {
    state.withLock { state in
      guard let first = state.first else { preconditionFailure("There is a first piece") }
      // The checksum of bytes that were checked already says nothing: its place does.
      Self.record(first, 0, in: &state)
    }
  }

  private static func record(_ piece: Piece, _ checksum: UInt32, in state: inout State) {
    state.records.append(number: UInt64(piece.offset))
    state.records.append(number: UInt32(piece.count))
    state.records.append(number: checksum)
    state.pieces += 1
  }

  /// Writes the records of the pieces appended since: a kill loses what comes after.
  public func keep() throws {
    try state.withLock { state in
      guard !state.records.isEmpty else { return }
      try unsafe state.table.append(state.records.span.bytes)
      state.records.removeAll(keepingCapacity: true)
    }
  }

  /// Writes bytes before the first piece.
  public func write(_ bytes: RawSpan, at offset: Int) throws {
    try state.withLock { try $0.data.write(bytes, at: offset) }
  }

  /// The pieces that are kept by now, to be read while others are appended.
  public func snapshot() throws -> Pieces {
    try keep()
    return try Pieces(
      data: MappedFile(Self.partialPath(path)), table: MappedFile(Self.tablePath(path)),
      recordStart: recordStart)
  }

  /// Makes the file durable and moves it into place.
  public func finish() throws {
    try state.withLock { try $0.data.seal() }
    try Files.rename(Self.partialPath(path), to: path)
    try Files.flushFolder(Files.folder(of: path))
    try Files.remove(Self.tablePath(path))
    try Files.remove(Self.lockPath(path))
  }

  /// Deletes the unfinished file.
  public func discard() {
    state.withLock { state in
      state.data.discard()
      state.table.discard()
    }
    try? Files.remove(Self.lockPath(path))
  }

  // MARK: Names and the table's header

  private static func partialPath(_ path: String) -> String { path + ".partial" }
  private static func tablePath(_ path: String) -> String { path + ".partial.pieces" }
  private static func lockPath(_ path: String) -> String { path + ".partial.lock" }

  /// Magic (8), bytes of the settings (4), their CRC-32C (4), the settings, spaces up to a whole record.
  private static func header(_ settings: [UInt8]) -> [UInt8] {
    var header = magic
    header.append(number: UInt32(settings.count))
    header.append(number: unsafe CRC32C.checksum(settings.span.bytes))
    header += settings
    while header.count % recordBytes != 0 { header.append(UInt8(ascii: " ")) }
    return header
  }

  private static func settings(in table: MappedFile) -> [UInt8]? {
    guard table.count >= 16 else { return nil }
    let bytes = table.bytes
    let start = (0..<8).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    let count = Int(bytes.littleEndian(at: 8, as: UInt32.self))
    guard start == magic, count <= table.count - 16 else { return nil }
    let settings = bytes.extracting(16..<16 + count)
    guard CRC32C.checksum(settings) == bytes.littleEndian(at: 12, as: UInt32.self) else {
      return nil
    }
    return unsafe settings.withUnsafeBytes { unsafe Array($0) }
  }

  /// The whole pieces at the beginning of an unfinished file; nil where there is nothing to continue.
  private static func verify(
    _ path: String, recordStart: Int, start: Int
  ) throws -> (pieces: Int, end: Int, first: Piece?)? {
    guard Files.exists(partialPath(path)), Files.exists(tablePath(path)) else { return nil }
    let pieces = try Pieces(
      data: MappedFile(partialPath(path)), table: MappedFile(tablePath(path)),
      recordStart: recordStart)
    guard pieces.fileBytes >= start else { return nil }
    var (end, first): (Int, Piece?) = (start, nil)
    for number in 0..<pieces.count {
      let piece = pieces[number]
      if let first, number > 0, piece == first { continue }
      guard piece.offset == end, piece.count <= pieces.fileBytes - end,
        try pieces.isWhole(number)
      else { return (number, end, first) }
      if number == 0 { first = piece }
      end += piece.count
    }
    return (pieces.count, end, first)
  }
}

/// The recorded pieces of an unfinished file, mapped.
public final class Pieces: Sendable {
  private let data: MappedFile
  private let table: MappedFile
  private let recordStart: Int

  init(data: MappedFile, table: MappedFile, recordStart: Int) {
    self.data = data
    self.table = table
    self.recordStart = recordStart
  }

  /// Pieces that were recorded.
  public var count: Int { max(0, table.count - recordStart) / PieceFile.recordBytes }

  var fileBytes: Int { data.count }

  /// Where a piece lies.
  ///
  /// - Precondition: there are more than `number` pieces.
  public subscript(number: Int) -> PieceFile.Piece {
    precondition(number >= 0 && number < count, "There are \(count) pieces, and no \(number)")
    let place = recordStart + number * PieceFile.recordBytes
    // Spans are borrowed from the local name.
    let table = table
    let bytes = table.bytes
    return PieceFile.Piece(
      offset: Int(clamping: bytes.littleEndian(at: place, as: UInt64.self)),
      count: Int(bytes.littleEndian(at: place + 8, as: UInt32.self)))
  }

  /// Lends the bytes of a piece.
  ///
  /// - Throws: `BrickworkError` if the file lost them; what `body` throws.
  public func withBytes<Result>(
    of number: Int, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    let piece = self[number]
    let data = data
    guard piece.offset <= data.count, piece.count <= data.count - piece.offset else {
      throw BrickworkError(
        .inputOutput, path: data.path,
        reason:
          "a piece of \(piece.count) bytes at \(piece.offset) leaves the file of \(data.count) bytes",
        remedy: "Somebody else changed the unfinished file: delete it, and run the command again")
    }
    let range = piece.offset..<piece.offset + piece.count
    data.willNeed(range)
    defer { data.doneWith(range) }
    let result = try body(data.bytes.extracting(range))
    try data.checkIntact()
    return result
  }

  /// Whether a piece's bytes have the checksum it was recorded with.
  func isWhole(_ number: Int) throws -> Bool {
    let place = recordStart + number * PieceFile.recordBytes + 12
    let table = table
    let recorded = table.bytes.littleEndian(at: place, as: UInt32.self)
    return try withBytes(of: number) { CRC32C.checksum($0) } == recorded
  }

  /// Gives the table's pages back.
  public func rest() { table.doneWith(0..<table.count) }
}
