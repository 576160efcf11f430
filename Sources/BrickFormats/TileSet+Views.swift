public import BrickCore

/// A tile where it lies, before it is fused with others: all chosen channels and time points.
public struct TileView: Sendable {
  /// The tile's name.
  public let name: String
  /// The voxels, time point by time point, channels fastest; all of one size and type.
  public let volumes: [any Volume]
  /// One name per channel; empty where the file names none.
  public let channelNames: [String]
  /// Where the centre of its first voxel lies in voxels, x, y, z; not rounded.
  public let offset: Point3

  /// The same tile with other voxels in the same place.
  public func replacing(_ volumes: [any Volume]) -> TileView {
    TileView(name: name, volumes: volumes, channelNames: channelNames, offset: offset)
  }
}

/// The tiles of a set where they lie, and what decides their voxels.
public struct TileViews: Sendable {
  /// In the order of the set.
  public let tiles: [TileView]
  /// µm between voxels.
  public let voxelSize: VoxelSize
  /// All that decides the voxels besides the tiles' own.
  public let settings: JSON
}

extension TileSet {
  /// The tiles where they lie, each for itself.
  ///
  /// Tiles are flipped, then downscaled; offsets are divided by the downscale factors and not rounded. Of the options,
  /// rounding, fusion, blend width and order have no meaning here. Reads no voxel.
  ///
  /// - Parameter tables: the positions for a time point, counted from 0; nil takes the tiles' own.
  /// - Throws: `BrickworkError` if positions are missing or don't fit, differ between time points, or a channel or
  ///   time point does not exist or is not in all tiles.
  public func views(
    offsets tables: (_ timepoint: Int) throws -> OffsetTable?, _ options: CompositionOptions,
    channels: ChannelSelection, timepoints: TimepointSelection
  ) throws -> TileViews {
    guard let first = tiles.first?.info else {
      throw BrickworkError(.badRequest, reason: "there is no tile")
    }
    try checkCounts(channels, timepoints)
    let times = try timepoints.numbers(in: first)
    let offsets = try times.map { try self.offsets(from: tables($0)).offsets }
    if let other = offsets.firstIndex(where: { $0 != offsets[0] }) {
      throw BrickworkError(
        .badRequest, path: first.path,
        reason:
          "tiles lie elsewhere at time point \(times[other]) than at \(times[0]), and views have one place for all",
        remedy: "Take one time point at a time with --timepoint N")
    }
    let views = try tiles.enumerated().map { number, tile in
      // A name is looked up in each tile, where it may have another number.
      let numbers = try channels.numbers(in: tile.info)
      let volumes = try times.flatMap { time in
        try numbers.map {
          try tile.volume(
            channel: $0, timepoint: time, flip: options.flip, downscale: options.downscale,
            method: options.downscaleMethod)
        }
      }
      return TileView(
        name: tile.info.name, volumes: volumes,
        channelNames: numbers.map { tile.info.channelNames[$0] },
        offset: offsets[0][number].divided(by: options.downscale))
    }
    var settings: JSON = [
      "layout": "views",
      "tiles": .array(
        views.map {
          [
            "name": .string($0.name), "size_zyx": JSON($0.volumes[0].size),
            "offset_xyz": [.number($0.offset.x), .number($0.offset.y), .number($0.offset.z)],
          ]
        }),
      "channels": .array(try channels.numbers(in: first).map { JSON($0) }),
      "timepoints": .array(times.map { JSON($0) }), "flip": JSON(options.flip.rawValue),
      "downscale_zyx": JSON(options.downscale),
      "downscale_method": .string("\(options.downscaleMethod)"),
    ]
    describeOpening(in: &settings)
    return TileViews(
      tiles: views, voxelSize: voxelSize.scaled(by: options.downscale), settings: settings)
  }
}
