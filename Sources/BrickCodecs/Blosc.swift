internal import BrickCore
internal import CBlosc

/// Blosc-1 frames: a 16-byte header around compressed, byte-shuffled data.
///
/// Layout (c-blosc 1, README_HEADER): version 2, codec format 1, flags, element width, then
/// four-byte little-endian counts of decoded bytes, block bytes and frame bytes. A frame of ours is
/// one block, not split: a table of one offset (20), the size of the zstd frame, the zstd frame.
public enum BloscFrame {
  /// Bytes before the data of a stored frame.
  public static let headerByteCount = 16
  /// The most bytes one frame of ours holds; the library reads blocks of up to 2³¹⁄₃ bytes.
  public static let largestContent = 512 << 20

  static let blockTableEnd = 24
  static let shuffled: UInt8 = 0x01
  static let stored: UInt8 = 0x02
  static let bitShuffled: UInt8 = 0x04
  static let notSplit: UInt8 = 0x10
  static let zstd: UInt8 = 4 << 5

  /// The most bytes a frame of `byteCount` bytes has.
  public static func bound(_ byteCount: Int) -> Int { byteCount + headerByteCount }

  /// What a frame's first 16 bytes say.
  struct Header {
    let version: UInt8
    let flags: UInt8
    let width: Int
    let contentBytes: Int
    let blockBytes: Int
    let frameBytes: Int

    /// Checks the header against the bytes that are there and against the bytes that are expected.
    init(_ frame: RawSpan, expected: ClosedRange<Int>) throws {
      guard frame.byteCount >= headerByteCount else {
        throw BrickworkError(
          .damagedInput, reason: "\(frame.byteCount) bytes are too few for a blosc header of 16")
      }
      version = frame.byte(0)
      flags = frame.byte(2)
      width = Int(frame.byte(3))
      contentBytes = Int(frame.littleEndian32(4))
      blockBytes = Int(frame.littleEndian32(8))
      frameBytes = Int(frame.littleEndian32(12))
      guard expected.contains(contentBytes) else {
        throw BrickworkError(
          .damagedInput,
          reason:
            "the blosc header promises \(contentBytes) bytes where \(expected.upperBound) belong")
      }
      guard frameBytes >= headerByteCount, frameBytes <= frame.byteCount else {
        throw BrickworkError(
          .damagedInput,
          reason:
            "the blosc header says the frame has \(frameBytes) bytes, there are \(frame.byteCount)")
      }
    }
  }
}

/// Writes blosc frames of shuffled zstd data with one reused context.
///
/// Not for several threads at once.
public final class BloscCompressor {
  private let zstd: ZstdCompressor
  private let width: Int
  private var shuffled = VoxelBlock()

  /// - Parameters:
  ///   - level: zstd's own level, not blosc's 0 to 9.
  ///   - width: bytes of an element; at 1 nothing is shuffled.
  public init(level: Int, width: Int) throws {
    zstd = try ZstdCompressor(level: level)
    self.width = width
  }

  /// Writes the frame of `source` at the start of `target`, and returns its size.
  ///
  /// The target has at least `BloscFrame.bound` bytes. Data that don't compress are stored as they are.
  public func compress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    let count = source.byteCount
    precondition(
      target.byteCount >= BloscFrame.bound(count), "The target has room for a stored frame")
    precondition(count <= BloscFrame.largestContent, "A blosc frame holds at most 512 MiB")
    var flags = BloscFrame.zstd | BloscFrame.notSplit
    var size: Int?
    if count > BloscFrame.blockTableEnd {
      // A frame that is not smaller than the stored one is no gain, so it gets no room.
      var room = target._mutatingExtracting(..<(count + BloscFrame.headerByteCount - 1))
      if width > 1 {
        flags |= BloscFrame.shuffled
        size = try compressShuffled(source, &shuffled, into: &room)
      } else {
        size = try zstd.compress(source, into: &room, at: BloscFrame.blockTableEnd)
      }
    }
    let total: Int
    if let size {
      total = BloscFrame.blockTableEnd + size
      target.storeLittleEndian(20, at: 16)
      target.storeLittleEndian(size, at: 20)
    } else {
      flags = BloscFrame.zstd | BloscFrame.stored
      total = count + BloscFrame.headerByteCount
      copyBytes(source, to: &target, at: BloscFrame.headerByteCount)
    }
    target.storeLittleEndian(0x0102 | Int(flags) << 16 | width << 24, at: 0)
    target.storeLittleEndian(count, at: 4)
    target.storeLittleEndian(count, at: 8)
    target.storeLittleEndian(total, at: 12)
    return total
  }

  private func compressShuffled(
    _ source: RawSpan, _ scratch: inout VoxelBlock, into room: inout MutableRawSpan
  ) throws -> Int? {
    scratch.reshape(to: Box3(size: Index3(z: 1, y: 1, x: source.byteCount)), type: .uint8)
    var bytes = scratch.mutableBytes
    Shuffle.shuffle(source, width: width, into: &bytes)
    return try zstd.compress(scratch.bytes, into: &room, at: BloscFrame.blockTableEnd)
  }

  /// Bytes the context and the buffer hold now.
  public var scratchBytes: Int {
    zstd.contextBytes + BlockStorage.footprint(of: shuffled.byteCount)
  }
}

/// Reads blosc frames: ours with zstd and the shuffle alone, all others through the library.
///
/// Not for several threads at once.
public final class BloscDecompressor {
  private let zstd: ZstdDecompressor
  private var shuffled = VoxelBlock()

  /// A decompressor that decodes zstd frames with `zstd`, which no other thread uses meanwhile.
  public init(_ zstd: ZstdDecompressor) { self.zstd = zstd }

  /// Decompresses a frame into `target` and returns how many bytes it filled.
  ///
  /// - Parameter expected: how many bytes the frame may hold.
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, if header or data are damaged.
  public func decompress(
    _ frame: RawSpan, into target: inout MutableRawSpan, expected: ClosedRange<Int>
  ) throws -> Int {
    precondition(expected.upperBound <= target.byteCount, "The target has room for the frame")
    let header = try BloscFrame.Header(frame, expected: expected)
    let count = header.contentBytes
    if count == 0 { return 0 }
    if header.flags & BloscFrame.stored != 0 {
      guard header.frameBytes == count + BloscFrame.headerByteCount else {
        throw damaged("its stored frame of \(count) bytes has \(header.frameBytes)")
      }
      copyBytes(
        frame.extracting(BloscFrame.headerByteCount..<header.frameBytes), to: &target, at: 0)
      return count
    }
    if try decodeOneBlock(frame, header, into: &target) { return count }
    try decodeWithLibrary(frame, header, into: &target)
    return count
  }

  /// Decodes a frame of one zstd block that is not split; false if it is another kind.
  private func decodeOneBlock(
    _ frame: RawSpan, _ header: BloscFrame.Header, into target: inout MutableRawSpan
  ) throws -> Bool {
    let known = BloscFrame.zstd | BloscFrame.notSplit
    guard header.flags & ~BloscFrame.shuffled == known, header.version == 2, header.width > 0,
      header.blockBytes == header.contentBytes, header.frameBytes > BloscFrame.blockTableEnd,
      frame.littleEndian32(16) == 20
    else { return false }
    let size = Int(frame.littleEndian32(20))
    // A block as large as its content is stored bare: left to the library.
    guard size < header.contentBytes else { return false }
    guard size <= header.frameBytes - BloscFrame.blockTableEnd else {
      throw damaged("its block of \(size) bytes passes the frame's end at \(header.frameBytes)")
    }
    let data = frame.extracting(BloscFrame.blockTableEnd..<BloscFrame.blockTableEnd + size)
    let count = header.contentBytes
    let decoded: Int
    if header.flags & BloscFrame.shuffled != 0 && header.width > 1 {
      var content = target._mutatingExtracting(..<count)
      decoded = try decompressShuffled(data, header.width, &shuffled, into: &content)
    } else {
      var content = target._mutatingExtracting(..<count)
      decoded = try zstd.decompress(data, into: &content)
    }
    guard decoded == count else {
      throw damaged("it holds \(decoded) bytes, its header says \(count)")
    }
    return true
  }

  private func decompressShuffled(
    _ data: RawSpan, _ width: Int, _ scratch: inout VoxelBlock, into content: inout MutableRawSpan
  ) throws -> Int {
    let count = content.byteCount
    scratch.reshape(to: Box3(size: Index3(z: 1, y: 1, x: count)), type: .uint8)
    var bytes = scratch.mutableBytes
    let decoded = try zstd.decompress(data, into: &bytes)
    if decoded == count { Shuffle.unshuffle(scratch.bytes, width: width, into: &content) }
    return decoded
  }

  private func decodeWithLibrary(
    _ frame: RawSpan, _ header: BloscFrame.Header, into target: inout MutableRawSpan
  ) throws {
    let result = unsafe frame.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to -> Int in
        var size = 0
        guard unsafe blosc_cbuffer_validate(from.baseAddress, header.frameBytes, &size) == 0,
          size == header.contentBytes
        else { return -1 }
        return Int(unsafe blosc_decompress_ctx(from.baseAddress, to.baseAddress, size, 1))
      }
    }
    guard result == header.contentBytes else {
      throw damaged("the library gave up on it with \(result)")
    }
  }

  private func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(.damagedInput, reason: "the blosc data are damaged: \(reason)")
  }

  /// Bytes the buffer holds now.
  public var scratchBytes: Int { BlockStorage.footprint(of: shuffled.byteCount) }
}

extension RawSpan {
  func byte(_ offset: Int) -> UInt8 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }
  func littleEndian32(_ offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset <= byteCount - 4, "The number lies in the bytes")
    return UInt32(
      littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}

extension MutableRawSpan {
  mutating func storeLittleEndian(_ number: Int, at offset: Int) {
    storeBytes(
      of: UInt32(truncatingIfNeeded: number).littleEndian, toByteOffset: offset, as: UInt32.self)
  }
}
