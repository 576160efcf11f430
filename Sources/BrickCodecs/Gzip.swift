internal import BrickCore
internal import CDeflate

/// Decompresses gzip data (RFC 1952) held in memory.
///
/// Not for several threads at once.
@safe
public final class GzipDecompressor {
  private let context: OpaquePointer

  /// A decompressor with a context of its own.
  ///
  /// - Throws: `BrickworkError` (`.outOfBudget`) if there is no memory for it.
  public init() throws {
    guard let context = unsafe libdeflate_alloc_decompressor() else {
      throw BrickworkError(.outOfBudget, reason: "there is no memory for a gzip decoder")
    }
    unsafe self.context = context
  }

  deinit { unsafe libdeflate_free_decompressor(context) }

  /// Decompresses all members of `source` and returns how many bytes of `target` they filled.
  ///
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if a member is damaged (its
  ///   checksum included), or all hold more than `target` has room for.
  public func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    let capacity = target.byteCount
    return try unsafe source.withUnsafeBytes { from in
      try unsafe target.withUnsafeMutableBytes { to in
        guard let input = from.baseAddress, let output = to.baseAddress else {
          throw BrickworkError(.damagedInput, reason: "the gzip data are empty")
        }
        var (read, written) = (0, 0)
        repeat {
          var (consumed, produced) = (0, 0)
          let result = unsafe libdeflate_gzip_decompress_ex(
            context, input + read, from.count - read, output + written, to.count - written,
            &consumed, &produced)
          guard result == LIBDEFLATE_SUCCESS else {
            let isLong = result == LIBDEFLATE_INSUFFICIENT_SPACE
            throw BrickworkError(
              .damagedInput,
              reason: isLong
                ? "the gzip data hold more than the expected \(capacity) bytes"
                : "the \(from.count) bytes of gzip data are damaged at byte \(read)")
          }
          read += consumed
          written += produced
        } while read < from.count
        return written
      }
    }
  }
}
