internal import BrickBDV
public import BrickCore
internal import BrickZarr

/// An image whose file holds coarser levels of it.
protocol StoredLevels: TileImage {
  /// How many voxels, z, y, x, of the finest level a voxel of each level stands for.
  var levelFactors: [Index3] { get }
  /// The voxels of a level.
  func volume(ofLevel level: Int, channel: Int, timepoint: Int) throws -> any Volume
}

extension OMEZarrImage: StoredLevels {
  var levelFactors: [Index3] { levels.indices.map { factor(level: $0) } }
  func volume(ofLevel level: Int, channel: Int, timepoint: Int) throws -> any Volume {
    try volume(level: level, channel: channel, timepoint: timepoint)
  }
}

extension BDVImage: StoredLevels {
  var levelFactors: [Index3] { levels.map(\.factor) }
  func volume(ofLevel level: Int, channel: Int, timepoint: Int) throws -> any Volume {
    try volume(channel: channel, timepoint: timepoint, level: level)
  }
}

/// A tile that is thinned out by taking a level of its file.
private struct LeveledTile: TileImage {
  let base: any StoredLevels
  let level: Int
  let factor: Index3

  var info: TileInfo { base.info }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    try base.volume(channel: channel, timepoint: timepoint)
  }

  func reduced(by factor: Index3, channel: Int, timepoint: Int) throws -> (
    volume: any Volume, factor: Index3
  )? {
    guard factor == self.factor else { return nil }
    let volume = try base.volume(ofLevel: level, channel: channel, timepoint: timepoint)
    // Some writers keep the voxels of blocks at the end that are not whole, others drop them.
    let most = info.size.dividedRoundingUp(by: factor)
    let least = info.size.dividedRoundingDown(by: factor).maximum(.one)
    guard volume.size == volume.size.minimum(most).maximum(least) else {
      throw BrickworkError(
        .unsupportedInput, path: info.path, place: "level \(level)",
        reason: "has \(volume.size) voxels, where \(info.size) over \(factor) give \(most)",
        remedy: "Take the finest level with --level 0")
    }
    return (volume, factor)
  }
}

extension TileSet {
  /// The levels that every tile's file holds, as the voxels, z, y, x, that one of theirs stands for; finest first.
  ///
  /// Level 0 is the tiles themselves.
  public var levelFactors: [Index3] {
    guard let first = tiles.first as? any StoredLevels else { return [.one] }
    var factors: [Index3] = [.one]
    let known = first.levelFactors
    for level in known.indices.dropFirst() {
      let factor = known[level]
      let isShared = tiles.allSatisfy { tile in
        guard let factors = (tile as? any StoredLevels)?.levelFactors else { return false }
        return factors.indices.contains(level) && factors[level] == factor
      }
      guard isShared, factor != factors.last else { break }
      factors.append(factor)
    }
    return factors
  }

  /// The same tiles, of which a composition that thins out by the factor of `level` takes the voxels of that level.
  ///
  /// For previews: a voxel of a level is usually the mean, or the most frequent label, of the voxels it stands for, and
  /// lies at the centre of their block. Tiles lie at their offsets divided by the factor, rounded as usual, so the
  /// places of several tiles are right to half a voxel of the level.
  ///
  /// - Precondition: `levelFactors` has the level.
  public func takingLevel(_ level: Int) -> TileSet {
    let factors = levelFactors
    precondition(factors.indices.contains(level), "The tiles have level \(level)")
    guard level > 0 else { return self }
    var set = self
    set.tiles = tiles.map { tile in
      guard let tile = tile as? any StoredLevels else { return tile }
      return LeveledTile(base: tile, level: level, factor: factors[level])
    }
    return set
  }
}
