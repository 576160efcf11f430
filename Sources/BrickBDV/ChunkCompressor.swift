internal import BrickCodecs
internal import BrickCore
internal import BrickHDF5

/// Has the bytes of whole chunks pass a dataset's filters: the shuffle and deflate, as far as it has them.
///
/// Other filters are skipped, which the chunk's mask tells every reader: a chunk of any dataset can be written.
final class ChunkCompressor {
  private let type: VoxelType
  private let shuffles: Bool
  private let encoder: DeflateEncoder?
  /// The masks of a chunk that passed shuffle and deflate, and of one that did not shrink.
  private let masks: (compressed: UInt32, raw: UInt32)
  private var shuffled = VoxelBlock()

  /// For a dataset with these filters and no others.
  init(_ type: VoxelType, shuffles: Bool, deflateLevel: Int?) throws {
    self.type = type
    self.shuffles = shuffles
    encoder = try deflateLevel.map { try DeflateEncoder(level: $0) }
    masks = (0, deflateLevel == nil ? 0 : shuffles ? 0b11 : 0b1)
  }

  /// For a dataset that has these filters, among others perhaps.
  init(_ type: VoxelType, _ filters: [HDF5Filter]) throws {
    self.type = type
    let all = filters.indices.reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
    let deflate = filters.firstIndex { $0.id == 1 }
    let shuffle = filters[..<(deflate ?? 0)].lastIndex {
      $0.id == 2 && ($0.parameters.first.map { Int($0) } ?? type.byteCount) == type.byteCount
    }
    shuffles = shuffle != nil
    encoder = try deflate.map {
      try DeflateEncoder(level: max(1, Int(filters[$0].parameters.first ?? 1)))
    }
    let passed = [deflate, shuffle].compactMap { $0 }.reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
    masks = (all & ~passed, all)
  }

  /// A chunk's bytes as they stand in the file; raw where compression does not pay.
  func compress(_ bytes: RawSpan) throws -> EncodedChunk {
    if let encoder {
      var compressed: [UInt8] = []
      let count: Int?
      if shuffles {
        count = try shuffle(bytes, with: encoder, through: &shuffled, into: &compressed)
      } else {
        count = try encoder.compress(bytes, into: &compressed)
      }
      if count != nil {
        return EncodedChunk(bytes: compressed, skippedFilters: masks.compressed)
      }
    }
    return EncodedChunk(
      bytes: unsafe bytes.withUnsafeBytes { unsafe Array($0) }, skippedFilters: masks.raw)
  }

  // The block comes as a parameter, because a span can't be borrowed from a class's property.
  private func shuffle(
    _ bytes: RawSpan, with encoder: DeflateEncoder, through block: inout VoxelBlock,
    into compressed: inout [UInt8]
  ) throws -> Int? {
    block.reshape(to: Box3(size: Index3(z: 1, y: 1, x: bytes.byteCount)), type: .uint8)
    var target = block.mutableBytes
    Shuffle.shuffle(bytes, width: type.byteCount, into: &target)
    return try encoder.compress(block.bytes, into: &compressed)
  }
}
