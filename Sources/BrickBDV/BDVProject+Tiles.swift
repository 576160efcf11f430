internal import BrickCore

extension BDVProject {
  /// One tile: the setups that show the same place in different channels.
  public struct Tile: Sendable, Hashable {
    /// At least one, by ascending channel id.
    public var setups: [Setup]
    /// The first setup's name; may be empty.
    public var name: String
    /// The ids that all setups share: "tile", "angle", "illumination" and others, without "channel".
    public var attributes: [String: Int]
    /// One name per setup; empty where the file names none.
    public var channelNames: [String]
  }

  /// The setups as tiles, in the order of each tile's first setup in the file.
  ///
  /// Setups of one size that differ in nothing but "channel" are channels of one tile. Where they have no "tile"
  /// (some writers number every image as a channel), they also have to lie at the same place. A setup without
  /// "channel" is a tile of its own.
  public var tiles: [Tile] {
    var places: [Key: Int] = [:]
    var tiles: [[Setup]] = []
    for setup in setups {
      guard let channel = setup.attributes["channel"] else {
        tiles.append([setup])
        continue
      }
      let key = Key(setup, place: setup.attributes["tile"] == nil ? firstTransforms(of: setup) : [])
      if let place = places[key],
        !tiles[place].contains(where: { $0.attributes["channel"] == channel })
      {
        tiles[place].append(setup)
      } else {
        // A channel that is there twice begins another tile.
        places[key] = tiles.count
        tiles.append([setup])
      }
    }
    return tiles.map(tile)
  }

  /// What channels of one tile have in common.
  private struct Key: Hashable {
    let attributes: [String: Int]
    let size: Index3?
    let voxelSize: VoxelSize?
    let place: [Transform]

    init(_ setup: Setup, place: [Transform]) {
      attributes = setup.attributes.filter { $0.key != "channel" }
      size = setup.size
      voxelSize = setup.storedVoxelSize
      self.place = place
    }
  }

  private func firstTransforms(of setup: Setup) -> [Transform] {
    let first = timepoints.lazy.compactMap { timepoint in
      registrations[View(timepoint: timepoint, setup: setup.id)]
    }.first
    return first ?? []
  }

  private func tile(_ setups: [Setup]) -> Tile {
    let ordered = setups.sorted { a, b in
      (a.attributes["channel"] ?? 0, a.id) < (b.attributes["channel"] ?? 0, b.id)
    }
    let names = attributeNames["channel"] ?? [:]
    return Tile(
      setups: ordered, name: ordered[0].name,
      attributes: ordered[0].attributes.filter { $0.key != "channel" },
      channelNames: ordered.map { $0.attributes["channel"].flatMap { names[$0] } ?? "" })
  }
}
