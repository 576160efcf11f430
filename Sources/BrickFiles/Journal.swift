internal import BrickCore
internal import CBrickSystem
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A list of what is finished in a file in the making: records of one size, each with a checksum of its own.
///
/// The room for all records is taken when the journal is made, so that a disk that runs full later stops the work and
/// not its book-keeping. A kill loses no record that was appended; a loss of power may lose any of them, which reading
/// notices: a record counts only if its checksum, which covers the header too, is right.
///
///     "brickjnl"  8 bytes
///     1           format, uint32, little-endian as all numbers
///     size        bytes of a record without its checksum, uint32
///     count       bytes of the fingerprint, uint32
///     fingerprint
///     crc32c of all before
///     records, each with its crc32c, which continues from the header's
public final class Journal: Sendable {
  /// Where the journal is.
  public let path: String
  /// Bytes of a record, without its checksum.
  public let recordBytes: Int
  private let file: Int32
  private let seed: UInt32

  /// Where the next record goes.
  private let end: Mutex<Int>
  private static let magic = Array("brickjnl".utf8)

  /// Makes an empty journal, in the place of one that is there.
  ///
  /// - Parameters:
  ///   - fingerprint: what the work depends on: who continues it must have the same.
  ///   - room: records to set room aside for.
  public init(creating path: String, fingerprint: [UInt8], recordBytes: Int, room: Int) throws {
    self.path = path
    self.recordBytes = recordBytes
    var header = Self.magic
    for number in [1, recordBytes, fingerprint.count] { header.append(number: UInt32(number)) }
    header += fingerprint
    seed = unsafe CRC32C.checksum(header.span.bytes)
    header.append(number: seed)
    file = try Int32(
      retrying(path, "create") {
        Int(unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666))
      })
    end = Mutex(header.count)
    let failure = brick_set_aside(file, Int64(header.count + room * (recordBytes + 4)))
    if failure != 0 { throw BrickworkError.system(failure, path: path, action: "set aside room") }
    try Self.put(header, at: 0, file, path)
  }

  deinit { close(file) }

  /// Adds a record, by a call of some microseconds.
  public func append(_ record: [UInt8]) throws {
    precondition(record.count == recordBytes, "A record has \(recordBytes) bytes")
    var bytes = record
    bytes.append(number: unsafe CRC32C.checksum(record.span.bytes, continuing: seed))
    try end.withLock { end in
      try Self.put(bytes, at: end, file, path)
      end += bytes.count
    }
  }

  /// Has all records outlive a loss of power from now on.
  public func flush() throws {
    _ = try retrying(path, "flush to disk") { Int(fsync(file)) }
  }

  private static func put(_ bytes: [UInt8], at offset: Int, _ file: Int32, _ path: String) throws {
    var done = 0
    while done < bytes.count {
      done += try retrying(path, "write \(bytes.count - done) bytes at \(offset + done)") {
        unsafe bytes.withUnsafeBytes {
          unsafe pwrite(
            file, $0.baseAddress.unsafelyUnwrapped + done, $0.count - done, off_t(offset + done))
        }
      }
    }
  }

  // MARK: Reading

  /// A journal that is there.
  public struct Reading: Sendable {
    /// What the work depended on.
    public let fingerprint: [UInt8]
    private let file: MappedFile
    private let recordBytes: Int
    private let seed: UInt32
    private let first: Int

    /// Opens the journal at `path`; nil if there is none, or its header is damaged or of another format.
    public init?(_ path: String, recordBytes: Int) {
      guard let file = try? MappedFile(path), file.count >= 24 else { return nil }
      let bytes = file.bytes
      let count = Int(bytes.number(at: 16))
      guard (0..<8).allSatisfy({ bytes[$0] == Journal.magic[$0] }), bytes.number(at: 8) == 1,
        bytes.number(at: 12) == recordBytes, count <= file.count - 24
      else { return nil }
      seed = CRC32C.checksum(bytes.extracting(0..<20 + count))
      guard bytes.number(at: 20 + count) == seed else { return nil }
      fingerprint = (20..<20 + count).map { bytes[$0] }
      self.file = file
      self.recordBytes = recordBytes
      first = 24 + count
    }

    /// Calls `body` with each whole record, in the order in which they were written; damaged ones are left out.
    public func forEachRecord(_ body: (RawSpan) throws -> Void) throws {
      let step = recordBytes + 4
      for place in stride(from: first, through: file.count - step, by: step) {
        if (place - first) % (1 << 20) < step {
          file.willNeed(place..<min(file.count, place + (1 << 20) + step))
        }
        let bytes = file.bytes.extracting(place..<place + step)
        let record = bytes.extracting(0..<recordBytes)
        if CRC32C.checksum(record, continuing: seed) == bytes.number(at: recordBytes) {
          try body(record)
        }
      }
      try file.checkIntact()
    }
  }
}

extension [UInt8] {
  /// Appends a number, its lowest byte first.
  public mutating func append<Number: FixedWidthInteger>(number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }
}

extension RawSpan {
  fileprivate subscript(place: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }
  fileprivate func number(at place: Int) -> UInt32 { littleEndian(at: place, as: UInt32.self) }

  /// The number that begins at a byte, its lowest byte first.
  public func littleEndian<Number: FixedWidthInteger>(at place: Int, as _: Number.Type) -> Number {
    precondition(
      place >= 0 && place <= byteCount - Number.bitWidth / 8, "The number is in the bytes")
    var number = Number.zero
    for byte in 0..<Number.bitWidth / 8 {
      number |= Number(truncatingIfNeeded: self[place + byte]) << Number(8 * byte)
    }
    return number
  }
}
