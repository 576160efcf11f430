import ArgumentParser
import Brickwork

/// `brickwork info`: what the sources are.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Tells what tiles or a store hold: types, sizes, voxel sizes, positions, layout.",
    discussion: """
      Reads headers, no voxels. With positions, from the files or --offsets, it shows where the tiles lie, how large \
      the stitched volume will be, how neighbours overlap, and what looks wrong: gaps, two tiles in one place, tiles \
      that touch no other, offsets whose unit was taken for another.

      EXAMPLES
        brickwork info tile_1.tif
        brickwork info tiles/ --offsets TileConfiguration.txt
        brickwork info sample.ome.zarr --json
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Flag(help: "Print JSON: sizes are z,y,x in voxels, positions x,y,z.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    let table = try source.offsetTable(timepoint: 0, log)
    let tiles = try source.tileSet(log, cache: PieceCache(capacity: 0), offsets: table)
    let layout = try InfoLayout(tiles, table)
    for warning in layout?.warnings ?? [] { log.warning(warning) }
    let report = InfoReport(tiles: tiles, layout: layout)
    if json { Output.print(report.document) } else { Output.print(report.text) }
  }
}
