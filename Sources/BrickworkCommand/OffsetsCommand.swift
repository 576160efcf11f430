import ArgumentParser
import Brickwork

/// `brickwork offsets`: the positions in a file.
struct OffsetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offsets",
    abstract: "Prints the positions found in a file as CSV.",
    discussion: """
      The columns are tile,name,x,y,z,x_um,y_um,z_um: voxels and µm. Those of the other unit are filled in where the \
      voxel size is known. The result can be given to --offsets.

      EXAMPLES
        brickwork offsets TileConfiguration.registered.txt
        brickwork offsets dataset.xml -o offsets.csv
        brickwork offsets offsets.npy --offset-layout exm --voxel-size 0.16,0.16,0.4
      """)

  @Argument(
    help: "A .csv, .npy, Fiji TileConfiguration.txt or BigDataViewer/BigStitcher .xml file.",
    completion: .file(extensions: ["csv", "npy", "txt", "xml"]))
  var file: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write to this file instead of standard output.", valueName: "out.csv"),
    completion: .file(extensions: ["csv"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Unit of the numbers (default: voxel; CSV columns x_um,y_um,z_um say it themselves).",
      valueName: "voxel|um"))
  var offsetUnits: OffsetUnitOption?

  @Option(
    help: ArgumentHelp(
      "Layout of a .npy file: plain, one row x,y,z per tile; exm, ExM-Toolbox's (default: plain).",
      valueName: "plain|exm"))
  var offsetLayout: OffsetLayout?

  @Option(
    help: ArgumentHelp(
      "Distance between voxels in µm, in the order x,y,z (default: what the file says).",
      valueName: "x,y,z"),
    transform: { try Notation.voxelSize($0) })
  var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp("The time point of an XML file (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @Flag(help: "Print JSON instead of CSV.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    if let output { try Output.check(output, overwrite: overwrite) }
    let table = try OffsetTable.read(
      file, units: offsetUnits?.units ?? .unspecified, layout: offsetLayout ?? .plain,
      timepoint: timepoint ?? 0)
    for warning in table.warnings { log.warning(warning) }
    let size = voxelSize ?? table.voxelSize
    let text =
      json ? document(table, size).text(pretty: true) + "\n" : table.csv(voxelSize: size)
    if let output {
      try Files.replace(output, with: Array(text.utf8))
      log.notice("\(output): \(table.rows.count) offsets")
    } else {
      Terminal.write(text, to: .output)
    }
  }

  private func document(_ table: OffsetTable, _ size: VoxelSize?) -> JSON {
    let rows = table.rows.enumerated().map { index, row in
      [
        "tile": JSON(row.index ?? index),
        "name": row.name.map { .string($0) } ?? nil,
        "voxels_xyz": (row.voxels ?? size.map { row.inVoxels(of: $0) }).map { JSON($0) } ?? nil,
        "um_xyz": (row.micrometers ?? size.map { row.inMicrometers(of: $0) }).map { JSON($0) }
          ?? nil,
      ] as JSON
    }
    return [
      "source": .string(table.source), "format": .string(table.format),
      "voxel_size_um_xyz": size.map { JSON($0) } ?? nil, "offsets": .array(rows),
    ]
  }
}
