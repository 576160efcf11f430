internal import BrickCore
internal import BrickFiles
internal import Synchronization

/// The new chunks of an update, beside the file they are for: nothing of that file is touched while this grows.
///
///     "brickupd"   8 bytes
///     bytes of chunks, pieces of the file's metadata, and of small datasets
///     index        see `RedoIndex`
///     place, size and crc32c of the index, "brickupd"
///
/// A log that ends so is sealed: from then on the update will be made, also after a kill. Any other is nothing.
final class RedoLog: Sendable {
  /// A chunk by the number of its dataset in the log and its place in the dataset.
  struct Key: Hashable, Sendable {
    var dataset: Int
    var chunk: Int
  }

  private struct State {
    var file: ReplacingFile?
    var index = RedoIndex()
    var places: [Key: Int] = [:]
    /// The datasets' numbers.
    var numbers: [String: Int] = [:]
  }
  private let state: Mutex<State>
  private let reader: RandomAccessFile
  let path: String
  static let magic = Array("brickupd".utf8)

  /// Starts an empty log at `path`.
  init(_ path: String) throws {
    self.path = path
    let file = try ReplacingFile(temporaryPath: path)
    try unsafe file.append(Self.magic.span.bytes)
    reader = try RandomAccessFile(path)
    state = Mutex(State(file: file))
  }

  /// Chunks in the log, each once.
  var count: Int { state.withLock { $0.places.count } }

  /// The number of a dataset in the log.
  func dataset(_ name: String) -> Int {
    state.withLock { state in
      if let number = state.numbers[name] { return number }
      state.numbers[name] = state.index.datasets.count
      state.index.datasets.append(name)
      return state.index.datasets.count - 1
    }
  }

  func append(_ chunk: EncodedChunk, _ key: Key) throws {
    let checksum = unsafe CRC32C.checksum(chunk.bytes.span.bytes)
    try state.withLock { state in
      let place = try Self.append(chunk.bytes, &state)
      let record = ChunkRecord(
        .stored, dataset: key.dataset, chunk: key.chunk, address: UInt64(place),
        size: chunk.bytes.count, skippedFilters: chunk.skippedFilters, checksum: checksum)
      if let old = state.places[key] {
        state.index.chunks[old] = record
      } else {
        state.places[key] = state.index.chunks.count
        state.index.chunks.append(record)
      }
    }
  }

  /// A chunk as it was appended last; nil if it never was.
  func chunk(_ key: Key) throws -> EncodedChunk? {
    let record = state.withLock { state in state.places[key].map { state.index.chunks[$0] } }
    guard let record else { return nil }
    return EncodedChunk(
      bytes: try reader.bytes(of: record), skippedFilters: record.skippedFilters)
  }

  func contains(_ key: Key) -> Bool { state.withLock { $0.places[key] != nil } }

  func append(dataset name: String, _ bytes: [UInt8]) throws {
    let checksum = unsafe CRC32C.checksum(bytes.span.bytes)
    try state.withLock { state in
      let place = try Self.append(bytes, &state)
      state.index.rows.append(
        RedoIndex.Row(
          name: name,
          piece: RedoIndex.Piece(target: 0, source: place, count: bytes.count, checksum: checksum)))
    }
  }

  /// Keeps bytes of the file as they are before the update.
  func keep(_ bytes: RawSpan, from target: Int) throws {
    let checksum = CRC32C.checksum(bytes)
    try state.withLock { state in
      let place = state.file?.count ?? 0
      try state.file?.append(bytes)
      state.index.kept.append(
        RedoIndex.Piece(
          target: target, source: place, count: bytes.byteCount, checksum: checksum))
    }
  }

  private static func append(_ bytes: [UInt8], _ state: inout State) throws -> Int {
    let place = state.file?.count ?? 0
    try unsafe state.file?.append(bytes.span.bytes)
    return place
  }

  /// Makes the log durable: from now on the update will be made.
  ///
  /// - Parameters:
  ///   - file: the file that will be changed.
  ///   - mark: what the nanoseconds of the file's time of change will be (`BDVFileRecord`); 0 leaves them.
  func seal(for file: String, mark: Int) throws {
    try state.withLock { state in
      guard let log = state.file else { return }
      state.index.number = Files.number(file) ?? 0
      state.index.identity = Files.identity(file) ?? 0
      state.index.fileBytes = UInt64(Files.size(file) ?? 0)
      state.index.mark = UInt64(mark)
      let place = log.count
      let bytes = state.index.bytes
      var end: [UInt8] = []
      end.append(number: UInt64(place))
      end.append(number: UInt64(bytes.count))
      end.append(number: unsafe CRC32C.checksum(bytes.span.bytes))
      end += Self.magic
      try unsafe log.append(bytes.span.bytes)
      try unsafe log.append(end.span.bytes)
      try log.seal()
      state.file = nil
    }
    try Files.flushFolder(Files.folder(of: path))
  }

  /// Deletes a log that was not sealed.
  func discard() {
    state.withLock { state in
      state.file?.discard()
      state.file = nil
    }
  }
}

/// What a sealed log holds.
struct RedoIndex: Sendable {
  /// Bytes of the log that belong into the file.
  struct Piece: Sendable {
    /// The place in the file.
    var target: Int
    /// The place in the log.
    var source: Int
    var count: Int
    var checksum: UInt32
  }
  /// A small dataset of bytes.
  struct Row: Sendable {
    var name: String
    var piece: Piece
  }

  /// The file before the update: its number on the disk, its identity and its size.
  var number: UInt64 = 0
  var identity: UInt64 = 0
  var fileBytes: UInt64 = 0
  var mark: UInt64 = 0
  var datasets: [String] = []
  /// The new chunks; `address` is their place in the log.
  var chunks: [ChunkRecord] = []
  /// Everything in the file before the update that is no chunk.
  var kept: [Piece] = []
  var rows: [Row] = []

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for number in [number, identity, fileBytes, mark] { bytes.append(number: number) }
    for count in [datasets.count, chunks.count, kept.count, rows.count] {
      bytes.append(number: UInt64(count))
    }
    for name in datasets { bytes.append(text: name) }
    for chunk in chunks { bytes += chunk.bytes }
    for piece in kept { bytes.append(piece: piece) }
    for row in rows {
      bytes.append(text: row.name)
      bytes.append(piece: row.piece)
    }
    return bytes
  }

  init() {}

  /// The index of the log at `path`; nil if the log is not sealed.
  init?(of path: String) {
    guard let log = try? RandomAccessFile(path), log.count >= 36,
      let end = try? log.bytes(log.count - 28..<log.count), Array(end[20...]) == RedoLog.magic
    else { return nil }
    let (place, count, checksum) = unsafe (
      Int(clamping: end.span.bytes.littleEndian(at: 0, as: UInt64.self)),
      Int(clamping: end.span.bytes.littleEndian(at: 8, as: UInt64.self)),
      end.span.bytes.littleEndian(at: 16, as: UInt32.self)
    )
    guard place >= 8, count == log.count - 28 - place,
      let bytes = try? log.bytes(place..<place + count),
      unsafe CRC32C.checksum(bytes.span.bytes) == checksum
    else { return nil }
    var reader = IndexReader(bytes: bytes)
    number = reader.number()
    identity = reader.number()
    fileBytes = reader.number()
    mark = reader.number()
    let counts = (0..<4).map { _ in Int(reader.number()) }
    datasets = (0..<counts[0]).map { _ in reader.text() }
    chunks = (0..<counts[1]).compactMap { _ in reader.record() }
    kept = (0..<counts[2]).map { _ in reader.piece() }
    rows = (0..<counts[3]).map { _ in Row(name: reader.text(), piece: reader.piece()) }
  }
}

/// Reads an index whose checksum was right.
private struct IndexReader {
  let bytes: [UInt8]
  var place = 0

  mutating func number() -> UInt64 {
    defer { place += 8 }
    return unsafe bytes.span.bytes.littleEndian(at: place, as: UInt64.self)
  }

  mutating func text() -> String {
    let count = Int(number())
    defer { place += count }
    return String(decoding: bytes[place..<place + count], as: UTF8.self)
  }

  mutating func record() -> ChunkRecord? {
    defer { place += ChunkRecord.byteCount }
    return unsafe ChunkRecord(
      bytes.span.bytes.extracting(place..<place + ChunkRecord.byteCount))
  }

  mutating func piece() -> RedoIndex.Piece {
    RedoIndex.Piece(
      target: Int(number()), source: Int(number()), count: Int(number()),
      checksum: UInt32(truncatingIfNeeded: number()))
  }
}

extension [UInt8] {
  fileprivate mutating func append(text: String) {
    append(number: UInt64(text.utf8.count))
    self += Array(text.utf8)
  }

  fileprivate mutating func append(piece: RedoIndex.Piece) {
    for number in [piece.target, piece.source, piece.count, Int(piece.checksum)] {
      append(number: UInt64(number))
    }
  }
}

extension RandomAccessFile {
  /// The bytes of a chunk or piece, checked.
  func bytes(at place: Int, count: Int, checksum: UInt32) throws -> [UInt8] {
    guard let bytes = try bytes(place..<place + count),
      unsafe CRC32C.checksum(bytes.span.bytes) == checksum
    else {
      throw BrickworkError(
        .damagedInput, path: path, place: "byte \(place)",
        reason: "\(count) bytes of the update are not what was written",
        remedy: "The disk lost them: restore the file from a copy, or export it again")
    }
    return bytes
  }

  func bytes(of record: ChunkRecord) throws -> [UInt8] {
    try bytes(at: Int(record.address), count: Int(record.size), checksum: record.checksum)
  }
}
