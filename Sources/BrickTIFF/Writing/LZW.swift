internal import BrickCore

/// TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, the highest bit first, widened one code early.
struct LZW {
  private static let clear = 256
  private static let end = 257
  private static let first = 258
  /// The table is emptied before the last code of 12 bits.
  private static let full = 4094

  /// A string is its prefix's code and its last byte; an open hash table finds its own code.
  private var keys = [Int32](repeating: -1, count: 1 << 13)
  private var codes = [UInt16](repeating: 0, count: 1 << 13)
  private var bits: UInt32 = 0
  private var bitCount = 0

  /// Appends the compressed `source` to `target`.
  mutating func compress(_ source: RawSpan, into target: inout [UInt8]) {
    (bits, bitCount) = (0, 0)
    var (width, next) = (9, Self.first)
    empty()
    put(Self.clear, width, &target)
    var prefix = -1
    for place in 0..<source.byteCount {
      let byte = Int(unsafe source.unsafeLoad(fromByteOffset: place, as: UInt8.self))
      guard prefix >= 0 else {
        prefix = byte
        continue
      }
      let key = Int32(prefix << 8 | byte)
      var slot = (byte << 5 ^ prefix &* 31) & (keys.count - 1)
      while keys[slot] >= 0, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
      if keys[slot] == key {
        prefix = Int(codes[slot])
        continue
      }
      put(prefix, width, &target)
      (keys[slot], codes[slot]) = (key, UInt16(next))
      next += 1
      prefix = byte
      if next == Self.full {
        put(Self.clear, width, &target)
        empty()
        (width, next) = (9, Self.first)
      } else if next == 1 << width {
        width += 1
      }
    }
    if prefix >= 0 {
      put(prefix, width, &target)
      next += 1
      if next == Self.full {
        put(Self.clear, width, &target)
        width = 9
      } else if next == 1 << width {
        width += 1
      }
    }
    put(Self.end, width, &target)
    if bitCount > 0 { target.append(UInt8(truncatingIfNeeded: bits << UInt32(8 - bitCount))) }
  }

  private mutating func empty() {
    for slot in keys.indices { keys[slot] = -1 }
  }

  private mutating func put(_ code: Int, _ width: Int, _ target: inout [UInt8]) {
    bits = bits << UInt32(width) | UInt32(code)
    bitCount += width
    while bitCount >= 8 {
      bitCount -= 8
      target.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
    }
  }

  /// Undoes `compress`: fills the front of `target` and returns how many bytes that are; nil if `source` is no such
  /// stream or holds more.
  static func decompress(_ source: RawSpan, into target: inout MutableRawSpan) -> Int? {
    unsafe target.withUnsafeMutableBytes { unsafe decompress(source, into: $0) }
  }

  private static func decompress(
    _ source: RawSpan, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    // A string is the one that a code stands for and the byte after it: where it begins in the target, and its length.
    var starts = [Int](repeating: 0, count: 4096)
    var lengths = [Int](repeating: 0, count: 4096)
    var (width, next) = (9, first)
    var (bits, bitCount, place, count): (UInt32, Int, Int, Int) = (0, 0, 0, 0)
    while true {
      while bitCount < width {
        guard place < source.byteCount else { return nil }
        bits = bits << 8 | UInt32(unsafe source.unsafeLoad(fromByteOffset: place, as: UInt8.self))
        place += 1
        bitCount += 8
      }
      bitCount -= width
      let code = Int(bits >> UInt32(bitCount)) & (1 << width - 1)
      if code == end { return count }
      if code == clear {
        (width, next) = (9, first)
        continue
      }
      let length = code < clear ? 1 : code < next ? lengths[code] : 0
      guard length > 0, length <= target.count - count else { return nil }
      if code < clear {
        unsafe target[count] = UInt8(code)
      } else {
        // Its last byte may be its first one here: byte by byte.
        for i in 0..<length { unsafe target[count + i] = target[starts[code] + i] }
      }
      guard next < 4096 else { return nil }
      (starts[next], lengths[next]) = (count, length + 1)
      next += 1
      count += length
      if next == 1 << width, width < 12 { width += 1 }
    }
  }
}
