internal import BrickCore
internal import BrickFiles

/// The XResolution and YResolution tags of the first directory, exactly.
///
/// libtiff hands rationals out as 32-bit floats, which turns 0.215 µm into 0.21500000357: so they
/// are read here. TIFF 6.0, section 2 (file structure) and "Additional baseline tags"; BigTIFF has
/// 8-byte counts and offsets.
enum Resolution {
  /// Pixels per unit along x and y, nil where a tag is missing or no positive number.
  static func read(_ map: MappedFile, isBigEndian: Bool, isBigTIFF: Bool) -> (
    x: Double?, y: Double?
  ) {
    func number(at offset: Int, _ count: Int) -> Int? {
      map.number(at: offset, byteCount: count, isBigEndian: isBigEndian)
    }
    let (wide, entryBytes) = isBigTIFF ? (8, 20) : (4, 12)
    guard let directory = number(at: isBigTIFF ? 8 : 4, wide),
      let entries = number(at: directory, isBigTIFF ? 8 : 2), entries < 1 << 16
    else { return (nil, nil) }
    func ratio(_ entry: Int) -> Double? {
      // Type 5 is RATIONAL: two 32-bit numbers, in place in BigTIFF and elsewhere in classic TIFF.
      guard number(at: entry + 2, 2) == 5 else { return nil }
      let value = entry + 4 + wide
      guard let place = isBigTIFF ? value : number(at: value, 4),
        let numerator = number(at: place, 4), let denominator = number(at: place + 4, 4),
        numerator > 0, denominator > 0
      else { return nil }
      return Double(numerator) / Double(denominator)
    }
    var result: (x: Double?, y: Double?) = (nil, nil)
    for index in 0..<entries {
      let entry = directory + (isBigTIFF ? 8 : 2) + index * entryBytes
      guard let tag = number(at: entry, 2) else { break }
      if tag == 282 { result.x = ratio(entry) }
      if tag == 283 { result.y = ratio(entry) }
    }
    return result
  }
}

extension MappedFile {
  /// The unsigned number at a place; nil past the end, or where it doesn't fit into 63 bits.
  func number(at offset: Int, byteCount: Int, isBigEndian: Bool) -> Int? {
    guard offset >= 0, offset <= count - byteCount else { return nil }
    var value: UInt64 = 0
    for index in 0..<byteCount {
      let byte = unsafe bytes.unsafeLoad(
        fromByteOffset: offset + (isBigEndian ? index : byteCount - 1 - index), as: UInt8.self)
      value = value << 8 | UInt64(byte)
    }
    return Int(exactly: value)
  }
}
