internal import BrickCore
internal import CBZip2

/// Decompresses bzip2 data held in memory.
public enum BZip2 {
  /// Decompresses one stream and returns how many bytes of `target` it filled.
  ///
  /// Takes up to 4 MiB meanwhile.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if the stream is damaged (its
  ///   checksums included) or holds more than `target` has room for.
  public static func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int
  {
    guard let length = UInt32(exactly: source.byteCount),
      var room = UInt32(exactly: target.byteCount)
    else {
      throw BrickworkError(
        .unsupportedInput, reason: "a bzip2 stream of more than 4 GiB is not read")
    }
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        // The library's C interface takes the source without const, and reads it only.
        unsafe BZ2_bzBuffToBuffDecompress(
          to.baseAddress?.assumingMemoryBound(to: CChar.self), &room,
          UnsafeMutablePointer(mutating: from.baseAddress?.assumingMemoryBound(to: CChar.self)),
          length, 0, 0)
      }
    }
    switch result {
    case BZ_OK: return Int(room)
    case BZ_MEM_ERROR:
      throw BrickworkError(.outOfBudget, reason: "there is no memory for a bzip2 decoder")
    case BZ_OUTBUFF_FULL:
      throw BrickworkError(
        .damagedInput,
        reason: "the bzip2 data hold more than the expected \(target.byteCount) bytes")
    default:
      throw BrickworkError(
        .damagedInput, reason: "the \(length) bytes of bzip2 data are damaged (code \(result))")
    }
  }
}
