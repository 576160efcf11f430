import ArgumentParser
import Brickwork

/// `brickwork labels overlaps`: the labels of overlapping tiles that share voxels.
struct LabelsOverlapsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overlaps",
    abstract: "Lists the labels of overlapping tiles that share voxels.",
    discussion: """
      The columns are tile1,label1,tile2,label2,voxels, sorted by tile pair and labels; tiles are counted from 0. Only \
      the boxes that tiles share are read. A name that ends in .json gets JSON instead.

      EXAMPLES
        brickwork labels overlaps labels/*.tif --offsets offsets.csv -o overlaps.csv
        brickwork labels overlaps labels/*.tif --offsets offsets.csv --memory 512MiB -o overlaps.json
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The table to write, .csv or .json.", valueName: "out.csv"),
    completion: .file(extensions: ["csv", "json"]))
  var output: String

  @OptionGroup(title: "Labels") var labels: LabelTileOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  @OptionGroup var printing: PrintingGroup

  func run() async throws {
    let log = printing.log()
    try Output.check(output, overwrite: overwrite)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let job = try labels.job(
      source, machine, sparing: output, progress: progress, log)
    let start = ContinuousClock.now
    let overlaps = try await job.overlaps()
    if output.hasSuffix(".json") {
      try TileOverlap.writeJSON(overlaps, to: output)
    } else {
      try TileOverlap.writeCSV(overlaps, to: output)
    }
    progress?.finish()
    summary(job, overlaps, start.duration(to: .now)).show(printing)
  }

  private func summary(_ job: LabelJob, _ overlaps: [TileOverlap], _ duration: Duration)
    -> JobSummary
  {
    let rows = overlaps.reduce(0) { $0 + $1.pairs.count }
    let voxels = overlaps.reduce(0) { $0 + $1.tiles.box.count }
    let document: JSON = [
      "path": .string(output), "tiles": JSON(job.tiles.count), "tile_pairs": JSON(overlaps.count),
      "label_pairs": JSON(rows), "overlap_voxels": JSON(voxels),
      "seconds": .number(Text.seconds(duration)),
    ]
    return JobSummary(
      text:
        "\(output): \(rows) pairs of labels in \(overlaps.count) overlaps of \(job.tiles.count) "
        + "tiles, \(voxels) voxels compared in \(Text.duration(Text.seconds(duration)))",
      json: document)
  }
}

extension Text {
  /// A duration in seconds.
  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
