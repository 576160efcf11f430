internal import BrickFiles

/// What the file is made of: a header with a name, and data (format notes, section 2).
///
/// Layout, little-endian: magic number, four bytes of name length, eight of data length, the name padded with
/// NULs, the data. The padding aligns the data, so it varies.
struct Chunk: Sendable {
  static let magic = 0x0ABE_CEDA
  /// Bytes before the name.
  static let headerBytes = 16
  /// The longest name with its padding that is believed; 4128 bytes is the longest seen.
  static let longestPaddedName = 64 << 10
  /// The longest name up to its `!`.
  static let longestName = 256
  /// Chunks of programs that align begin on multiples of this.
  static let alignment = 4096

  /// Where the magic number stands.
  var offset: Int
  /// Where the data begin, in the file or at its end.
  var dataStart: Int
  /// Bytes of data as the header claims them: possibly past the file's end.
  var claimedBytes: Int
  /// The length of the name with its `!`.
  var nameBytes: Int

  /// Where the data end, if the file holds them all.
  func dataEnd(in map: MappedFile) -> Int? {
    claimedBytes <= map.count - dataStart ? dataStart + claimedBytes : nil
  }

  /// The chunk at a place; nil unless magic number, name and padding are right.
  init?(at offset: Int, in map: MappedFile) {
    guard map.number(at: offset, width: 4) == Self.magic,
      let nameLength = map.number(at: offset + 4, width: 4), nameLength <= Self.longestPaddedName,
      nameLength <= map.count - offset - Self.headerBytes,
      // More than 63 bits are as impossible as the most that 63 bits hold.
      let low = map.number(at: offset + 8, width: 4),
      let high = map.number(at: offset + 12, width: 4)
    else { return nil }
    let nameStart = offset + Self.headerBytes
    guard
      let nameBytes = Self.nameBytes(at: nameStart, limit: nameStart + nameLength, in: map),
      (nameStart + nameBytes..<nameStart + nameLength).allSatisfy({ map.byte(at: $0) == 0 })
    else { return nil }
    self.offset = offset
    dataStart = nameStart + nameLength
    claimedBytes = high < 1 << 31 ? high << 32 | low : .max
    self.nameBytes = nameBytes
  }

  /// The length of the name at a place up to and including its `!`; nil if there is none before `limit`.
  static func nameBytes(at start: Int, limit: Int, in map: MappedFile) -> Int? {
    let end = min(limit, start + longestName, map.count)
    var place = start
    while place < end {
      let byte = map.byte(at: place)
      if byte == UInt8(ascii: "!") { return place + 1 - start }
      guard (0x20..<0x7F).contains(byte) else { return nil }
      place += 1
    }
    return nil
  }

  /// The name, with its `!`.
  func name(in map: MappedFile) -> String {
    let start = offset + Self.headerBytes
    return String(decoding: map.copy(of: start..<start + nameBytes), as: UTF8.self)
  }

  /// The frame's number if this holds one.
  func frameNumber(in map: MappedFile) -> UInt32? {
    Self.frameNumber(at: offset + Self.headerBytes, nameBytes: nameBytes, in: map)
  }

  /// The number in a name `ImageDataSeq|123!`; nil for other names, and for numbers beyond 32 bits.
  static func frameNumber(at start: Int, nameBytes: Int, in map: MappedFile) -> UInt32? {
    let prefix: StaticString = "ImageDataSeq|"
    let digits =
      start
      + prefix.utf8CodeUnitCount..<max(start + prefix.utf8CodeUnitCount, start + nameBytes - 1)
    guard (1...10).contains(digits.count), map.matches(prefix, at: start) else { return nil }
    var number = 0
    for place in digits {
      let byte = map.byte(at: place)
      guard (0x30...0x39).contains(byte) else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return UInt32(exactly: number)
  }
}
