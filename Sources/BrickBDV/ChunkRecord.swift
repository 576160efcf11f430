internal import BrickCore
internal import BrickFiles

/// A line of the journal of a file in the making.
struct ChunkRecord: Sendable, Hashable {
  enum Kind: UInt32, Sendable {
    /// A chunk whose bytes are in the file.
    case stored = 1
    /// A chunk of zeros, which is not stored.
    case empty
    /// All is stored and durable; `address` is the file's identity. What remains is to give it its name.
    case sealed
  }

  var kind: Kind
  /// The dataset's place in the file.
  var dataset: UInt32 = 0
  /// The chunk's place in its dataset, in z, y, x order.
  var chunk: UInt64 = 0
  /// The first byte in the file.
  var address: UInt64 = 0
  /// Bytes in the file.
  var size: UInt32 = 0
  /// A bit for each filter that the chunk has not passed.
  var skippedFilters: UInt32 = 0
  /// The crc32c of the bytes.
  var checksum: UInt32 = 0

  static let byteCount = 36

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(number: kind.rawValue)
    bytes.append(number: dataset)
    bytes.append(number: chunk)
    bytes.append(number: address)
    bytes.append(number: size)
    bytes.append(number: skippedFilters)
    bytes.append(number: checksum)
    return bytes
  }

  init(
    _ kind: Kind, dataset: Int = 0, chunk: Int = 0, address: UInt64 = 0, size: Int = 0,
    skippedFilters: UInt32 = 0, checksum: UInt32 = 0
  ) {
    self.kind = kind
    self.dataset = UInt32(dataset)
    self.chunk = UInt64(chunk)
    self.address = address
    self.size = UInt32(size)
    self.skippedFilters = skippedFilters
    self.checksum = checksum
  }

  /// A record as it was written; nil for one of another kind.
  init?(_ bytes: RawSpan) {
    guard let kind = Kind(rawValue: bytes.littleEndian(at: 0, as: UInt32.self)) else { return nil }
    self.kind = kind
    dataset = bytes.littleEndian(at: 4, as: UInt32.self)
    chunk = bytes.littleEndian(at: 8, as: UInt64.self)
    address = bytes.littleEndian(at: 16, as: UInt64.self)
    size = bytes.littleEndian(at: 24, as: UInt32.self)
    skippedFilters = bytes.littleEndian(at: 28, as: UInt32.self)
    checksum = bytes.littleEndian(at: 32, as: UInt32.self)
  }
}
