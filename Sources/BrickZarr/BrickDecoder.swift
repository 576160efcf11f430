internal import BrickCodecs
package import BrickCore
internal import BrickFiles

/// Turns the stored bytes of a brick into voxels, with reused contexts.
final class BrickDecoder: @unchecked Sendable {
  // @unchecked: one thread at a time takes it out of the pool.
  private let zstd: ZstdDecompressor
  private let blosc: BloscDecompressor
  private var gzip: GzipDecompressor?

  init() throws {
    zstd = try ZstdDecompressor()
    blosc = BloscDecompressor(zstd)
  }

  /// Decodes a brick into `target`, which has exactly the brick's bytes.
  ///
  /// - Parameter needed: how many of the brick's voxels lie in the array, along each dimension.
  /// - Throws: `BrickworkError` without a path.
  func decode(
    _ stored: RawSpan, _ metadata: ArrayMetadata, needed: [Int], into target: inout VoxelBlock
  ) throws {
    let chain = metadata.chain
    let width = metadata.type.byteCount
    precondition(target.byteCount == metadata.brickBytes, "The target is one brick")
    if metadata.format == .n5 {
      let header = try BlockHeader(stored, brick: metadata.brickShape, needed: needed)
      let data = stored.extracting(droppingFirst: header.byteCount)
      if header.shape == metadata.brickShape { return try decodeBytes(data, chain, into: &target) }
      let size = Index3(z: 1, y: 1, x: header.shape.reduce(1, *))
      var block = VoxelBlock(Box3(size: size), type: target.type)
      try decodeBytes(data, chain, into: &block)
      target.clear()
      var bytes = target.mutableBytes
      header.place(block.bytes, brick: metadata.brickShape, width: width, into: &bytes)
    } else if let order = chain.order {
      var ordered = VoxelBlock(target.box, type: target.type)
      try decodeBytes(stored, chain, into: &ordered)
      var bytes = target.mutableBytes
      Transposition(shape: metadata.brickShape, order: order).undo(
        ordered.bytes, width: width, into: &bytes)
    } else {
      try decodeBytes(stored, chain, into: &target)
    }
  }

  fileprivate func decodeBytes(
    _ stored: RawSpan, _ chain: CodecChain, into target: inout VoxelBlock
  ) throws {
    var bytes = target.mutableBytes
    try undo(chain, chain.stages.count, stored, into: &bytes)
    if chain.isBigEndian { target.swapBytes() }
  }

  /// Undoes the first `count` stages.
  private func undo(
    _ chain: CodecChain, _ count: Int, _ input: RawSpan, into target: inout MutableRawSpan
  ) throws {
    guard count > 0 else {
      guard input.byteCount == target.byteCount else {
        throw wrongSize(input.byteCount, target.byteCount)
      }
      return copyBytes(input, to: &target, at: 0)
    }
    let stage = chain.stages[count - 1]
    if stage == .crc32c {
      try check(input)
      return try undo(chain, count - 1, input.extracting(droppingLast: 4), into: &target)
    }
    if count == 1 {
      let size = try decompress(
        stage, input, into: &target, expected: target.byteCount...target.byteCount)
      guard size == target.byteCount else { throw wrongSize(size, target.byteCount) }
      return
    }
    let room = chain.bound(target.byteCount, after: count - 1)
    var between = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: room)), type: .uint8)
    var bytes = between.mutableBytes
    let size = try decompress(stage, input, into: &bytes, expected: 0...room)
    try undo(chain, count - 1, between.bytes.extracting(first: size), into: &target)
  }

  /// Compares the checksum in the last four bytes with the bytes before it.
  private func check(_ input: RawSpan) throws {
    guard input.byteCount >= 4 else {
      throw BrickworkError(
        .damagedInput,
        reason: "the brick has \(input.byteCount) bytes, too few for its checksum of 4")
    }
    let stored = input.number32(at: input.byteCount - 4)
    let computed = CRC32C.checksum(input.extracting(droppingLast: 4))
    guard stored == computed else {
      throw BrickworkError(
        .damagedInput,
        reason: "the crc32c of the brick is \(ShardIndex.hex(computed)), "
          + "the file says \(ShardIndex.hex(stored))")
    }
  }

  private func decompress(
    _ stage: CodecChain.Stage, _ input: RawSpan, into target: inout MutableRawSpan,
    expected: ClosedRange<Int>
  ) throws -> Int {
    switch stage {
    case .zstd: return try zstd.decompress(input, into: &target)
    case .blosc: return try blosc.decompress(input, into: &target, expected: expected)
    case .gzip:
      let gzip = try gzip ?? GzipDecompressor()
      self.gzip = gzip
      return try gzip.decompress(input, into: &target)
    case .zlib: return try Deflate.decompress(input, into: &target)
    case .bzip2: return try BZip2.decompress(input, into: &target)
    case .xz: return try XZ.decompress(input, into: &target)
    case .sizedLZ4: return try LZ4.decompressSized(input, into: &target)
    case .streamedLZ4: return try LZ4.decompressStream(input, into: &target)
    case .shuffle(let width):
      guard input.byteCount <= target.byteCount else {
        throw wrongSize(input.byteCount, target.byteCount)
      }
      var content = target._mutatingExtracting(..<input.byteCount)
      Shuffle.unshuffle(input, width: width, into: &content)
      return input.byteCount
    case .crc32c: preconditionFailure("A checksum is no compression")
    }
  }

  private func wrongSize(_ count: Int, _ expected: Int) -> BrickworkError {
    BrickworkError(
      .damagedInput, reason: "the brick decodes to \(count) bytes where \(expected) belong")
  }
}

/// Decodes what a `BrickEncoder` made, as reading a store does: for measuring how fast that is.
package final class EncodedBrickReader {
  private let decoder: BrickDecoder
  private let chain: CodecChain

  package init(codec: BrickCodec) throws {
    decoder = try BrickDecoder()
    let stages: [CodecChain.Stage] =
      switch codec {
      case .bloscZstd: [.blosc, .crc32c]
      case .zstd: [.zstd, .crc32c]
      case .none: [.crc32c]
      }
    chain = CodecChain(order: nil, isBigEndian: false, stages: stages)
  }

  /// Fills `target`, which has exactly the brick's bytes.
  ///
  /// - Throws: `BrickworkError` (`.damagedInput`) if the checksum or the data are wrong.
  package func read(_ stored: RawSpan, into target: inout VoxelBlock) throws {
    try decoder.decodeBytes(stored, chain, into: &target)
  }
}
