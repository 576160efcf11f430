import Brickwork

/// One volume that a command works on, with how it relates to the files.
struct SourceVolume: Sendable {
  var volume: any Volume
  /// µm between its voxels.
  var voxelSize: VoxelSize
}

extension SourceOptions {
  /// The stitched volume of the sources, or a level of a store's pyramid.
  ///
  /// - Parameter outputs: what will be replaced; none of it may be a source.
  /// - Throws: `BrickworkError` with code `.badRequest` if a level is asked for and the source is not one store, or it
  ///   has no such level.
  func volume(
    level: Int?, _ options: CompositionOptions, sparing outputs: [String], cache: PieceCache,
    _ log: Log
  ) throws -> SourceVolume {
    let table = try offsetTable(timepoint: options.timepoint, log)
    let tiles = try tileSet(log, cache: cache, offsets: table)
    for path in outputs { try Output.check(path, sparing: tiles) }
    guard let level, level > 0 else {
      let composition = try tiles.composition(offsets: table, options)
      return SourceVolume(
        volume: composition.volume, voxelSize: composition.voxelSize)
    }
    guard tiles.tiles.count == 1, let store = tiles.tiles[0] as? OMEZarrImage else {
      throw BrickworkError(
        .badRequest, path: sources.first, reason: "has no pyramid levels: they belong to one store",
        remedy: "Leave out --level")
    }
    guard options.downscale == .one, options.flip.isEmpty else {
      throw BrickworkError(
        .badRequest, reason: "--level goes with neither --downscale nor --flip",
        remedy: "Leave one of them out")
    }
    let channel = try options.channel.number(in: store.info)
    return SourceVolume(
      volume: try store.volume(level: level, channel: channel, timepoint: options.timepoint),
      voxelSize: tiles.voxelSize.scaled(by: store.factor(level: level)))
  }
}
