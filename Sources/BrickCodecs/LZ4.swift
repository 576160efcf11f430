internal import BrickCore

/// Decompresses LZ4 blocks, which are a few rules about copying: no library is needed for it.
///
/// Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
public enum LZ4 {
  /// Decompresses one block after its decoded size, four little-endian bytes, as numcodecs writes it.
  ///
  /// - Returns: how many bytes of `target` it filled.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if the block is damaged or holds
  ///   another number of bytes than it says, or more than `target` has room for.
  public static func decompressSized(
    _ source: RawSpan, into target: inout MutableRawSpan
  ) throws -> Int {
    guard source.byteCount >= 4 else {
      throw damaged("\(source.byteCount) bytes are too few for a size")
    }
    let size = Int(source.littleEndian32(0))
    guard size <= target.byteCount else {
      throw damaged("they promise \(size) bytes where \(target.byteCount) belong")
    }
    return try unsafe source.withUnsafeBytes { from in
      try unsafe target.withUnsafeMutableBytes { to in
        let count = unsafe decode(
          UnsafeRawBufferPointer(rebasing: from[4...]),
          UnsafeMutableRawBufferPointer(rebasing: to[..<size]))
        guard count == size else {
          throw damaged("they don't decode to the \(size) bytes they say")
        }
        return size
      }
    }
  }

  /// Decompresses a stream of lz4-java's LZ4BlockOutputStream, as N5 has it.
  ///
  /// Each block is "LZ4Block", a byte that names method and size, stored and decoded size and a
  /// checksum of the decoded bytes as little-endian numbers, and the data; one without bytes ends it.
  ///
  /// - Returns: how many bytes of `target` it filled.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if a block is damaged, its
  ///   checksum wrong, or all hold more than `target` has room for.
  public static func decompressStream(
    _ source: RawSpan, into target: inout MutableRawSpan
  ) throws -> Int {
    try unsafe source.withUnsafeBytes { from in
      try unsafe target.withUnsafeMutableBytes { to in
        var (read, written) = (0, 0)
        while read < from.count {
          guard from.count - read >= headerBytes,
            unsafe from[read..<read + 8].elementsEqual("LZ4Block".utf8)
          else { throw damaged("there is no block header at byte \(read)") }
          let method = unsafe from[read + 8] & 0xF0
          let stored = unsafe number(from, read + 9)
          let size = unsafe number(from, read + 13)
          let checksum = unsafe number(from, read + 17)
          read += headerBytes
          if size == 0 && stored == 0 { break }
          guard stored <= from.count - read, size <= to.count - written else {
            throw damaged(
              "a block of \(stored) bytes that holds \(size) does not fit: \(from.count - read) and "
                + "\(to.count - written) are left")
          }
          let data = unsafe UnsafeRawBufferPointer(rebasing: from[read..<read + stored])
          let room = unsafe UnsafeMutableRawBufferPointer(rebasing: to[written..<written + size])
          switch method {
          case 0x10 where stored == size: unsafe room.copyMemory(from: data)
          case 0x20 where unsafe decode(data, room) == size: break
          default: throw damaged("the block before byte \(read + stored) does not decode")
          }
          // lz4-java keeps 28 bits.
          let computed = unsafe xxHash32(UnsafeRawBufferPointer(room), seed: 0x9747_B28C)
          guard computed & 0x0FFF_FFFF == UInt32(checksum) else {
            throw damaged("the checksum before byte \(read) is wrong")
          }
          read += stored
          written += size
        }
        return written
      }
    }
  }

  private static let headerBytes = 21

  private static func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(.damagedInput, reason: "the lz4 data are damaged: \(reason)")
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(
      UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  /// The bytes that a block decodes to; nil if it is damaged or has no room.
  private static func decode(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let from = source.baseAddress else { return nil }
    guard let to = target.baseAddress else {
      return unsafe source.count == 1 && source[0] == 0 ? 0 : nil
    }
    var (read, written) = (0, 0)
    /// A length of 15 goes on in the bytes that follow, up to one that isn't 255.
    func length(_ short: UInt8) -> Int? {
      var length = Int(short)
      guard short == 15 else { return length }
      while true {
        guard read < source.count else { return nil }
        let more = unsafe source[read]
        read += 1
        length += Int(more)
        if more != 255 { return length }
      }
    }
    while read < source.count {
      let token = unsafe source[read]
      read += 1
      guard let literals = length(token >> 4), literals <= source.count - read,
        literals <= target.count - written
      else { return nil }
      unsafe (to + written).copyMemory(from: from + read, byteCount: literals)
      read += literals
      written += literals
      // The last sequence has no match.
      if read == source.count { return written }
      guard source.count - read >= 2 else { return nil }
      let distance = unsafe Int(source[read]) | Int(source[read + 1]) << 8
      read += 2
      guard distance > 0, distance <= written, let rest = length(token & 15),
        rest + 4 <= target.count - written
      else { return nil }
      // What is copied may begin to repeat itself: each round doubles what can be copied at once.
      let start = unsafe to + (written - distance)
      var copied = 0
      while copied < rest + 4 {
        let count = min(distance + copied, rest + 4 - copied)
        unsafe (to + (written + copied)).copyMemory(from: start, byteCount: count)
        copied += count
      }
      written += rest + 4
    }
    return nil
  }

  /// The 32-bit hash of all bytes.
  ///
  /// Format: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
  private static func xxHash32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    let (p1, p2, p3): (UInt32, UInt32, UInt32) = (0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D)
    let (p4, p5): (UInt32, UInt32) = (0x27D4_EB2F, 0x1656_67B1)
    func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x &<< by | x &>> (32 - by) }
    func word(_ at: Int) -> UInt32 {
      UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
    func round(_ sum: UInt32, _ at: Int) -> UInt32 {
      rotated(sum &+ word(at) &* p2, 13) &* p1
    }
    var at = 0
    var hash = seed &+ p5
    if bytes.count >= 16 {
      var (a, b, c, d) = (seed &+ p1 &+ p2, seed &+ p2, seed, seed &- p1)
      while bytes.count - at >= 16 {
        a = round(a, at)
        b = round(b, at + 4)
        c = round(c, at + 8)
        d = round(d, at + 12)
        at += 16
      }
      hash = rotated(a, 1) &+ rotated(b, 7) &+ rotated(c, 12) &+ rotated(d, 18)
    }
    hash = hash &+ UInt32(truncatingIfNeeded: bytes.count)
    while bytes.count - at >= 4 {
      hash = rotated(hash &+ word(at) &* p3, 17) &* p4
      at += 4
    }
    while at < bytes.count {
      hash = rotated(hash &+ UInt32(unsafe bytes[at]) &* p5, 11) &* p1
      at += 1
    }
    hash = (hash ^ hash >> 15) &* p2
    hash = (hash ^ hash >> 13) &* p3
    return hash ^ hash >> 16
  }
}
