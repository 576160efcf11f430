internal import BrickCodecs
public import BrickCore
internal import BrickFiles

/// Turns voxels into the bytes of a stored brick, with one reused context and reused buffers.
///
/// One per worker: not for several threads at once. The same voxels give the same bytes.
public final class BrickEncoder {
  private enum Compressor {
    case blosc(BloscCompressor)
    case zstd(ZstdCompressor)
    case none
  }
  private let type: VoxelType
  private let brick: Index3
  private let compressor: Compressor
  private var padded = VoxelBlock()
  private var encoded: VoxelBlock
  private let encodedBound: Int

  /// - Parameters:
  ///   - brick: voxels of a full brick, z, y, x.
  /// - Throws: `BrickworkError` (`.badRequest`) for a level zstd doesn't know, or a brick of more
  ///   than 512 MiB.
  public init(codec: BrickCodec, type: VoxelType, brick: Index3) throws {
    guard let voxels = brick.checkedVolume, voxels > 0,
      voxels <= BloscFrame.largestContent / type.byteCount
    else {
      throw BrickworkError(
        .badRequest, reason: "a brick of \(brick) \(type) voxels is not between 1 byte and 512 MiB",
        remedy: "Choose a brick like 64,64,64")
    }
    self.type = type
    self.brick = brick
    let byteCount = voxels * type.byteCount
    switch codec {
    case .bloscZstd(let level):
      compressor = .blosc(try BloscCompressor(level: level, width: type.byteCount))
      encodedBound = BloscFrame.bound(byteCount)
    case .zstd(let level):
      compressor = .zstd(try ZstdCompressor(level: level))
      encodedBound = ZstdCompressor.bound(byteCount)
    case .none:
      compressor = .none
      encodedBound = 0
    }
    encoded = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: encodedBound)), type: .uint8)
  }

  /// Appends the stored form of a brick, checksum included, to `bytes`.
  ///
  /// - Parameter view: the brick's voxels; one smaller than the brick, at an array's edge, is
  ///   filled up with zeros at its end.
  /// - Returns: where it lies in `bytes`; nil, and nothing appended, if every byte is zero. A float −0
  ///   is no zero.
  public func encode(_ view: borrowing VoxelView, into bytes: inout [UInt8]) throws -> Range<Int>? {
    precondition(view.type == type, "The encoder takes \(type), not \(view.type)")
    let size = view.box.size
    precondition(
      size.z <= brick.z && size.y <= brick.y && size.x <= brick.x, "The view is larger than a brick"
    )
    if view.isAllZero { return nil }
    let row = brick.x * type.byteCount
    if size == brick && view.rowStride == row && view.planeStride == row * brick.y {
      return try store(
        view.bytes.extracting(first: row * brick.y * brick.z), &encoded, into: &bytes)
    }
    return try gather(view, &padded, into: &bytes)
  }

  private func gather(
    _ view: borrowing VoxelView, _ block: inout VoxelBlock, into bytes: inout [UInt8]
  ) throws -> Range<Int> {
    block.reshape(to: Box3(origin: view.box.origin, size: brick), type: type)
    if view.box.size != brick { block.clear() }
    block.copy(from: view)
    return try store(block.bytes, &encoded, into: &bytes)
  }

  private func store(
    _ voxels: RawSpan, _ buffer: inout VoxelBlock, into bytes: inout [UInt8]
  ) throws -> Range<Int> {
    let start = bytes.count
    switch compressor {
    case .none: bytes.append(contentsOf: voxels)
    case .blosc(let blosc):
      var target = buffer.mutableBytes
      let count = try blosc.compress(voxels, into: &target)
      bytes.append(contentsOf: buffer.bytes.extracting(first: count))
    case .zstd(let zstd):
      var target = buffer.mutableBytes
      guard let count = try zstd.compress(voxels, into: &target, at: 0) else {
        preconditionFailure("zstd passed its own bound")
      }
      bytes.append(contentsOf: buffer.bytes.extracting(first: count))
    }
    let checksum = unsafe CRC32C.checksum(bytes.span.bytes.extracting(start..<bytes.count))
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
    return start..<bytes.count
  }

  /// Bytes of memory the encoder holds once it has encoded a brick, without the caller's array.
  ///
  /// Encodes a brick of zeros to find out what the library takes for its context.
  public var scratchBytes: Int {
    let byteCount = brick.volume * type.byteCount
    let buffers = BlockStorage.footprint(of: byteCount) + BlockStorage.footprint(of: encodedBound)
    var block = VoxelBlock(Box3(size: brick), type: type)
    block.clear()
    var ignored: [UInt8] = []
    _ = try? store(block.bytes, &encoded, into: &ignored)
    return switch compressor {
    case .none: buffers
    case .zstd(let zstd): buffers + zstd.contextBytes
    case .blosc(let blosc): buffers + blosc.scratchBytes
    }
  }
}

extension VoxelView {
  /// Whether every byte of every voxel is zero.
  var isAllZero: Bool {
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y where !rowBytes(z: z, y: y).isAllZero { return false }
    }
    return true
  }
}
