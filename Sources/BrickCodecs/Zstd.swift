internal import BrickCore
internal import CZstd

/// Compresses with one reused Zstandard context: one frame a call, with its content size, no
/// checksum.
///
/// Not for several threads at once. The same input and level give the same bytes.
@safe
public final class ZstdCompressor {
  private let context: OpaquePointer
  /// The library's compression level; 0 means its default, 3.
  public let level: Int

  /// The levels the library knows.
  public static var levels: ClosedRange<Int> { Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel()) }

  /// - Throws: `BrickworkError` (`.badRequest`) for a level the library doesn't know.
  public init(level: Int) throws {
    guard Self.levels.contains(level) else {
      throw BrickworkError(
        .badRequest, reason: "zstd has no level \(level)",
        remedy: "Choose one of \(Self.levels.lowerBound) to \(Self.levels.upperBound)")
    }
    guard let context = unsafe ZSTD_createCCtx() else {
      throw BrickworkError(.outOfBudget, reason: "there is no memory for a zstd encoder")
    }
    unsafe self.context = context
    self.level = level
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// The most bytes that `byteCount` bytes become.
  public static func bound(_ byteCount: Int) -> Int { ZSTD_compressBound(byteCount) }

  /// Compresses `source` into `target` from `offset` on and returns the frame's size, or nil if the
  /// frame does not fit.
  public func compress(
    _ source: RawSpan, into target: inout MutableRawSpan, at offset: Int
  ) throws -> Int? {
    precondition(offset >= 0 && offset <= target.byteCount, "The offset lies in the target")
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe ZSTD_compress2(
          context, to.baseAddress.map { unsafe $0 + offset }, to.count - offset,
          from.baseAddress, from.count)
      }
    }
    if ZSTD_isError(result) == 0 { return result }
    if ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall { return nil }
    throw BrickworkError(
      .outOfBudget,
      reason: "zstd could not compress: \(unsafe String(cString: ZSTD_getErrorName(result)))")
  }

  /// Bytes the context holds now; it grows at the first call and stays.
  public var contextBytes: Int { unsafe ZSTD_sizeof_CCtx(context) }
}

/// Decompresses with one reused Zstandard context.
///
/// Not for several threads at once.
@safe
public final class ZstdDecompressor {
  private let context: OpaquePointer

  /// A decompressor with a context of its own.
  ///
  /// - Throws: `BrickworkError` (`.outOfBudget`) if there is no memory for it.
  public init() throws {
    guard let context = unsafe ZSTD_createDCtx() else {
      throw BrickworkError(.outOfBudget, reason: "there is no memory for a zstd decoder")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Decompresses all frames of `source`, with or without content size, and returns how many bytes
  /// of `target` they filled.
  ///
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if the frames are damaged or
  ///   hold more than `target` has room for.
  public func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe ZSTD_decompressDCtx(context, to.baseAddress, to.count, from.baseAddress, from.count)
      }
    }
    if ZSTD_isError(result) == 0 { return result }
    let capacity = target.byteCount
    if ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall {
      throw BrickworkError(
        .damagedInput, reason: "the zstd data hold more than the expected \(capacity) bytes")
    }
    throw BrickworkError(
      .damagedInput,
      reason: "the \(source.byteCount) bytes of zstd data are damaged: "
        + (unsafe String(cString: ZSTD_getErrorName(result))))
  }

  /// Bytes the context holds.
  public var contextBytes: Int { unsafe ZSTD_sizeof_DCtx(context) }
}
