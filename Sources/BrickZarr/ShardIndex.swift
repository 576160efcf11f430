internal import BrickCore
internal import BrickFiles

/// Where each brick lies in a shard file: pure bytes to ranges and back.
///
/// Format: Zarr v3, codec `sharding_indexed`: for each brick in C order its offset from the file's
/// start and its size, eight bytes each, both 2⁶⁴−1 where there is none; then a crc32c, if the
/// index has one.
public enum ShardIndex {
  /// How the index of an array's shards is written: `index_codecs` and `index_location`.
  public struct Layout: Sendable, Hashable {
    /// Whether numbers have their highest byte first.
    public var isBigEndian: Bool
    /// Whether a crc32c follows the entries.
    public var hasChecksum: Bool
    /// Whether the index is at the file's start, before the bricks.
    public var isAtStart: Bool

    /// What we write: little-endian, with checksum, at the end.
    public init(isBigEndian: Bool = false, hasChecksum: Bool = true, isAtStart: Bool = false) {
      self.isBigEndian = isBigEndian
      self.hasChecksum = hasChecksum
      self.isAtStart = isAtStart
    }

    /// The index's size in bytes.
    public func byteCount(bricks: Int) -> Int { 16 * bricks + (hasChecksum ? 4 : 0) }
  }

  /// The ranges of all bricks in a whole shard file; nil where a brick is absent.
  ///
  /// - Parameters:
  ///   - file: all bytes of the file. Only the index is touched.
  ///   - bricks: bricks per shard.
  ///   - path: for messages.
  /// - Throws: `BrickworkError` (`.damagedInput`) if the file is too short, the checksum differs,
  ///   or an entry is half absent or leaves the file.
  public static func parse(
    file: RawSpan, bricks: Int, layout: Layout = Layout(), path: String
  ) throws -> [Range<Int>?] {
    let byteCount = layout.byteCount(bricks: bricks)
    guard file.byteCount >= byteCount else {
      throw damaged(
        path,
        "has \(file.byteCount) bytes, fewer than the \(byteCount) of the index of \(bricks) bricks")
    }
    let start = layout.isAtStart ? 0 : file.byteCount - byteCount
    let index = file.extracting(start..<start + byteCount)
    if layout.hasChecksum {
      let stored = index.number32(at: 16 * bricks)
      let computed = CRC32C.checksum(index.extracting(0..<16 * bricks))
      guard stored == computed else {
        throw damaged(
          path, "the crc32c of the index is \(hex(computed)), the file says \(hex(stored))")
      }
    }
    var ranges: [Range<Int>?] = []
    ranges.reserveCapacity(bricks)
    for brick in 0..<bricks {
      let offset = index.number64(at: 16 * brick, bigEndian: layout.isBigEndian)
      let count = index.number64(at: 16 * brick + 8, bigEndian: layout.isBigEndian)
      if offset == .max && count == .max {
        ranges.append(nil)
        continue
      }
      let (end, overflow) = offset.addingReportingOverflow(count)
      guard !overflow, end <= UInt64(file.byteCount) else {
        throw damaged(
          path,
          "index entry \(brick) spans \(count) bytes from \(offset), "
            + "past the file's \(file.byteCount)"
        )
      }
      ranges.append(Int(offset)..<Int(end))
    }
    return ranges
  }

  /// The bytes of an index as we write it, checksum last.
  public static func serialise(_ ranges: [Range<Int>?]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 * ranges.count + 4)
    for range in ranges {
      bytes.append(number64: range.map { UInt64($0.lowerBound) } ?? .max)
      bytes.append(number64: range.map { UInt64($0.count) } ?? .max)
    }
    let checksum = unsafe CRC32C.checksum(bytes.span.bytes)
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
    return bytes
  }

  static func hex(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }

  private static func damaged(_ path: String, _ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: "shard index", reason: reason,
      remedy: "Delete this shard and write it again; other shards are not touched")
  }
}
