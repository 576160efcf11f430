import Brickwork

extension TileSet {
  /// The chosen channels and time points of each tile, whole, for their statistics.
  func intensityTiles(
    _ options: CompositionOptions, _ channels: ChannelSelection, _ timepoints: TimepointSelection
  ) throws -> [IntensityJob.Tile] {
    try tiles.map { tile in
      IntensityJob.Tile(
        try timepoints.numbers(in: tile.info).map { time in
          try channels.numbers(in: tile.info).map { channel in
            try tile.volume(
              channel: channel, timepoint: time, flip: options.flip, downscale: options.downscale,
              method: options.downscaleMethod)
          }
        })
    }
  }
}
