import ArgumentParser
import Brickwork

/// `brickwork tileset`: tiles and their positions as one small file.
struct TilesetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tileset",
    abstract:
      "Writes tiles and their positions as one small JSON file, which is a source like any other.",
    discussion: """
      Reads headers, no voxels. The file names each tile, where it lies and how it is opened; paths are seen from the \
      file's folder (absolute on standard output). Positions come from --offsets, else from a tileset that is the \
      source, else from the stage positions in the tiles' files.

      EXAMPLES
        brickwork tileset tiles/*.tif --offsets TileConfiguration.txt -o sample.json
        brickwork tileset scan.nd2 --stage-rule camera -o scan.json
        brickwork tileset sample.json --offsets registered.xml --scale-offset 2,2,1 -o finer.json
        brickwork stitch sample.json -o sample.ome.zarr
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write to this file (default: standard output).", valueName: "out.json"),
    completion: .file(extensions: ["json"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Factors that offsets are multiplied by, in the order x,y,z (default: 1,1,1).",
      valueName: "x,y,z"),
    transform: { try Notation.factors($0) })
  var scaleOffset: Point3?

  @Option(
    help: ArgumentHelp(
      "The tiles to take, in their new order, counted from 0 (default: all as given).",
      valueName: "i,j,…"),
    transform: { try Notation.places($0) })
  var order: [Int]?

  @Option(
    help: ArgumentHelp("The time point of an XML file of offsets (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    if let output { try Output.check(output, overwrite: overwrite) }
    let table = try source.offsetTable(timepoint: timepoint ?? 0, log)
    var tiles = try source.tileSet(log, cache: PieceCache(capacity: 0), offsets: table)
    if let output { try Output.check(output, sparing: tiles) }
    if let table { tiles = try tiles.updatingOffsets(from: table) }
    if let scaleOffset { tiles = try tiles.scaledOffsets(by: scaleOffset) }
    if let order { tiles = try tiles.choosing(order) }
    let file = try tiles.tilesetFile()
    if tiles.tiles.count > 1 && file.tiles.allSatisfy({ $0.position == nil }) {
      log.warning(
        "nothing says where the tiles lie, so that the tileset holds no positions; give them with --offsets"
      )
    }
    guard let output else { return Terminal.write(try file.text(seenFrom: nil), to: .output) }
    try file.write(to: output)
    if !logging.quiet { Output.print("\(output): \(file.tiles.count) tiles") }
  }
}
