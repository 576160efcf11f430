import ArgumentParser
import Brickwork

/// `brickwork project offsets`: offsets into the registrations of a project.
struct ProjectOffsetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offsets",
    abstract: "Moves the tiles of a BigStitcher project to the offsets of a file.",
    discussion: """
      In each view's registration the translations become a single one, "\(BDVProject.offsetsName)", above the \
      calibration. Everything else in the XML stays as it is, byte for byte, and the file as it was is kept as \
      dataset.xml~1, like BigStitcher keeps it. A row of the file may stand for a tile with its channels or for a view \
      setup; rows are found by setup id, by name, or one after the other.

      EXAMPLES
        brickwork project offsets dataset.xml registered.csv
        brickwork project offsets dataset.xml TileConfiguration.registered.txt --dry-run
        brickwork project offsets dataset.xml offsets.npy --offset-layout exm --timepoint 3
        brickwork project offsets dataset.xml sample.json
      """)

  @Argument(
    help: ArgumentHelp("The project, changed in place.", valueName: "dataset.xml"),
    completion: .file(extensions: ["xml"]))
  var project: String

  @Argument(
    help: ArgumentHelp(
      "A .csv, .npy, Fiji TileConfiguration.txt or another project's .xml; or tiles with positions of their own, such as "
        + "a tileset file.",
      valueName: "file"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "The time point that changes, by its id or counted from 0 (default: all).", valueName: "n|all"
    ),
    transform: { try OptionValue.timepoints($0) })
  var timepoint: TimepointSelection?

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

  @Flag(name: .long, help: "Say what would change; write nothing.")
  var dryRun = false

  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    var document = try SpimDataDocument(reading: project)
    let content = try document.project()
    let table = try table(log)
    let chosen: [Int]? =
      if case .one(let number) = timepoint { [content.timepointID(number)] } else { nil }
    let placing = try content.placing(table.offsets(in: content), timepoints: chosen)
    for note in placing.notes { log.warning("\(project): \(note)") }
    try document.edit(placing.edits)
    let isChanged = document.isChanged
    if !dryRun { try document.save() }
    let views = Text.count(placing.edits.count, "view")
    let text =
      dryRun
      ? "\(project): \(views) would be moved; nothing was written"
      : isChanged
        ? "\(project): \(views) moved; the file as it was is \(project)~1"
        : "\(project): \(views) lie there already, nothing to do"
    JobSummary(
      text: text,
      json: [
        "path": .string(project), "source": .string(table.source),
        "views": JSON(placing.edits.count), "changed": .bool(isChanged), "dry_run": .bool(dryRun),
        "notes": .array(placing.notes.map { .string($0) }),
      ]
    ).show(json: json, quiet: logging.quiet)
  }

  /// The offsets of a file of offsets, or of tiles.
  private func table(_ log: Log) throws -> OffsetTable {
    let table: OffsetTable
    if TileSet.isSource(file) {
      table = try TileSet.open([file], cache: PieceCache(capacity: 0)).offsetTable()
    } else {
      table = try OffsetTable.read(
        file, units: offsetUnits?.units ?? .unspecified, layout: offsetLayout ?? .plain)
    }
    for warning in table.warnings { log.warning(warning) }
    return table
  }
}
