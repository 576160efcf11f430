public import BrickCore

/// How a BDV HDF5 file is written.
public struct BDVExportOptions: Sendable, Hashable {
  /// Stores uint16 as int16 of the same bits without a type attribute: what BigDataViewer before 2023 needs.
  public var legacyInt16: Bool
  /// 1 (fast) to 12 (small); nil stores the voxels as they are.
  public var deflateLevel: Int?
  /// Sorts the bytes of each chunk by their place in the voxel before deflate: smaller and faster.
  public var shuffle: Bool

  /// Options; those left out suit today's BigDataViewer: shuffle, fast deflate.
  public init(legacyInt16: Bool = false, deflateLevel: Int? = 1, shuffle: Bool = true) {
    self.legacyInt16 = legacyInt16
    self.deflateLevel = deflateLevel
    self.shuffle = shuffle
  }

  /// The type as which voxels of `type` stand in the file.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the legacy form has no such type.
  func storedType(of type: VoxelType) throws -> VoxelType {
    guard legacyInt16 else { return type }
    guard type == .uint16 else {
      throw BrickworkError(
        .badRequest, reason: "the legacy form of BDV holds uint16 alone, not \(type)",
        remedy: "Leave out the legacy option: BigDataViewer since 2023 reads \(type) as it is")
    }
    return .int16
  }

  /// Whether chunks of `type` are shuffled: single bytes have nothing to sort.
  func shuffles(_ type: VoxelType) -> Bool { shuffle && deflateLevel != nil && type.byteCount > 1 }
}

/// One resolution of a setup to be written.
public struct BDVLevel: Sendable, Hashable {
  /// Voxels of level 0 in one voxel, along each axis; 1 at level 0.
  public var factor: Index3
  /// Voxels of the level.
  public var size: Index3
  /// Voxels of a chunk, at most the level's.
  public var chunk: Index3

  /// A level whose chunks are cut to its size.
  public init(factor: Index3, size: Index3, chunk: Index3) {
    self.factor = factor
    self.size = size
    self.chunk = chunk.minimum(size)
  }
}

/// One image source of a file to be written.
public struct BDVSetup: Sendable, Hashable {
  /// The number in names and in the XML, each once in a file; not negative.
  public var id: Int
  /// What viewers call the image.
  public var name: String
  /// The channel's number; setups of one channel have the same.
  public var channel: Int
  /// The channel's name; empty means its number.
  public var channelName: String
  /// The tile's number.
  public var tile: Int
  /// µm between the voxels of level 0.
  public var voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in the setup's own voxels, x, y, z.
  public var offset: Point3
  /// Finest first.
  public var levels: [BDVLevel]

  /// A setup; without more, the first of its file, at the zero position.
  public init(
    id: Int = 0, name: String, channel: Int = 0, channelName: String, tile: Int = 0,
    voxelSize: VoxelSize, offset: Point3 = .zero, levels: [BDVLevel]
  ) {
    self.id = id
    self.name = name
    self.channel = channel
    self.channelName = channelName
    self.tile = tile
    self.voxelSize = voxelSize
    self.offset = offset
    self.levels = levels
  }
}
