public import BrickCore
public import BrickZarr

/// One level of the pyramid to write.
public struct LevelPlan: Sendable, Hashable {
  /// The array to write: path, size, shapes and codec.
  public let array: ZarrArray
  /// How many voxels of level 0 a voxel stands for along each axis.
  public let factor: Index3
  /// How many voxels of the level before; (1, 1, 1) for level 0.
  public let step: Index3
}

/// Neighbouring levels that are computed together: the first from the source, each other from the
/// one before it, in memory.
public struct PassPlan: Sendable, Hashable {
  /// The levels of the pass, first to last; ranges of passes meet without a gap.
  public let levels: Range<Int>
  /// Voxels of the pass's first level that one work item covers.
  public let region: Index3
  /// Voxels of the pass's first level that are computed at once: whole bricks of it and of the next level.
  public let block: Index3
}

/// What is to be written, decided before anything is: levels, shards and passes.
///
/// It never changes. A work item owns whole shard files at every level of its pass: the shard shape
/// shrinks with the level where it must (512, 256, 128, 64 voxels for 64-voxel bricks), so that no
/// file is ever shared by two items and no level is read back inside a pass. What is coarser than a
/// pass reaches is made by the next pass from the last level of this one, some 1/500 of the data.
///
/// An image with time points and channels is one volume for each, all planned alike: the work items of
/// a pass are those of its first part, then those of the second, and so on.
public struct StorePlan: Sendable, Hashable {
  /// The pyramid's levels, finest first.
  public let levels: [LevelPlan]
  /// The passes, in the order in which they run.
  public let passes: [PassPlan]
  /// The axes of the image before z, y, x.
  public let leading: LeadingAxes
  /// How each level is made from the one before.
  public let reduction: LevelReduction

  /// A work item covers at least this many bricks along each axis, so that three halvings fit.
  static let bricksPerRegion = 8

  /// Plans the store at `path` for a volume of `size`.
  ///
  /// - Parameters:
  ///   - brick: voxels of a brick, or nil for about 64³, flatter where the volume is thin.
  ///   - shard: voxels of a shard at level 0, a multiple of the brick, or nil for 512³ cut to the volume.
  ///   - leading: time points and channels, for each of which there is a volume of `size`.
  ///   - codec: nil takes the usual one: blosc with zstd for intensities, plain zstd for labels.
  ///   - reduction: how each level is made from the one before.
  ///   - wholePlanes: whether a work item covers all of y and x, so that a volume is finished slab by slab
  ///     along z: for sources that are compressed page by page.
  /// - Throws: `BrickworkError` with code `.badRequest` if the shapes don't fit each other, or voxels of the type have no
  ///   majority.
  public init(
    path: String, size: Index3, type: VoxelType, voxelSize: VoxelSize, brick: Index3? = nil,
    shard: Index3? = nil, codec: BrickCodec? = nil, levels count: LevelCount = .automatic,
    leading: LeadingAxes = .none, reduction: LevelReduction = .mean, wholePlanes: Bool = false
  ) throws {
    guard reduction.method.serves(type) else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "labels are integers, and \(type.rawValue) voxels have no majority",
        remedy: "Convert the voxels to an integer type, or let levels be means")
    }
    guard size.x > 0, size.y > 0, size.z > 0 else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "a store of \(size) voxels would hold nothing: the tiles have no voxels",
        remedy: "Look at the tiles with brickwork info; a file without frames has no planes")
    }
    let brick = brick ?? Self.defaultBrick(size)
    try Self.check(brick, "brick")
    let shard = shard ?? Self.defaultShard(size, brick, wholePlanes: wholePlanes)
    try Self.check(shard, "shard")
    guard shard.isMultiple(of: brick) else {
      throw BrickworkError(
        .badRequest,
        reason:
          "a shard of \(shard.components) voxels is not made of whole bricks of \(brick.components)",
        remedy: "Choose a shard that is a multiple of the brick along each axis")
    }
    let region = Self.region(shard: shard, brick: brick, spanning: wholePlanes ? size : nil)
    let factors = PyramidFactors.propose(size: size, voxelSize: voxelSize, levels: count)
    let usualCodec = reduction == .majority ? .zstd(level: 1) : BrickCodec.automatic(for: type)
    var levels: [LevelPlan] = []
    var passes: [PassPlan] = []
    var start = 0
    for (n, factor) in factors.enumerated() {
      let step = n == 0 ? Index3.one : factor.dividedRoundingDown(by: factors[n - 1])
      let levelSize = n == 0 ? size : levels[n - 1].array.size.dividedRoundingUp(by: step)
      let inPass = factor.dividedRoundingDown(by: factors[start])
      let firstSize = start == n ? levelSize : levels[start].array.size
      var shape = Self.shard(
        shard, brick: brick, region: region, factor: inPass, size: firstSize)
      if shape == nil {
        passes.append(Self.pass(start..<n, region, brick, levels))
        start = n
        shape = shard
      }
      levels.append(
        LevelPlan(
          array: ZarrArray(
            path: "\(path)/\(n)", size: levelSize, type: type, brick: brick, shard: shape ?? shard,
            codec: codec ?? usualCodec, leading: leading), factor: factor, step: step))
    }
    passes.append(Self.pass(start..<levels.count, region, brick, levels))
    self.levels = levels
    self.passes = passes
    self.leading = leading
    self.reduction = reduction
  }

  private static func pass(
    _ range: Range<Int>, _ region: Index3, _ brick: Index3, _ levels: [LevelPlan]
  ) -> PassPlan {
    // Without a next level two bricks along x still make longer rows to read.
    var block = brick * Index3(z: 1, y: 1, x: 2)
    if range.count > 1 {
      block = brick * levels[range.lowerBound + 1].step
    }
    if range.count > 2 {
      // Bricks of an odd size: the next level's part has to start at a voxel that the level after it keeps.
      let both = levels[range.lowerBound + 1].step * levels[range.lowerBound + 2].step
      block = block.zip(both) { $0.isMultiple(of: $1) ? $0 : 2 * $0 }
    }
    return PassPlan(levels: range, region: region, block: block.minimum(region))
  }

  /// About 2¹⁸ voxels: 64 along each axis, fewer where the volume is thinner, or along z where `planes` says
  /// so, and then more along x and y.
  static func defaultBrick(_ size: Index3, planes: Int = 64) -> Index3 {
    func power(_ n: Int) -> Int { n <= 1 ? 1 : 1 << (Int.bitWidth - (n - 1).leadingZeroBitCount) }
    var brick = size.map { min(64, power($0)) }
    brick.z = min(planes, brick.z)
    var axis = 2
    while brick.volume < 1 << 18 {
      let candidates = [axis, axis == 2 ? 1 : 2].filter { brick[$0] < min(512, power(size[$0])) }
      guard let grown = candidates.first else { break }
      brick[grown] *= 2
      axis = grown == 2 ? 1 : 2
    }
    return brick
  }

  /// At most 512 voxels along each axis (or one brick), a power of two bricks, no more than cover the volume.
  ///
  /// Slabs of whole planes are no thicker than the work items they fall into, and wider instead.
  static func defaultShard(_ size: Index3, _ brick: Index3, wholePlanes: Bool = false) -> Index3 {
    var most = Index3(repeating: 512)
    if wholePlanes && bricksPerRegion * brick.z < 512 {
      most.z = bricksPerRegion * brick.z
      most.y = most.z <= 128 ? 1024 : 512
      most.x = most.y
    }
    var shard = brick
    for axis in 0..<3 {
      while shard[axis] < size[axis] && shard[axis] * 2 <= most[axis] { shard[axis] *= 2 }
    }
    return shard
  }

  /// The smallest power-of-two multiple of the shard that spans the bricks a work item should, and all of y and x of
  /// `planes` where that is a size.
  private static func region(shard: Index3, brick: Index3, spanning planes: Index3?) -> Index3 {
    var region = shard
    for axis in 0..<3 {
      let least = max(bricksPerRegion * brick[axis], axis == 0 ? 0 : planes?[axis] ?? 0)
      while region[axis] < least || !region[axis].isMultiple(of: 2 * brick[axis]) {
        region[axis] *= 2
      }
    }
    return region
  }

  /// The shard shape at a level that is `factor` coarser than its pass's first one; nil where work
  /// items would have to share a brick or a shard.
  private static func shard(
    _ shard: Index3, brick: Index3, region: Index3, factor: Index3, size: Index3
  ) -> Index3? {
    var shape = shard
    for axis in 0..<3 {
      let (owned, remainder) = region[axis].quotientAndRemainder(dividingBy: factor[axis])
      if size[axis] <= region[axis] {
        // One item spans the axis, so nobody else wants its last brick.
        let reach = remainder == 0 ? owned : owned + 1
        let bricks = (reach + brick[axis] - 1) / brick[axis]
        shape[axis] = min(shard[axis], bricks * brick[axis])
      } else if remainder == 0 && owned.isMultiple(of: shard[axis]) {
        shape[axis] = shard[axis]
      } else if remainder == 0 && owned.isMultiple(of: brick[axis]) && owned < shard[axis] {
        shape[axis] = owned
      } else {
        return nil
      }
    }
    return shape
  }

  private static func check(_ shape: Index3, _ what: String) throws {
    guard shape.z > 0, shape.y > 0, shape.x > 0,
      let volume = shape.checkedVolume, volume < 1 << 31
    else {
      throw BrickworkError(
        .badRequest,
        reason: "a \(what) of \(shape.components) voxels is not between 1 and 2³¹ voxels",
        remedy: "Choose smaller ones; 64,64,64 bricks in 512,512,512 shards are usual")
    }
  }
}
