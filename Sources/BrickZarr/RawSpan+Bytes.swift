internal import BrickCore

extension RawSpan {
  /// Whether every byte is zero; stops at the first stretch that holds another.
  var isZero: Bool {
    unsafe withUnsafeBytes { bytes in
      var at = 0
      while at + 64 <= bytes.count {
        var any: UInt64 = 0
        for word in 0..<8 {
          any |= unsafe bytes.loadUnaligned(fromByteOffset: at + 8 * word, as: UInt64.self)
        }
        if any != 0 { return false }
        at += 64
      }
      while at < bytes.count {
        if unsafe bytes[at] != 0 { return false }
        at += 1
      }
      return true
    }
  }

  /// The eight bytes at `offset` as a little- or big-endian number.
  func number64(at offset: Int, bigEndian: Bool = false) -> UInt64 {
    precondition(offset >= 0 && offset <= byteCount - 8, "The number lies in the bytes")
    let word = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return bigEndian ? UInt64(bigEndian: word) : UInt64(littleEndian: word)
  }

  /// The four bytes at `offset` as a little-endian number.
  func number32(at offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset <= byteCount - 4, "The number lies in the bytes")
    return UInt32(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}

extension [UInt8] {
  /// Appends all bytes of a span.
  mutating func append(contentsOf bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }

  /// Appends a number as eight little-endian bytes.
  mutating func append(number64 number: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
