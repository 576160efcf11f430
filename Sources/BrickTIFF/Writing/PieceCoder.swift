internal import BrickCodecs
internal import BrickCore
internal import CTIFF

extension TIFFWriter.Compression {
  /// The number in the file.
  var tag: Int {
    switch self {
    case .none: Int(COMPRESSION_NONE)
    case .deflate: Int(COMPRESSION_ADOBE_DEFLATE)
    case .zstd: Int(COMPRESSION_ZSTD)
    case .lzw: Int(COMPRESSION_LZW)
    }
  }

  /// Bytes of an encoder's tables and buffers for pieces of so many bytes.
  func encoderBytes(piece: Int) -> Int {
    switch self {
    case .none: 0
    case .deflate: 2 * piece + (2 << 20)
    // A large window is cut to the piece's size; matches take some ten times that at the highest levels.
    case .zstd(let level): (level > 12 ? 14 : 4) * max(1 << 20, piece)
    case .lzw: 2 * piece + (1 << 20)
    }
  }

  /// Refuses levels that don't exist.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest`.
  public func check(path: String? = nil) throws {
    let range: ClosedRange<Int>
    let level: Int
    switch self {
    case .deflate(let chosen): (range, level) = (1...9, chosen)
    case .zstd(let chosen): (range, level) = (1...22, chosen)
    case .none, .lzw: return
    }
    guard range.contains(level) else {
      throw BrickworkError(
        .badRequest, path: path,
        reason:
          "the compression level \(level) is not between \(range.lowerBound) and \(range.upperBound)"
      )
    }
  }
}

/// Turns voxels into strips and tiles as they stand in a file; one for each worker.
final class PieceEncoder {
  private enum Engine {
    case none, lzw
    case deflate(DeflateEncoder)
    case zstd(ZstdCompressor)
  }
  private let engine: Engine
  private let predictor: Predictor
  private let type: VoxelType
  private var filled = VoxelBlock()
  private var compressed = VoxelBlock()
  private var lzw = LZW()

  init(_ compression: TIFFWriter.Compression, type: VoxelType) throws {
    self.type = type
    predictor = Predictor(type, compression)
    engine =
      switch compression {
      case .none: .none
      case .lzw: .lzw
      case .deflate(let level): .deflate(try DeflateEncoder(level: level))
      case .zstd(let level): .zstd(try ZstdCompressor(level: level))
      }
  }

  /// Appends the piece of a view's voxels, one plane, to `bytes`.
  ///
  /// - Parameter shape: the piece's rows and columns, at least the view's; what the view doesn't fill is padding.
  func encode(_ view: borrowing VoxelView, shape: Index3, into bytes: inout [UInt8]) throws {
    try encode(view, shape, &filled, &compressed, into: &bytes)
  }

  // Blocks come as parameters, because a span can't be borrowed from a class's property.
  private func encode(
    _ view: borrowing VoxelView, _ shape: Index3, _ filled: inout VoxelBlock,
    _ compressed: inout VoxelBlock, into bytes: inout [UInt8]
  ) throws {
    let box = view.box
    filled.reshape(to: Box3(size: Index3(z: 1, y: shape.y, x: shape.x)), type: type)
    if box.size.y < shape.y { filled.clear() }
    let rowBytes = shape.x * type.byteCount
    var target = filled.mutableBytes
    for y in 0..<box.size.y {
      var row = target._mutatingExtracting(y * rowBytes..<(y + 1) * rowBytes)
      predictor.apply(
        view.rowBytes(z: box.origin.z, y: box.origin.y + y), into: &row, byteCount: type.byteCount)
    }
    let source = filled.bytes
    switch engine {
    case .none: unsafe source.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    case .lzw: lzw.compress(source, into: &bytes)
    case .deflate(let encoder):
      guard try encoder.compress(source, into: &bytes, allowsGrowth: true) != nil else {
        throw BrickworkError(.inputOutput, reason: "a piece could not be deflated")
      }
    case .zstd(let encoder):
      let room = ZstdCompressor.bound(source.byteCount)
      compressed.reshape(to: Box3(size: Index3(z: 1, y: 1, x: room)), type: .uint8)
      var space = compressed.mutableBytes
      let count = try encoder.compress(source, into: &space, at: 0) ?? 0
      let written = compressed.bytes.extracting(0..<count)
      unsafe written.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
  }
}

/// Turns pieces of a file of ours back into voxels, for the levels that are made from stored ones.
struct PieceDecoder {
  let compression: TIFFWriter.Compression
  let type: VoxelType
  private var scratch: [UInt8] = []

  init(_ compression: TIFFWriter.Compression, type: VoxelType) {
    self.compression = compression
    self.type = type
  }

  /// Fills `block` with a piece; its box has the piece's shape.
  ///
  /// - Throws: `BrickworkError` if the bytes are no such piece.
  mutating func decode(_ bytes: RawSpan, into block: inout VoxelBlock) throws {
    let expected = block.byteCount
    let pixels = block.box.size.x
    var target = block.mutableBytes
    let count: Int?
    switch compression {
    case .none:
      count = bytes.byteCount
      if count == expected {
        unsafe target.withUnsafeMutableBytes { target in
          unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
      }
    case .deflate: count = try Deflate.decompress(bytes, into: &target)
    case .zstd: count = try ZstdDecompressor().decompress(bytes, into: &target)
    case .lzw: count = LZW.decompress(bytes, into: &target)
    }
    guard count == expected else {
      throw BrickworkError(
        .damagedInput,
        reason: "a stored piece has \(count ?? 0) bytes of voxels, and \(expected) were written",
        remedy: "Somebody else changed the unfinished file: delete it, and run the command again")
    }
    Predictor(type, compression).undo(
      &target, pixels: pixels, byteCount: type.byteCount, scratch: &scratch)
  }
}
