public import BrickCore
public import BrickZarr

extension StorePlan {
  /// Bytes of decoded pieces that a slab of blocks should not exceed.
  ///
  /// What a budget of 384 MiB has left for them beside a decoder that takes much itself (JPEG 2000). The number is
  /// fixed, so that a store does not depend on the budget of the run that wrote it.
  static let slabReference = 128 << 20
  /// Beyond this a slab is so large that whole planes are of no use: few machines would hold it.
  static let largestSlab = 1 << 30
  /// Blocks that decode less than this times what they share decode their own pieces.
  static let separateBlocks = 1.05

  /// Plans the store of `source` so that each of its compressed pieces need be decoded only once.
  ///
  /// What the source says of a few boxes decides. Where blocks hardly share pieces (raw voxels, chunks about as
  /// large as bricks) the plan is the usual one. Where they do (pages, strips, frames), a work item covers whole planes,
  /// blocks come slab by slab along z, and bricks are as thin as it takes for a slab's pieces to fit into 128 MiB: 64,
  /// 32, 16 or 8 planes of about 2¹⁸ voxels.
  ///
  /// - Parameter brick: voxels of a brick, if they shall not be chosen; the order of blocks still is.
  /// - Throws: `BrickworkError` with code `.badRequest` if the shapes don't fit each other.
  public init(
    decodingOnce source: any Volume, path: String, voxelSize: VoxelSize, brick: Index3? = nil,
    shard: Index3? = nil, codec: BrickCodec? = nil, levels: LevelCount = .automatic,
    leading: LeadingAxes = .none
  ) throws {
    func plan(_ brick: Index3?, wholePlanes: Bool) throws -> StorePlan {
      try StorePlan(
        path: path, size: source.size, type: source.type, voxelSize: voxelSize, brick: brick,
        shard: shard, codec: codec, levels: levels, leading: leading, wholePlanes: wholePlanes)
    }
    let usual = try plan(brick, wholePlanes: false)
    guard usual.sharesPieces(of: source) else {
      self = usual
      return
    }
    // A given shard has to stay a multiple of the brick.
    var candidates = [64, 32, 16, 8].map { StorePlan.defaultBrick(source.size, planes: $0) }
    if let shard { candidates.removeAll { !shard.isMultiple(of: $0) } }
    if let brick { candidates = [brick] }
    var chosen: StorePlan?
    for candidate in candidates {
      let slabs = try plan(candidate, wholePlanes: true)
      let bytes = slabs.slabBytes(of: source)
      if bytes <= StorePlan.largestSlab { chosen = slabs }
      if bytes <= StorePlan.slabReference { break }
    }
    self = chosen ?? usual
  }

  /// The decoded pieces under a slab of blocks of the first pass, in the middle of the volume.
  private func slabBytes(of source: any Volume) -> Int {
    source.decodedBytes(reading: middleSlab(of: source.size))
  }

  private func middleSlab(of size: Index3) -> Box3 {
    var slab = size
    slab.z = min(passes[0].block.z, size.z)
    let grid = BrickGrid(size: size, brick: slab.maximum(.one))
    return grid.box(at: grid.index(at: grid.count / 2))
  }

  /// Whether blocks decode pieces that others need as well.
  private func sharesPieces(of source: any Volume) -> Bool {
    guard source.size.checkedVolume.map({ $0 > 0 }) == true else { return false }
    let slab = middleSlab(of: source.size)
    let overlap = DecodingForecast.overlap(of: source, in: slab, parts: passes[0].block)
    return overlap > StorePlan.separateBlocks
  }
}
