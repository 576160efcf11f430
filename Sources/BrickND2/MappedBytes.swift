internal import BrickCore
internal import BrickFiles

extension MappedFile {
  /// The unsigned little-endian number of `width` bytes at a place; nil past the end, or beyond 63 bits.
  func number(at offset: Int, width: Int) -> Int? {
    guard offset >= 0, offset <= count - width else { return nil }
    var value: UInt64 = 0
    for index in 0..<width {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset + index, as: UInt8.self)
      value |= UInt64(byte) << UInt64(8 * index)
    }
    return Int(exactly: value)
  }

  /// The double at a place; nil past the end.
  func double(at offset: Int) -> Double? {
    guard offset >= 0, offset <= count - 8 else { return nil }
    let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return Double(bitPattern: UInt64(littleEndian: bits))
  }

  /// Whether the bytes at a place are those of `text`.
  func matches(_ text: StaticString, at offset: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, offset <= count - length else { return false }
    return text.withUTF8Buffer { letters in
      var index = 0
      while index < length, unsafe letters[index] == byte(at: offset + index) { index += 1 }
      return index == length
    }
  }

  /// The byte at a place that lies in the file.
  func byte(at offset: Int) -> UInt8 {
    unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// A copy of a range that lies in the file.
  func copy(of range: Range<Int>) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: range.count) { target, filled in
      let part = bytes.extracting(range)
      unsafe part.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
      }
      filled = range.count
    }
  }
}
