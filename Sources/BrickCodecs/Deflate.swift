internal import BrickCore
internal import CDeflate
internal import CISAL

/// Compresses into zlib-format streams (RFC 1950), as HDF5's deflate filter wants them.
///
/// Level 1 is ISA-L's igzip on x86-64, four to five times as fast as libdeflate's level 1 and 3 % larger
/// on byte-shuffled camera voxels; everything else is libdeflate. The same bytes give the same stream on the
/// same processor. An encoder keeps its working memory: use one per worker.
@safe
public final class DeflateEncoder {
  @unsafe
  private enum Engine {
    case igzip(stream: UnsafeMutableRawPointer, level: UnsafeMutableRawPointer)
    case libdeflate(OpaquePointer)
  }
  private let engine: Engine
  private var scratch: [UInt8] = []

  /// An encoder of `level` 1 (fast) to 12 (small).
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` for another level.
  public convenience init(level: Int) throws {
    #if arch(x86_64)
      try self.init(level: level, usingIgzip: level == 1)
    #else
      try self.init(level: level, usingIgzip: false)
    #endif
  }

  /// An encoder that takes Intel's igzip, whose only level here is 1, or libdeflate: for comparing both.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` for another level.
  public init(level: Int, usingIgzip: Bool) throws {
    guard (1...12).contains(level) else {
      throw BrickworkError(
        .badRequest, reason: "there is no deflate level \(level)",
        remedy: "Choose a level from 1 (fast) to 12 (small)")
    }
    if usingIgzip {
      unsafe engine = .igzip(
        stream: .allocate(byteCount: cisal_stream_size(), alignment: 64),
        level: .allocate(byteCount: cisal_level1_size(), alignment: 64))
    } else if let compressor = unsafe libdeflate_alloc_compressor(Int32(level)) {
      unsafe engine = .libdeflate(compressor)
    } else {
      throw BrickworkError(.inputOutput, reason: "libdeflate got no memory for level \(level)")
    }
  }

  deinit {
    switch unsafe engine {
    case .igzip(let stream, let level):
      unsafe stream.deallocate()
      unsafe level.deallocate()
    case .libdeflate(let compressor): unsafe libdeflate_free_compressor(compressor)
    }
  }

  /// Appends the compressed `source` to `target` and returns how many bytes that took; nil, with `target`
  /// as it was, when they would be no fewer than those of `source`.
  ///
  /// - Parameter allowsGrowth: whether a stream may be longer than `source`, for formats that can't store it as it is.
  /// - Throws: `BrickworkError` with code `.badRequest` beyond 4 GiB.
  public func compress(
    _ source: RawSpan, into target: inout [UInt8], allowsGrowth: Bool = false
  ) throws -> Int? {
    let count = source.byteCount
    guard let count32 = UInt32(exactly: count) else {
      throw BrickworkError(
        .badRequest, reason: "\(count) bytes are too many for one deflate stream")
    }
    guard count > 1 || allowsGrowth else { return nil }
    // Stored blocks of at most 64 KiB take 5 bytes each, the stream's ends 6 more.
    let room = allowsGrowth ? count + count / 1024 + 256 : count - 1
    if scratch.count < room { scratch = [UInt8](repeating: 0, count: room) }
    let written = unsafe source.withUnsafeBytes { from in
      unsafe scratch.withUnsafeMutableBytes { to in
        switch unsafe engine {
        case .igzip(let stream, let level):
          unsafe cisal_zlib1(
            stream, level, from.baseAddress, count32, to.baseAddress, UInt32(room))
        case .libdeflate(let compressor):
          unsafe libdeflate_zlib_compress(
            compressor, from.baseAddress, from.count, to.baseAddress, room)
        }
      }
    }
    guard written > 0 else { return nil }
    target.append(contentsOf: scratch[..<written])
    return written
  }
}

/// Reads zlib-format streams.
public enum Deflate {
  /// Decompresses one stream into the front of `target` and returns the number of its bytes.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if the stream is broken, its checksum is wrong,
  ///   or it holds more than `target` has room for. `target` is undefined then.
  public static func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int
  {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
      throw BrickworkError(.inputOutput, reason: "libdeflate got no memory")
    }
    defer { unsafe libdeflate_free_decompressor(decompressor) }
    let room = target.byteCount
    var count = 0
    let result = unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        unsafe libdeflate_zlib_decompress(
          decompressor, from.baseAddress, from.count, to.baseAddress, to.count, &count)
      }
    }
    switch result {
    case LIBDEFLATE_SUCCESS: return count
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      throw BrickworkError(
        .damagedInput, reason: "a deflate stream holds more than the \(room) bytes expected")
    default:
      throw BrickworkError(
        .damagedInput, reason: "a deflate stream of \(source.byteCount) bytes is damaged")
    }
  }
}
