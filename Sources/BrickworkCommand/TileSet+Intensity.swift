import Brickwork

extension TileSet {
  /// The chosen channels and time points of each tile, whole and harmonised, for their statistics.
  func intensityTiles(
    _ options: CompositionOptions, _ channels: ChannelSelection, _ timepoints: TimepointSelection
  ) throws -> [IntensityJob.Tile] {
    // Adjustments are kept by the channels' numbers in the first tile.
    let keys = try tiles.first.map { try channels.numbers(in: $0.info) } ?? []
    return try tiles.enumerated().map { place, tile in
      IntensityJob.Tile(
        try timepoints.numbers(in: tile.info).map { time in
          try channels.numbers(in: tile.info).enumerated().map { number, channel in
            let volume = try tile.volume(
              channel: channel, timepoint: time, flip: options.flip, downscale: options.downscale,
              method: options.downscaleMethod)
            guard keys.indices.contains(number), let own = options.adjustments[keys[number]] else {
              return volume
            }
            return volume.adjusted(by: own[place])
          }
        })
    }
  }
}
