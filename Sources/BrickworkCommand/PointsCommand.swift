import ArgumentParser
import Brickwork

/// `brickwork points`: positions in tiles as positions in the stitched volume, and back.
struct PointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "points",
    abstract: "Turns points in tiles into points of the stitched volume, or back.",
    discussion: """
      Reads a table with the columns tile and x_um,y_um,z_um (or x,y,z, voxels of the tile), or a .npy array with the rows \
      tile,x,y,z in µm. Writes x_um,y_um,z_um,x,y,z: in µm a point is moved by its tile's exact offset from the first one, in \
      voxels by the place at which the tile is stitched, which is a whole number. Other columns are kept.

      With --inverse points of the stitched volume go in, and a row for each tile that covers the point comes out: \
      point,tile,x_um,y_um,z_um,x,y,z, where point counts the rows from 0; tile is -1 where none covers it.

      Tables may have any number of rows. Without -o the result goes to standard output.

      EXAMPLES
        brickwork points tiles/*.tif --offsets offsets.csv spots.csv -o global.csv
        brickwork points tiles.json spots.npy --units voxel -o global.npy
        brickwork points tiles.json --inverse global.csv -o local.csv
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The table to write: .npy for an array of float64, else CSV (default: CSV on standard output).",
      valueName: "out.csv"),
    completion: .file(extensions: ["csv", "npy"]))
  var output: String?

  @Flag(help: "Points of the stitched volume go in, points in tiles come out.")
  var inverse = false

  @Option(
    help: ArgumentHelp(
      "Unit of the points (default: what the columns say, um where there are both and for .npy).",
      valueName: "voxel|um"))
  var units: OffsetUnitOption?

  @OptionGroup var placing: PlacingGroup

  @Option(
    help: ArgumentHelp("The time point, counted from 0 (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @Flag(help: "Print a summary as JSON; needs -o.")
  var json = false

  @OptionGroup var logging: LogOptions

  func validate() throws {
    guard source.sources.count >= 2 else {
      throw ValidationError("Name the tiles, and last the table of points.")
    }
    if json && output == nil { throw ValidationError("--json needs -o.") }
  }

  func run() throws {
    let log = logging.log()
    if let output { try Output.check(output, overwrite: overwrite) }
    var tiles = source
    let points = tiles.sources.removeLast()
    let table = try tiles.offsetTable(timepoint: timepoint ?? 0, log)
    let set = try tiles.tileSet(log, cache: PieceCache(capacity: 0), offsets: table)
    let coordinates = try set.coordinates(
      offsets: table, rounding: placing.offsetRounding ?? .nearest,
      flip: placing.flip ?? [])
    let conversion = PointConversion(
      coordinates, inverse ? .toTiles : .toGlobal,
      unit: units.map { $0 == .voxel ? .voxels : .micrometers })
    guard let output else {
      _ = try conversion.convert(points) { text in
        Terminal.write(String(decoding: text, as: UTF8.self), to: .output)
      }
      return
    }
    let start = ContinuousClock.now
    let summary = try conversion.convert(points, to: output)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var text = "\(output): \(summary.points) points of \(coordinates.count) tiles"
    if inverse { text += ", \(summary.rows) rows, \(summary.uncovered) points that no tile covers" }
    JobSummary(
      text: text,
      json: [
        "path": .string(output), "points": JSON(summary.points), "rows": JSON(summary.rows),
        "uncovered": JSON(summary.uncovered), "tiles": JSON(coordinates.count),
        "seconds": .number(seconds),
      ]
    ).show(json: json, quiet: logging.quiet)
  }
}
