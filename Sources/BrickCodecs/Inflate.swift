internal import BrickCore
internal import CDeflate
internal import CISAL

/// Reads zlib-format streams (RFC 1950), many with one context.
///
/// Not for several threads at once: use one per worker.
@safe
public final class ZlibDecompressor {
  private let context: OpaquePointer
  /// The state of the decoder that can stop, made when it is first needed.
  private var stopping: UnsafeMutableRawPointer?

  /// A decompressor with a context of its own.
  ///
  /// - Throws: `BrickworkError` (`.outOfBudget`) if there is no memory for it.
  public init() throws {
    guard let context = unsafe libdeflate_alloc_decompressor() else {
      throw BrickworkError(.outOfBudget, reason: "there is no memory for a zlib decoder")
    }
    unsafe self.context = context
  }

  deinit {
    unsafe libdeflate_free_decompressor(context)
    unsafe stopping?.deallocate()
  }

  /// The most bytes a decompressor takes besides its streams.
  public static let scratchBytes = 192 << 10

  /// Decompresses the stream that `source` begins with and returns how many bytes of `target` it filled.
  ///
  /// Bytes behind the stream's end are ignored.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if the stream is damaged or cut, its
  ///   checksum is wrong, or it holds more than `target` has room for. `target` is undefined then.
  public func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    let room = target.byteCount
    guard let count = try decompressWhole(source, into: &target) else {
      throw BrickworkError(
        .damagedInput, reason: "the zlib stream holds more than the \(room) bytes expected")
    }
    return count
  }

  /// Decompresses a stream as far as `target` has room, and returns how many bytes it filled.
  ///
  /// A stream that holds more, were it a terabyte, costs no more than the bytes wanted; its checksum is only
  /// checked if it ends within `target`.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if the stream is damaged or cut before
  ///   `target` is full. `target` is undefined then.
  public func decompressStart(of source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    if let count = try decompressWhole(source, into: &target) { return count }
    let state =
      unsafe stopping
      ?? UnsafeMutableRawPointer.allocate(byteCount: cisal_inflate_size(), alignment: 64)
    unsafe stopping = state
    var isWhole: Int32 = 0
    let filled = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe cisal_inflate_zlib_start(
          state, from.baseAddress, from.count, to.baseAddress, to.count, &isWhole)
      }
    }
    guard isWhole != 0 else { throw damaged(source.byteCount) }
    return filled
  }

  /// Nil if the stream holds more than `target` has room for.
  private func decompressWhole(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int?
  {
    var count = 0
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe libdeflate_zlib_decompress(
          context, from.baseAddress, from.count, to.baseAddress, to.count, &count)
      }
    }
    switch result {
    case LIBDEFLATE_SUCCESS: return count
    case LIBDEFLATE_INSUFFICIENT_SPACE: return nil
    default: throw damaged(source.byteCount)
    }
  }

  private func damaged(_ count: Int) -> BrickworkError {
    BrickworkError(.damagedInput, reason: "the zlib stream of \(count) bytes is damaged")
  }
}
