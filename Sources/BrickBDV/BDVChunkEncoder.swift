internal import BrickCodecs
public import BrickCore

/// A chunk as it will stand in the file.
public struct EncodedChunk: Sendable, Hashable {
  /// The chunk's bytes after the filters.
  public let bytes: [UInt8]
  /// Bits of the filters this chunk did not pass, because it would not have shrunk.
  let skippedFilters: UInt32
}

/// Turns voxels into chunks: padding, byte shuffle, deflate, all outside the HDF5 library and its lock.
///
/// Keeps its working memory, so one worker uses one encoder. Make it with `BDVFileWriter.makeEncoder`.
public final class BDVChunkEncoder {
  private let setups: [BDVSetup]
  private let type: VoxelType
  private let shuffles: Bool
  private let encoder: DeflateEncoder?
  private var padded = VoxelBlock()
  private var shuffled = VoxelBlock()

  init(setups: [BDVSetup], type: VoxelType, options: BDVExportOptions) throws {
    self.setups = setups
    self.type = type
    shuffles = options.shuffles(type)
    encoder = try options.deflateLevel.map { try DeflateEncoder(level: $0) }
  }

  /// The chunk of a view's voxels, filled up with zeros where the view is smaller than a chunk of its
  /// level; nil if every byte is zero, because such a chunk need not be stored.
  ///
  /// - Parameters:
  ///   - view: At most a chunk's voxels, of the writer's type; its first voxel is the chunk's.
  ///   - setup: Counted from 0 in the writer's setups.
  public func encode(
    _ view: borrowing VoxelView, level: Int, setup: Int = 0
  ) throws -> EncodedChunk? {
    let chunk = setups[setup].levels[level].chunk
    precondition(view.type == type, "The file holds \(type), not \(view.type)")
    precondition(
      view.box.size.minimum(chunk) == view.box.size, "A chunk of \(chunk) can't hold \(view.box)")
    let row = view.box.size.x * type.byteCount
    if view.box.size == chunk && view.rowStride == row && view.planeStride == row * chunk.y {
      return try encode(view.bytes.extracting(0..<chunk.volume * type.byteCount))
    }
    return try encode(view, filling: chunk, in: &padded)
  }

  // Blocks come as parameters, because a span can't be borrowed from a class's property.
  private func encode(
    _ view: borrowing VoxelView, filling chunk: Index3, in block: inout VoxelBlock
  ) throws -> EncodedChunk? {
    block.reshape(to: Box3(origin: view.box.origin, size: chunk), type: type)
    if view.box.size != chunk { block.clear() }
    block.copy(from: view)
    return try encode(block.bytes)
  }

  private func encode(_ bytes: RawSpan) throws -> EncodedChunk? {
    if bytes.isAllZero { return nil }
    guard let encoder else { return EncodedChunk(bytes: array(bytes), skippedFilters: 0) }
    var compressed: [UInt8] = []
    let count: Int?
    if shuffles {
      count = try shuffle(bytes, with: encoder, through: &shuffled, into: &compressed)
    } else {
      count = try encoder.compress(bytes, into: &compressed)
    }
    if count != nil { return EncodedChunk(bytes: compressed, skippedFilters: 0) }
    return EncodedChunk(bytes: array(bytes), skippedFilters: shuffles ? 0b11 : 0b1)
  }

  private func shuffle(
    _ bytes: RawSpan, with encoder: DeflateEncoder, through block: inout VoxelBlock,
    into compressed: inout [UInt8]
  ) throws -> Int? {
    block.reshape(to: Box3(size: Index3(z: 1, y: 1, x: bytes.byteCount)), type: .uint8)
    var target = block.mutableBytes
    Shuffle.shuffle(bytes, width: type.byteCount, into: &target)
    return try encoder.compress(block.bytes, into: &compressed)
  }

  private func array(_ bytes: RawSpan) -> [UInt8] {
    unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }
}
