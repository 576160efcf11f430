internal import BrickCore
internal import CLZMA

/// Decompresses .xz streams held in memory.
public enum XZ {
  /// The most bytes a decoder takes: enough for every preset, whose largest dictionary has 64 MiB.
  public static let largestMemory = 66 << 20

  /// Decompresses one stream and returns how many bytes of `target` it filled.
  ///
  /// - Throws: `BrickworkError` without a path: `.damagedInput` if the stream is damaged (its
  ///   checksums included) or holds more than `target` has room for, `.unsupportedInput` if it asks
  ///   for more than `largestMemory` or a filter the library doesn't have.
  public static func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int
  {
    var limit = UInt64(largestMemory)
    var (read, written) = (0, 0)
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe lzma_stream_buffer_decode(
          &limit, 0, nil, from.baseAddress?.assumingMemoryBound(to: UInt8.self), &read, from.count,
          to.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, to.count)
      }
    }
    switch result {
    case LZMA_OK: return written
    case LZMA_MEM_ERROR:
      throw BrickworkError(.outOfBudget, reason: "there is no memory for an xz decoder")
    case LZMA_MEMLIMIT_ERROR:
      throw BrickworkError(
        .unsupportedInput,
        reason:
          "the xz data ask for a decoder of \(limit) bytes; at most \(largestMemory) are given")
    case LZMA_OPTIONS_ERROR:
      throw BrickworkError(
        .unsupportedInput, reason: "the xz data use filters that this library doesn't have")
    case LZMA_BUF_ERROR where written == target.byteCount:
      throw BrickworkError(
        .damagedInput, reason: "the xz data hold more than the expected \(written) bytes")
    default:
      throw BrickworkError(
        .damagedInput,
        reason: "the \(source.byteCount) bytes of xz data are damaged (code \(result.rawValue))")
    }
  }
}
