internal import BrickCodecs
internal import BrickCore

/// Undoes the filters of a chunk, outside the library's lock.
///
/// Format of the filters: the HDF5 file format specification, and the library's own sources where that is silent.
struct ChunkDecoder: Sendable {
  /// What undoes one filter.
  private enum Stage: Sendable {
    case inflate
    case unshuffle(width: Int)
    case fletcher32
    case scaleOffset(ScaleOffset)
    case packedBits(PackedBits)
    case nothing
    case lzf
  }

  /// In the order in which chunks passed the filters when they were written.
  private let stages: [Stage]
  private let chunkBytes: Int
  private let element: HDF5Element
  /// Whether chunks that reach past the dataset's end passed no filter.
  let leavesEdgesRaw: Bool

  /// A decoder; nil if only the library knows one of the filters.
  ///
  /// - Parameter elements: In a chunk.
  init?(
    _ filters: [HDF5Filter], chunkBytes: Int, element: HDF5Element, elements: Int,
    leavesEdgesRaw: Bool
  ) {
    // Elements that have unused bits become voxels by the n-bit filter alone.
    guard element.isExact || filters.first?.id == HDF5Filter.nbit else { return nil }
    var stages: [Stage] = []
    for (place, filter) in filters.enumerated() {
      switch filter.id {
      case HDF5Filter.deflate: stages.append(.inflate)
      case HDF5Filter.shuffle:
        let width = filter.parameters.first.map { Int($0) } ?? element.type.byteCount
        guard width > 0, width <= 8 else { return nil }
        stages.append(.unshuffle(width: width))
      case HDF5Filter.fletcher32: stages.append(.fletcher32)
      case HDF5Filter.scaleOffset:
        // It has to see the voxels themselves.
        guard place == 0,
          let decoder = ScaleOffset(
            filter.parameters, type: element.type, count: elements)
        else { return nil }
        stages.append(.scaleOffset(decoder))
      case HDF5Filter.nbit where element.isExact && filter.parameters.dropFirst().first == 1:
        // All bits are used: chunks lie as they do without the filter, whose bit in masks it keeps.
        stages.append(.nothing)
      case HDF5Filter.nbit:
        guard place == 0,
          let decoder = PackedBits(filter.parameters, type: element.type, count: elements)
        else { return nil }
        stages.append(.packedBits(decoder))
      case HDF5Filter.lzf: stages.append(.lzf)
      default: return nil
      }
    }
    self.stages = stages
    self.chunkBytes = chunkBytes
    self.element = element
    self.leavesEdgesRaw = leavesEdgesRaw
  }

  /// Whether chunks lie in the file as they are.
  var isRaw: Bool { stages.isEmpty }

  /// Whether chunks can't grow more than about a thousandfold: scale-offset and lzf have no such limit.
  var isBounded: Bool {
    stages.allSatisfy { stage in
      switch stage {
      case .scaleOffset, .packedBits: false
      default: true
      }
    }
  }

  /// What a filter may add to a chunk: headers, checksums, and deflate's blocks of voxels that don't compress.
  private var mostAdded: Int { 1024 + chunkBytes / 1024 }

  /// The most bytes a chunk can take in the file: more is no chunk.
  var mostStoredBytes: Int { chunkBytes + (stages.isEmpty ? 0 : chunkBytes / 8 + 65536) }

  /// The bytes that decoding takes at most besides the chunk itself: as stored, and between filters.
  var scratchBytes: Int {
    BlockStorage.footprint(of: mostStoredBytes)
      + max(0, stages.count - 1) * BlockStorage.footprint(of: chunkBytes + mostAdded)
      + ZlibDecompressor.scratchBytes
  }

  /// Decodes a chunk into the voxels' bytes, in the processor's order.
  ///
  /// - Parameters:
  ///   - mask: A bit for each filter that the chunk has not passed.
  ///   - isPartial: Whether the chunk reaches past the dataset's end.
  /// - Throws: `BrickworkError` with code `.damagedInput`, without a path.
  func decode(_ stored: RawSpan, mask: UInt32, isPartial: Bool, into block: inout VoxelBlock) throws
  {
    let passed =
      leavesEdgesRaw && isPartial
      ? [] : stages.enumerated().filter { $0.offset >= 32 || mask >> UInt32($0.offset) & 1 == 0 }
    var target = block.mutableBytes
    try undo(passed.map(\.element)[...], stored, into: &target)
    var inOrder = false
    if case .packedBits = stages.first { inOrder = true }
    // Bits that were not packed, because all of them count, lie as they do without the filter.
    let isPacked = inOrder && passed.first?.offset == 0
    if element.isSwapped && !isPacked { block.swapBytes() }
  }

  /// The same for a chunk of a file, which errors name.
  func decode(
    _ stored: RawSpan, mask: UInt32, isPartial: Bool, into block: inout VoxelBlock,
    _ place: HDF5Place
  ) throws {
    // A damaged file may claim chunks of any size: deflate gives a thousand bytes for one, no more.
    guard chunkBytes / 2048 <= stored.byteCount || !isBounded else {
      throw place.damaged("\(stored.byteCount) bytes can't hold a chunk of \(chunkBytes)")
    }
    do {
      try decode(stored, mask: mask, isPartial: isPartial, into: &block)
    } catch var error as BrickworkError {
      error.path = place.path
      error.place = place.object
      error.remedy = error.remedy ?? "Restore the file from a copy, or export it again"
      throw error
    }
  }

  /// Undoes the filters from the last to the first.
  private func undo(
    _ stages: ArraySlice<Stage>, _ source: RawSpan, into target: inout MutableRawSpan
  ) throws {
    guard let last = stages.last else {
      guard source.byteCount == target.byteCount else {
        throw wrong(source.byteCount, target.byteCount)
      }
      return copyBytes(source, to: &target, at: 0)
    }
    if case .nothing = last { return try undo(stages.dropLast(), source, into: &target) }
    if case .fletcher32 = last {
      let content = try Fletcher32.checked(source)
      return try undo(stages.dropLast(), source.extracting(0..<content), into: &target)
    }
    if stages.count == 1 {
      let count = try apply(last, source, into: &target)
      guard count == target.byteCount else { throw wrong(count, target.byteCount) }
      return
    }
    var between = VoxelBlock(
      Box3(size: Index3(z: 1, y: 1, x: chunkBytes + mostAdded)), type: .uint8)
    var room = between.mutableBytes
    let count = try apply(last, source, into: &room)
    try undo(stages.dropLast(), between.bytes.extracting(0..<count), into: &target)
  }

  private func wrong(_ found: Int, _ wanted: Int) -> BrickworkError {
    BrickworkError(
      .damagedInput, reason: "the chunk holds \(found) bytes of voxels, not \(wanted)")
  }

  private func apply(
    _ stage: Stage, _ source: RawSpan, into target: inout MutableRawSpan
  ) throws -> Int {
    switch stage {
    case .inflate:
      let decompressor = try ZlibDecompressor()
      return try decompressor.decompress(source, into: &target)
    case .unshuffle(let width):
      guard source.byteCount <= target.byteCount else {
        throw wrong(source.byteCount, target.byteCount)
      }
      var part = target._mutatingExtracting(first: source.byteCount)
      Shuffle.unshuffle(source, width: width, into: &part)
      return source.byteCount
    case .lzf: return try LZF.decompress(source, into: &target)
    case .scaleOffset(let decoder):
      try decoder.decode(source, isSwapped: element.isSwapped, into: &target)
      return chunkBytes
    case .packedBits(let decoder):
      try decoder.decode(source, into: &target)
      return chunkBytes
    case .fletcher32, .nothing: return 0
    }
  }
}
