internal import BrickCore

extension RawSpan {
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
