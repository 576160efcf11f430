public import BrickCore
internal import BrickFiles
internal import Synchronization

/// A Zarr or N5 array, or one channel and time point of it, as a lazy volume.
///
/// Files are mapped when they are first needed. A brick that a read covers whole is decoded
/// straight to where it belongs; others go through the cache, unless their voxels lie in the file as
/// they are. Bricks and files that are not there read as the fill value. A reader sees a shard as it
/// was when it first looked at it.
public final class ZarrVolume: Volume {
  let source: ZarrSource
  private let leadingBricks: [Int]
  private let slice: Int
  let grid: BrickGrid

  /// Opens the array in the folder `path`.
  ///
  /// - Parameters:
  ///   - leading: an index for each dimension before the spatial ones, slowest first. What remains,
  ///     1 to 3 dimensions, are z, y and x; missing ones have size 1. Empty for more than three
  ///     dimensions takes the first of each, if they have no more.
  ///   - cache: keeps decoded bricks that a read takes only a part of.
  /// - Throws: `BrickworkError` if the metadata are missing, damaged or ask for something unknown;
  ///   `.badRequest` for a leading index that doesn't exist.
  public convenience init(_ path: String, leading: [Int] = [], cache: PieceCache) throws {
    try self.init(try ArrayMetadata(path), leading: leading, cache: cache)
  }

  /// The same for an array whose metadata are known.
  package convenience init(
    _ metadata: ArrayMetadata, leading: [Int] = [], cache: PieceCache
  ) throws {
    let path = metadata.path
    let rank = metadata.shape.count
    var leading = leading
    if leading.isEmpty && rank > 3 && metadata.shape.prefix(rank - 3).allSatisfy({ $0 == 1 }) {
      leading = Array(repeating: 0, count: rank - 3)
    }
    guard (1...3).contains(rank - leading.count) else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "has \(rank) dimensions of \(metadata.shape), of which \(leading.count) are chosen",
        remedy: "Give an index for each dimension before z, y, x")
    }
    let source = ZarrSource(metadata, spatialRank: rank - leading.count, cache: cache)
    try self.init(source, leading: leading)
  }

  init(_ source: ZarrSource, leading: [Int]) throws {
    precondition(leading.count == source.leadingRank, "Each leading dimension has an index")
    let (shape, brick) = (source.metadata.shape, source.metadata.brickShape)
    var (bricks, slice) = ([Int](), 0)
    for (dimension, index) in leading.enumerated() {
      guard index >= 0 && index < shape[dimension] else {
        throw BrickworkError(
          .badRequest, path: source.metadata.path,
          reason:
            "there is no index \(index) in dimension \(dimension), which has \(shape[dimension])",
          remedy: "Count from 0")
      }
      bricks.append(index / brick[dimension])
      slice = slice * brick[dimension] + index % brick[dimension]
    }
    self.source = source
    self.slice = slice
    leadingBricks = bricks
    grid = BrickGrid(size: source.size, brick: source.brick)
  }

  /// What the array's document says.
  public var metadata: ArrayMetadata { source.metadata }
  /// The array's type.
  public var type: VoxelType { source.metadata.type }
  /// Voxels along z, y, x; 1 along axes the array doesn't have.
  public var size: Index3 { source.size }
  /// Voxels of a brick along z, y, x.
  public var brick: Index3 { source.brick }

  /// Decodes the bricks under the block's box; bricks that are not there are the fill value.
  ///
  /// - Throws: `BrickworkError` with the file and the brick, if one is damaged or can't be read.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    let indices = grid.indices(intersecting: block.box)
    var scratch = VoxelBlock()
    var ahead = Lookahead(indices)
    // What another thread is decoding is left for the end, so that threads share the work.
    var busy: [Index3] = []
    try indices.forEachPosition { index in
      let box = grid.box(at: index)
      let whole = source.slices == 1 && block.box.contains(box)
      if whole { ahead.advance { if let place = try? place(of: $0) { willNeed(place) } } }
      guard let place = try place(of: index) else { return fill(&block, box) }
      if whole && block.box.size == source.brick {
        try source.decode(place, arrayIndices(index), into: &block)
      } else if source.isPlain {
        try lend(place, index, box) { block.copy(from: $0) }
      } else if whole {
        scratch.reshape(to: Box3(origin: box.origin, size: source.brick), type: type)
        try source.decode(place, arrayIndices(index), into: &scratch)
        block.copy(from: VoxelView(scratch))
      } else if let piece = try source.pieceUnlessBusy(place, arrayIndices(index)) {
        lend(piece.block, box.origin, box) { block.copy(from: $0) }
      } else {
        busy.append(index)
      }
    }
    for index in busy {
      guard let place = try place(of: index) else { continue }
      let piece = try source.piece(place, arrayIndices(index))
      let box = grid.box(at: index)
      lend(piece.block, box.origin, box) { block.copy(from: $0) }
    }
  }

  /// Lends part of a single brick from the cache; gathers anything else in `scratch`.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    let indices = grid.indices(intersecting: box)
    // Part of a single brick is lent from the cache or its file; anything else is gathered.
    if indices.count == 1, source.isPlain || grid.box(at: indices.origin) != box,
      let place = try place(of: indices.origin)
    {
      checkBounds(box)
      if source.isPlain { return try lend(place, indices.origin, box, body) }
      let piece = try source.piece(place, arrayIndices(indices.origin))
      return try lend(piece.block, grid.box(at: indices.origin).origin, box, body)
    }
    scratch.reshape(to: box, type: type)
    try read(into: &scratch)
    try body(VoxelView(scratch))
  }

  /// One decoded brick, and what decoding takes: contexts, stages between, open shards' indexes.
  public func scratchBytes(reading size: Index3) -> Int {
    BlockStorage.footprint(of: source.metadata.brickBytes) + source.decodingBytes
  }

  /// The bricks that the box cuts: those it covers whole pass by the cache.
  public func decodedBytes(reading box: Box3) -> Int {
    guard !box.isEmpty && !source.isPlain else { return 0 }
    let touched = grid.indices(intersecting: box).size
    var cut = touched.volume
    if source.slices == 1 {
      func whole(_ axis: (Index3) -> Int) -> Int {
        let (size, brick) = (axis(self.size), axis(self.brick))
        let (start, end) = (axis(box.origin), axis(box.end))
        let first = (start + brick - 1) / brick
        let last = end == size ? (end + brick - 1) / brick : end / brick
        return max(0, last - first)
      }
      cut -= whole(\.z) * whole(\.y) * whole(\.x)
    }
    return cut * BlockStorage.footprint(of: source.metadata.brickBytes)
  }

  /// The volume cut into files: shards, or single bricks where the array has none.
  public var shards: BrickGrid {
    let extents = metadata.fileShape.dropFirst(source.leadingRank)
    let three = Array(repeating: 1, count: 3 - extents.count) + extents
    return BrickGrid(size: size, brick: Index3(z: three[0], y: three[1], x: three[2]))
  }

  /// Decodes every stored brick of a shard, checksums included, and returns how many there are and
  /// their stored bytes.
  ///
  /// - Parameter shard: its index along z, y, x (`shards`).
  /// - Throws: `BrickworkError` (`.damagedInput`) that names the first brick that doesn't decode.
  public func check(shard: Index3) throws -> (bricks: Int, bytes: Int) {
    var (bricks, bytes) = (0, 0)
    var scratch = VoxelBlock(source.decodedBox, type: type)
    try grid.indices(intersecting: shards.box(at: shard)).forEachPosition { index in
      guard let place = try place(of: index) else { return }
      try source.decode(place, arrayIndices(index), into: &scratch)
      bricks += 1
      bytes += place.range.count
    }
    return (bricks, bytes)
  }

  /// Has the stored bytes of the bricks read in the background, where their shards can be opened.
  public func willRead(_ box: Box3) {
    // Only advice: an error shows again, and is thrown, when the brick is read.
    grid.indices(intersecting: box).forEachPosition { index in
      if let place = try? place(of: index) { willNeed(place) }
    }
  }

  private func willNeed(_ place: ZarrSource.Place) { place.shard.file.willNeed(place.range) }

  private func arrayIndices(_ index: Index3) -> [Int] {
    leadingBricks + index.components.suffix(source.metadata.shape.count - source.leadingRank)
  }

  func place(of index: Index3) throws -> ZarrSource.Place? {
    try source.place(of: arrayIndices(index))
  }

  /// Lends the voxels of `box` out of a decoded brick that begins at `origin`.
  private func lend(
    _ decoded: borrowing VoxelBlock, _ origin: Index3, _ box: Box3,
    _ body: (borrowing VoxelView) throws -> Void
  ) rethrows {
    let (first, row, plane) = layout(box.origin - origin)
    let bytes = decoded.bytes.extracting(droppingFirst: first)
    try body(VoxelView(bytes, box: box, type: type, rowStride: row, planeStride: plane))
  }

  /// Lends the voxels of `box` out of the brick at `index`, which is stored as it is.
  private func lend(
    _ place: ZarrSource.Place, _ index: Index3, _ box: Box3,
    _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    try source.checkPlain(place, arrayIndices(index))
    let (first, row, plane) = layout(box.origin - grid.box(at: index).origin)
    let file = place.shard.file
    source.readBricks.wrappingAdd(1, ordering: .relaxed)
    let bytes = file.bytes.extracting(place.range).extracting(droppingFirst: first)
    try body(VoxelView(bytes, box: box, type: type, rowStride: row, planeStride: plane))
    file.doneWith(place.range)
    try file.checkIntact()
  }

  /// Where in a brick's bytes the voxel lies that is `shift` from its first, and the strides.
  private func layout(_ shift: Index3) -> (first: Int, row: Int, plane: Int) {
    let row = source.brick.x * type.byteCount
    let plane = row * source.brick.y
    return (
      (slice * source.brick.z + shift.z) * plane + shift.y * row + shift.x * type.byteCount, row,
      plane
    )
  }

  /// Sets the voxels of `block` that lie in `box` to the fill value.
  private func fill(_ block: inout VoxelBlock, _ box: Box3) {
    let shared = block.box.intersection(box)
    if shared == block.box && metadata.fill.allSatisfy({ $0 == 0 }) { return block.clear() }
    var row: [UInt8] = []
    row.reserveCapacity(shared.size.x * type.byteCount)
    for _ in 0..<shared.size.x { row += metadata.fill }
    let view = unsafe VoxelView(
      row.span.bytes, box: shared, type: type, rowStride: 0, planeStride: 0)
    block.copy(from: view)
  }
}

/// Walks some bricks ahead of the one being decoded, so that the disk is not idle meanwhile.
private struct Lookahead {
  private let indices: Box3
  private var next = 1
  private var current = 0
  private static let distance = 3

  init(_ indices: Box3) { self.indices = indices }

  mutating func advance(_ body: (Index3) -> Void) {
    while next <= current + Self.distance && next < indices.count {
      let (zy, x) = next.quotientAndRemainder(dividingBy: indices.size.x)
      let (z, y) = zy.quotientAndRemainder(dividingBy: indices.size.y)
      body(indices.origin + Index3(z: z, y: y, x: x))
      next += 1
    }
    current += 1
  }
}
