public import BrickCore

/// Tiles placed on one grid and fused where they overlap; a voxel that no tile covers is 0.
///
/// Axes are z, y, x in voxels of the output grid. A box is cut along the tiles' faces into parts
/// that one and the same set of tiles covers: where that is a single tile its voxels are copied as
/// they are, so every method returns them exactly, and fusion costs only in the overlaps. A voxel's
/// value depends on nothing but the tiles and the method, however the volume is read.
///
/// Tiles may differ in size; they hold the same element type. Finding the tiles of a box does not
/// look at all of them. `linear` follows the usual feathering (Preibisch, Saalfeld and Tomancak
/// 2009, doi:10.1093/bioinformatics/btp184).
public struct StitchedVolume: Volume {
  /// The type of all tiles.
  public let type: VoxelType
  /// Voxels along z, y, x, up to the end of the farthest tile.
  public let size: Index3
  /// How overlapping voxels are fused.
  public let fusion: Fusion

  /// A tile where it lies, in blending order.
  struct PlacedTile: Sendable {
    let volume: any Volume
    let box: Box3
    /// Weights along z, y, x; empty unless the fusion is linear.
    let weights: [[Double]]

    /// The weight of a row's voxels without that along x, at a place of the stitched volume.
    func weight(z: Int, y: Int) -> Double {
      weights[0][z - box.origin.z] * weights[1][y - box.origin.y]
    }

    /// The weights along x in a part of the stitched volume.
    func weightsAlongX<W: BinaryFloatingPoint>(_ part: Box3, as _: W.Type) -> [W] {
      let first = part.origin.x - box.origin.x
      return weights[2][first..<first + part.size.x].map { W($0) }
    }
  }

  /// Voxels whose sums are made at once: with up to 32 bytes each they stay in the second-level cache.
  static let sumVoxels = 1 << 14

  let tiles: [PlacedTile]
  private let index: BoxIndex

  /// The part of a box of `size` voxels that is handled at once where tiles overlap.
  ///
  /// It bounds the scratch.
  func slab(of size: Index3, voxels: Int = 1 << 17) -> Index3 {
    let (row, plane) = (max(1, size.x), max(1, size.y * size.x))
    return plane <= voxels
      ? Index3(z: voxels / plane, y: size.y, x: size.x)
      : Index3(z: 1, y: max(1, voxels / row), x: size.x)
  }

  /// The composite of `volumes` at the boxes of `placement`.
  ///
  /// `order` lists the tiles to blend, first to last: a permutation or a subset of their places;
  /// nil means all of them as given. Places and size stay those of all tiles.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the tiles differ in type, or `order`
  ///   names a tile twice or one that is not there.
  public init(
    _ volumes: [any Volume], placement: TilePlacement, fusion: Fusion, order: [Int]? = nil
  ) throws {
    guard let first = volumes.first else {
      throw BrickworkError(.badRequest, reason: "there is no tile to stitch")
    }
    precondition(volumes.count == placement.boxes.count, "Each tile has its place")
    for (place, volume) in volumes.enumerated() where volume.type != first.type {
      throw BrickworkError(
        .badRequest, place: "tile \(place)",
        reason: "it holds \(volume.type.rawValue) voxels and tile 0 \(first.type.rawValue)",
        remedy: "Convert the tiles to one element type")
    }
    let order = order ?? Array(volumes.indices)
    try Self.check(order, count: volumes.count)
    var known: [Int: [Double]] = [:]
    func weights(_ size: Int, _ width: Double, _ axis: Int) -> [Double] {
      let key = size * 3 + axis
      if let found = known[key] { return found }
      let made = BlendWidth.weights(size: size, width: width)
      known[key] = made
      return made
    }
    tiles = order.map { place in
      let box = placement.boxes[place]
      precondition(box.size == volumes[place].size, "A tile fills its box")
      var ramps: [[Double]] = []
      if case .linear(let width) = fusion {
        ramps = [
          weights(box.size.z, width.z, 0), weights(box.size.y, width.y, 1),
          weights(box.size.x, width.x, 2),
        ]
      }
      return PlacedTile(volume: volumes[place], box: box, weights: ramps)
    }
    index = BoxIndex(tiles.map(\.box))
    type = first.type
    size = placement.size
    self.fusion = fusion
  }

  private static func check(_ order: [Int], count: Int) throws {
    var seen = Set<Int>()
    for place in order {
      guard (0..<count).contains(place) else {
        throw BrickworkError(
          .badRequest,
          reason: "the order names tile \(place), but there are tiles 0 to \(count - 1)")
      }
      guard seen.insert(place).inserted else {
        throw BrickworkError(.badRequest, reason: "the order names tile \(place) twice")
      }
    }
    guard !order.isEmpty else {
      throw BrickworkError(.badRequest, reason: "the order names no tile")
    }
  }

  /// Copies or fuses the tiles under the block's box; what none covers is 0.
  ///
  /// - Throws: `BrickworkError` of the tile that can't be read.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let hits = index.indices(intersecting: block.box)
    if hits.count == 1, tiles[hits[0]].box.contains(block.box) {
      try readTile(hits[0], into: &block)
      return
    }
    block.clear()
    var fuser = Fuser(self)
    try fuser.fuse(hits, into: &block)
  }

  /// Lends the tile's own voxels where a single one covers the box, and fuses into `scratch` elsewhere.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    let hits = index.indices(intersecting: box)
    guard hits.count == 1, tiles[hits[0]].box.contains(box) else {
      scratch.reshape(to: box, type: type)
      try read(into: &scratch)
      return try body(VoxelView(scratch))
    }
    checkBounds(box)
    let tile = tiles[hits[0]]
    try tile.volume.withVoxels(
      of: box.translated(by: .zero - tile.box.origin), scratch: &scratch
    ) { view in try body(view.translated(by: tile.box.origin)) }
  }

  /// Reads from a tile straight into a block that it covers.
  private func readTile(_ hit: Int, into block: inout VoxelBlock) throws {
    let tile = tiles[hit]
    let origin = block.box.origin
    block.move(to: origin - tile.box.origin)
    defer { block.move(to: origin) }
    try tile.volume.read(into: &block)
  }

  /// Slabs of two tiles, the sums of a mean, and the most that reading any tile takes.
  public func scratchBytes(reading size: Index3) -> Int {
    let slab = slab(of: size)
    // Thousands of tiles are alike: the largest answer of the distinct ones counts, found in one pass.
    let below = tiles.reduce(0) {
      max($0, $1.volume.scratchBytes(reading: size.minimum($1.box.size)))
    }
    let copy = BlockStorage.footprint(of: slab.volume * type.byteCount)
    // Two tiles are lent at once, each with what it decoded.
    guard fusion.addsUp else { return below + copy }
    return 2 * (below + copy) + 32 * self.slab(of: size, voxels: Self.sumVoxels).volume
  }

  /// What the tiles that the box touches decode for it.
  public func decodedBytes(reading box: Box3) -> Int {
    let hits = index.indices(intersecting: box)
    return hits.reduce(0) { sum, hit in
      let tile = tiles[hit]
      var part = box.intersection(tile.box).translated(by: .zero - tile.box.origin)
      let bytes = tile.volume.decodedBytes(reading: part)
      guard hits.count > 1 else { return sum + bytes }
      // Fused slab by slab: pieces that the box covers whole are cut by slabs, and the next slab wants them again.
      part.size = part.size.minimum(slab(of: box.size))
      part.size.y = box.intersection(tile.box).size.y
      return sum + max(bytes, tile.volume.decodedBytes(reading: part))
    }
  }

  /// Tells every tile under the box about its part.
  public func willRead(_ box: Box3) {
    for hit in index.indices(intersecting: box) {
      let tile = tiles[hit]
      tile.volume.willRead(box.intersection(tile.box).translated(by: .zero - tile.box.origin))
    }
  }

  /// Tells every tile under the box that its part is not needed for now.
  public func didRead(_ box: Box3) {
    for hit in index.indices(intersecting: box) {
      let tile = tiles[hit]
      tile.volume.didRead(box.intersection(tile.box).translated(by: .zero - tile.box.origin))
    }
  }
}
