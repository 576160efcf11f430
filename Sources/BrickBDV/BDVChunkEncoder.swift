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
/// Keeps its working memory, so one worker uses one encoder.
public final class BDVChunkEncoder {
  private let setups: [BDVSetup]
  private let type: VoxelType
  private let compressor: ChunkCompressor
  private var padded = VoxelBlock()
  /// Whether chunks are compressed.
  public let isDeflating: Bool

  /// Voxels of a chunk of a level, z, y, x.
  public func chunk(level: Int, setup: Int = 0) -> Index3 { setups[setup].levels[level].chunk }

  /// An encoder for chunks of the setups' levels; a writer makes its own.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` for a level that deflate doesn't know.
  public init(setups: [BDVSetup], type: VoxelType, options: BDVExportOptions) throws {
    isDeflating = options.deflateLevel != nil
    self.setups = setups
    self.type = type
    compressor = try ChunkCompressor(
      type, shuffles: options.shuffles(type), deflateLevel: options.deflateLevel)
  }

  /// An encoder of whole chunks of one shape, without a file: for measuring how fast that is.
  package convenience init(chunk: Index3, type: VoxelType, options: BDVExportOptions) throws {
    let level = BDVLevel(factor: .one, size: chunk, chunk: chunk)
    let setup = BDVSetup(name: "", channelName: "", voxelSize: .unknown, levels: [level])
    try self.init(setups: [setup], type: type, options: options)
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
      let bytes = view.bytes.extracting(0..<chunk.volume * type.byteCount)
      return bytes.isAllZero ? nil : try compressor.compress(bytes)
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
    return block.isAllZero ? nil : try compressor.compress(block.bytes)
  }
}
