internal import BrickCore

/// The checksum of HDF5's fletcher32 filter: sums of big-endian 16-bit words modulo 65535, after the data.
enum Fletcher32 {
  /// How many bytes of a chunk lie before its checksum, which is right.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, without a path, if it isn't.
  static func checked(_ stored: RawSpan) throws -> Int {
    let count = stored.byteCount - 4
    guard count >= 0 else {
      throw BrickworkError(.damagedInput, reason: "the chunk is too short for its checksum")
    }
    let found = UInt32(
      littleEndian: unsafe stored.unsafeLoadUnaligned(fromByteOffset: count, as: UInt32.self))
    let sum = sum(stored.extracting(0..<count))
    // Before 1.6.3 the library swapped the bytes of each half on little-endian machines.
    let old = (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8
    guard found == sum || found == old else {
      throw BrickworkError(
        .damagedInput, reason: "the chunk's checksum is \(sum), but \(found) in the file")
    }
    return count
  }

  /// The checksum of bytes; a last odd byte is the high half of a word.
  static func sum(_ bytes: RawSpan) -> UInt32 {
    var (first, second): (UInt32, UInt32) = (0, 0)
    let words = bytes.byteCount / 2
    var start = 0
    while start < words {
      // So many words that the sums can't overflow.
      let end = min(start + 360, words)
      for word in start..<end {
        let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: word &* 2, as: UInt16.self)
        first &+= UInt32(UInt16(bigEndian: value))
        second &+= first
      }
      first = (first & 0xFFFF) &+ (first >> 16)
      second = (second & 0xFFFF) &+ (second >> 16)
      start = end
    }
    if !bytes.byteCount.isMultiple(of: 2) {
      let last = unsafe bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
      first &+= UInt32(last) << 8
      second &+= first
      first = (first & 0xFFFF) &+ (first >> 16)
      second = (second & 0xFFFF) &+ (second >> 16)
    }
    first = (first & 0xFFFF) &+ (first >> 16)
    second = (second & 0xFFFF) &+ (second >> 16)
    return second << 16 | first
  }
}
