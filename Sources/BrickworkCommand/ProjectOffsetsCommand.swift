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

  @OptionGroup var reading: OffsetFileGroup

  @Flag(name: .long, help: "Say what would change; write nothing.")
  var dryRun = false

  @OptionGroup var printing: PrintingGroup

  func run() throws {
    let log = printing.log()
    var document = try SpimDataDocument(reading: project)
    let content = try document.project()
    let table = try table(log)
    let chosen: [Int]? =
      if case .one(let number) = timepoint { [content.timepointID(number)] } else { nil }
    var placing = try content.placing(table.offsets(in: content), timepoints: chosen)
    // Another project may place its tiles elsewhere at each time point.
    if !TileSet.isSource(file), file.lowercased().hasSuffix(".xml"),
      try BDVProject(reading: file).timepoints.count > 1
    {
      (placing.edits, placing.notes) = ([:], [])
      for time in chosen ?? content.timepoints {
        let own = try reading.read(file, timepoint: time, Log(level: .error))
        let part = try content.placing(own.offsets(in: content), timepoints: [time])
        placing.edits.merge(part.edits) { _, new in new }
        placing.notes += part.notes.filter { !placing.notes.contains($0) }
      }
    }
    for note in placing.notes { log.warning("\(project): \(note)") }
    try document.edit(placing.edits)
    let isChanged = document.isChanged
    if !dryRun { try document.save() }
    let views = Text.count(placing.edits.count, "view")
    let text =
      !isChanged
      ? "\(project): \(views) lie there already, nothing to do"
      : dryRun
        ? "\(project): \(views) would be moved; nothing was written"
        : "\(project): \(views) moved; the file as it was is \(project)~1"
    JobSummary(
      text: text,
      json: [
        "path": .string(project), "source": .string(table.source),
        "views": JSON(placing.edits.count), "changed": .bool(isChanged), "dry_run": .bool(dryRun),
        "notes": .array(placing.notes.map { .string($0) }),
      ]
    ).show(printing)
  }

  /// The offsets of a file of offsets, or of tiles.
  private func table(_ log: Log) throws -> OffsetTable {
    guard TileSet.isSource(file) else { return try reading.read(file, log) }
    try reading.refuseForTiles()
    let table = try TileSet.open([file], cache: PieceCache(capacity: 0)).offsetTable()
    for warning in table.warnings { log.warning(warning) }
    return table
  }
}
