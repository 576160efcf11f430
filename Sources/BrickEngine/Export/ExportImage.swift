public import BrickBDV
public import BrickCore

/// Which pyramid levels an export has.
public enum ExportLevels: Sendable, Hashable {
  /// Those of the store.
  case store
  /// BigDataViewer's proposal for the size and voxel size; levels that a store has are taken from there.
  case bdv
  /// The first so many levels: of the store, or of the proposal for a source without levels.
  case first(Int)
}

/// One image of an export: the stitched volume, or a tile.
///
/// Each of its channels becomes a setup.
public struct ExportImage: Sendable {
  /// One resolution.
  struct Level: Sendable {
    /// Voxels of level 0 in one voxel.
    let factor: Index3
    /// Voxels of the level before in one voxel.
    let step: Index3
    let size: Index3
    /// Voxels of a chunk where the level is large enough; the file cuts it to the level.
    let chunk: Index3
    /// Where the voxels come from, a volume for each part; nil makes them from the level before.
    let volumes: [any Volume]?
  }

  /// What viewers call it.
  public let name: String
  /// One name per channel; may be empty.
  public let channelNames: [String]
  /// Time points, each of all channels.
  public let timepoints: Int
  /// The type of all voxels.
  public let type: VoxelType
  /// µm between the voxels of level 0.
  public let voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in voxels of level 0, x, y, z.
  public let offset: Point3
  /// How a level is made from the one before.
  public let reduction: LevelReduction
  /// Finest first; the parts of a level are numbered time point by time point, channels fastest.
  let levels: [Level]

  /// Voxels of level 0.
  public var size: Index3 { levels[0].size }
  /// The levels as they stand in the file, finest first.
  public var pyramid: [BDVLevel] {
    levels.map { BDVLevel(factor: $0.factor, size: $0.size, chunk: $0.chunk) }
  }
  /// Channels at time points.
  public var parts: Int { timepoints * channelNames.count }
  /// Bytes of the voxels of all levels, channels and time points.
  public var voxelBytes: Int {
    levels.reduce(0) { $0 + parts * $1.size.volume * type.byteCount }
  }

  /// An image whose levels are all made from its voxels.
  ///
  /// Each level is made from the one before by `reduction`, and has ⌈size / factor⌉ voxels. The factors are
  /// BigDataViewer's proposal, of which `levels` may take the first ones.
  ///
  /// - Parameters:
  ///   - volumes: the voxels, time point by time point, channels fastest; all of one size and type.
  ///   - offset: where the centre of the first voxel lies, in voxels.
  ///   - chunk: voxels of a chunk z, y, x; nil takes about 64³, flatter where the volume is thin or its source is
  ///     compressed page by page.
  /// - Throws: `BrickworkError` with code `.badRequest` if there are no voxels, the chunk can't be written, there are not so
  ///   many levels, or voxels of the type have no majority.
  /// - Precondition: there is a volume for each channel at each time point.
  public init(
    name: String, channelNames: [String] = [""], volumes: [any Volume], voxelSize: VoxelSize,
    offset: Point3 = .zero, levels: ExportLevels = .bdv, chunk: Index3? = nil,
    reduction: LevelReduction = .mean
  ) throws {
    precondition(
      !channelNames.isEmpty && !volumes.isEmpty && volumes.count.isMultiple(of: channelNames.count),
      "Each channel has a volume at each time point")
    let size = volumes[0].size
    precondition(
      volumes.allSatisfy { $0.size == size && $0.type == volumes[0].type },
      "All volumes have one size and type")
    var factors = PyramidProposal.levels(size: size, voxelSize: voxelSize).map(\.factor)
    if case .first(let count) = levels {
      factors = Array(factors.prefix(try Self.checked(count, of: factors.count, name: name)))
    }
    try self.init(
      name: name, channelNames: channelNames, voxelSize: voxelSize, offset: offset,
      reduction: reduction, levels: factors.enumerated().map { ($1, $0 == 0 ? volumes : nil) },
      chunk: { chunk ?? ExportChunk.usual(for: volumes[0], factors: factors) })
  }

  /// - Parameters:
  ///   - levels: factors and volumes; the finest has volumes.
  ///   - chunk: the chunk of a level's voxels, by the volume they come from.
  init(
    name: String, channelNames: [String], voxelSize: VoxelSize, offset: Point3 = .zero,
    reduction: LevelReduction, levels sources: [(factor: Index3, volumes: [any Volume]?)],
    chunk: () -> Index3
  ) throws {
    guard let volumes = sources.first?.volumes, let first = volumes.first else {
      preconditionFailure("The finest level has volumes")
    }
    self.name = name
    self.channelNames = channelNames
    timepoints = volumes.count / channelNames.count
    type = first.type
    self.voxelSize = voxelSize
    self.offset = offset
    self.reduction = reduction
    guard first.size.minimum(.one) == .one else {
      throw BrickworkError(
        .badRequest,
        reason: "\(name) has \(first.size.components) voxels: there is nothing to export",
        remedy: "Look at it with brickwork info")
    }
    guard reduction.method.serves(first.type) else {
      throw BrickworkError(
        .badRequest,
        reason: "labels are integers, and \(first.type.rawValue) voxels have no majority",
        remedy: "Convert the voxels to an integer type, or let levels be means")
    }
    let chunk = try ExportChunk.checked(chunk().minimum(first.size), type)
    var made: [Level] = []
    for (factor, volumes) in sources {
      let step = made.last.map { factor.dividedRoundingDown(by: $0.factor) } ?? .one
      let size =
        volumes?[0].size ?? made.last?.size.dividedRoundingUp(by: step) ?? first.size
      made.append(
        Level(factor: factor, step: step, size: size, chunk: chunk, volumes: volumes))
    }
    levels = made
  }

  static func checked(_ count: Int, of available: Int, name: String) throws -> Int {
    guard (1...available).contains(count) else {
      throw BrickworkError(
        .badRequest,
        reason: "\(count) levels were asked for, and there are \(available) for \(name)",
        remedy: "Use --levels bdv to have as many as BigDataViewer proposes")
    }
    return count
  }
}

/// The shape of chunks.
enum ExportChunk {
  /// About 2¹⁸ voxels: as thin along z as it takes for a row of blocks to share no more than 128 MiB of decoded pieces.
  static func usual(for source: any Volume, factors: [Index3]) -> Index3 {
    let size = source.size
    let step = factors.dropFirst().first ?? .one
    for planes in [64, 32, 16, 8] {
      let chunk = StorePlan.defaultBrick(size, planes: planes)
      let block = chunk * step
      let row = ExportOrder.middleRow(of: size, block: block, across: .max)
      let shared = source.decodedBytes(reading: row)
      if shared <= StorePlan.slabReference
        || DecodingForecast.overlap(of: source, in: row, parts: block) <= StorePlan.separateBlocks
      {
        return chunk
      }
    }
    return StorePlan.defaultBrick(size, planes: 8)
  }

  static func checked(_ chunk: Index3, _ type: VoxelType) throws -> Index3 {
    guard chunk.z > 0, chunk.y > 0, chunk.x > 0, let voxels = chunk.checkedVolume,
      voxels <= (1 << 28) / type.byteCount
    else {
      throw BrickworkError(
        .badRequest, reason: "a chunk of \(chunk.components) voxels can't be written",
        remedy: "A chunk has at most 256 MiB; 64,64,64 voxels are usual")
    }
    return chunk
  }
}
