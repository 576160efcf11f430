internal import BrickCore
internal import CTIFF

/// One directory in the making: entries by ascending tag, then the values that don't fit into them.
///
/// TIFF 6.0, section 2; BigTIFF has 8-byte counts and offsets.
struct Directory {
  private struct Entry {
    let tag: Int32
    let kind: TIFFDataType
    let count: Int
    let bytes: [UInt8]
  }
  private let isBig: Bool
  private var entries: [Entry] = []

  init(isBigTIFF: Bool) { isBig = isBigTIFF }

  private var offsetBytes: Int { isBig ? 8 : 4 }

  /// Adds numbers of 16 bits.
  mutating func add(_ tag: Int32, short value: Int) {
    add(tag, TIFF_SHORT, 1) { $0.append(little: value, 2) }
  }

  /// Adds a number of 32 bits.
  mutating func add(_ tag: Int32, long value: Int) { add(tag, longs: [value]) }

  /// Adds numbers of 32 bits.
  mutating func add(_ tag: Int32, longs values: [Int]) {
    add(tag, TIFF_LONG, values.count) { bytes in
      for value in values { bytes.append(little: value, 4) }
    }
  }

  /// Adds places in the file.
  mutating func add(_ tag: Int32, offsets values: [Int], toDirectories: Bool = false) {
    let kind =
      toDirectories ? (isBig ? TIFF_IFD8 : TIFF_IFD) : (isBig ? TIFF_LONG8 : TIFF_LONG)
    let width = offsetBytes
    add(tag, kind, values.count) { bytes in
      for value in values { bytes.append(little: value, width) }
    }
  }

  /// Adds a quotient near `value`, which is positive; one that 32 bits can't hold is left out.
  mutating func add(_ tag: Int32, ratio value: Double) {
    guard value > 1e-6, value < 4e9 else { return }
    var denominator = 1.0
    while value * denominator * 10 < 4e9, denominator < 1e9 { denominator *= 10 }
    add(tag, TIFF_RATIONAL, 1) { bytes in
      bytes.append(little: Int((value * denominator).rounded()), 4)
      bytes.append(little: Int(denominator), 4)
    }
  }

  /// Adds ASCII text.
  mutating func add(_ tag: Int32, text: String) {
    add(tag, TIFF_ASCII, text.utf8.count + 1) { bytes in
      bytes.append(contentsOf: text.utf8)
      bytes.append(0)
    }
  }

  private mutating func add(
    _ tag: Int32, _ kind: TIFFDataType, _ count: Int, _ fill: (inout [UInt8]) -> Void
  ) {
    precondition(entries.last.map { $0.tag < tag } ?? true, "Tags ascend")
    var bytes: [UInt8] = []
    fill(&bytes)
    entries.append(Entry(tag: tag, kind: kind, count: count, bytes: bytes))
  }

  /// Bytes of the directory and its values, a multiple of 8.
  var byteCount: Int {
    let values = entries.reduce(0) { sum, entry in
      sum + (entry.bytes.count > offsetBytes ? Self.rounded(entry.bytes.count) : 0)
    }
    return headBytes + values
  }

  /// The directory alone, rounded to where its values begin.
  private var headBytes: Int {
    Self.rounded(
      isBig ? 16 + entries.count * 20 : 6 + entries.count * 12)
  }

  private static func rounded(_ count: Int) -> Int { (count + 7) / 8 * 8 }

  /// The bytes of the directory for the place `offset`, a multiple of 8, with the next one at `next`; 0 ends the chain.
  func bytes(at offset: Int, next: Int) -> [UInt8] {
    var head: [UInt8] = []
    var values: [UInt8] = []
    head.append(little: entries.count, isBig ? 8 : 2)
    for entry in entries {
      head.append(little: Int(entry.tag), 2)
      head.append(little: Int(entry.kind.rawValue), 2)
      head.append(little: entry.count, offsetBytes)
      if entry.bytes.count > offsetBytes {
        head.append(little: offset + headBytes + values.count, offsetBytes)
        values += entry.bytes
        values += Array(repeating: 0, count: Self.rounded(values.count) - values.count)
      } else {
        head += entry.bytes
        head += Array(repeating: 0, count: offsetBytes - entry.bytes.count)
      }
    }
    head.append(little: next, offsetBytes)
    head += Array(repeating: 0, count: headBytes - head.count)
    return head + values
  }
}

extension [UInt8] {
  /// Appends the low bytes of a number, the lowest first.
  mutating func append(little value: Int, _ count: Int) {
    for shift in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
  }
}
