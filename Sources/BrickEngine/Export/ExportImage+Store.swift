internal import BrickBDV
public import BrickCore
public import BrickZarr

extension ExportImage {
  /// An image of a store.
  ///
  /// Levels that the store has are read from it. Others, of BigDataViewer's proposal, are made from the level before:
  /// of labels by majority, of anything else by means.
  ///
  /// - Parameters:
  ///   - channels: those exported, counted from 0.
  ///   - timepoints: those exported, counted from 0.
  ///   - chunk: voxels of a chunk z, y, x; nil takes the store's brick where that has at most 1 MiB, and 64, 64, 64
  ///     otherwise.
  /// - Throws: `BrickworkError` with code `.badRequest` if the store has no such channel, time point or number of
  ///   levels, or a chunk can't be written.
  public init(
    store image: OMEZarrImage, channels: [Int] = [0], timepoints: [Int] = [0],
    levels: ExportLevels = .store, chunk: Index3? = nil
  ) throws {
    precondition(!channels.isEmpty && !timepoints.isEmpty, "Something is exported")
    let stored = image.levels.indices.map { image.factor(level: $0) }
    func volumes(_ level: Int) throws -> [any Volume] {
      try timepoints.flatMap { timepoint in
        try channels.map { try image.volume(level: level, channel: $0, timepoint: timepoint) }
      }
    }
    let voxelSize = image.info.voxelSize ?? .unknown
    let factors: [Index3]
    switch levels {
    case .store: factors = stored
    case .first(let count):
      factors = Array(
        stored.prefix(try Self.checked(count, of: stored.count, name: image.info.name)))
    case .bdv:
      factors = PyramidProposal.levels(size: image.info.size, voxelSize: voxelSize).map(\.factor)
    }
    let sources = try factors.map { factor in
      (factor, try stored.firstIndex(of: factor).map { try volumes($0) })
    }
    let names = channels.map { image.info.channelNames[$0] }
    try self.init(
      name: image.info.name, channelNames: names, voxelSize: voxelSize,
      reduction: image.levelReduction, levels: sources
    ) {
      // Beyond a megabyte a chunk makes browsing sluggish.
      let brick = (sources[0].1?.first as? ZarrVolume).map(\.brick)
      let usual = brick.flatMap { $0.volume * image.info.type.byteCount <= 1 << 20 ? $0 : nil }
      return chunk ?? usual ?? Index3(repeating: 64)
    }
  }
}

extension Volume {
  /// The bricks in which a volume of a store is compressed; nil for any other.
  var naturalBrick: Index3? { (self as? ZarrVolume)?.brick }
}
