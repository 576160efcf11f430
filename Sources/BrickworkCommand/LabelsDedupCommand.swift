import ArgumentParser
import Brickwork

/// `brickwork labels dedup`: one number for each object, however many tiles see it.
struct LabelsDedupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dedup",
    abstract: "Joins labels across tiles, and numbers the objects 1, 2, 3 …",
    discussion: """
      Labels of two tiles are matched one to one: those that share most voxels first, equals by the smaller label. \
      Matches are joined across all tiles, and each object is numbered by its first tile and label. The map has the \
      columns tile,label,new_label; tiles are counted from 0, and background (0) is left out. The report says what was \
      joined, what was turned down, which labels end at a seam without partner, and how well tiles agree.

      EXAMPLES
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o map.csv
        brickwork labels dedup labels/*.tif --offsets offsets.csv --min-fraction 0.2 -o map.csv --report joined.html
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The map to write.", valueName: "map.csv"),
    completion: .file(extensions: ["csv"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The fewest voxels two labels must share to be joined (default: 1).", valueName: "n"),
    transform: { try OptionValue.positive($0) })
  var minVoxels: Int?

  @Option(
    help: ArgumentHelp(
      "The least part of the smaller label's voxels inside the overlap that two labels must share, 0 to 1 "
        + "(default: 0).", valueName: "fraction"))
  var minFraction: Double?

  @Option(
    help: ArgumentHelp(
      "A page to write about the quality, with the same as .json beside it; a name that ends in .json gets that alone.",
      valueName: "out.html"),
    completion: .file(extensions: ["html", "json"]))
  var report: String?

  @OptionGroup(title: "Labels") var labels: LabelTileOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func validate() throws {
    if let minFraction, !(minFraction >= 0 && minFraction <= 1) {
      throw ValidationError("The fraction \(minFraction) is not between 0 and 1 (--min-fraction).")
    }
    if let report, !report.hasSuffix(".html") && !report.hasSuffix(".json") {
      throw ValidationError("The report \(report) ends neither in .html nor in .json (--report).")
    }
    if !output.hasSuffix(".csv") {
      throw ValidationError("The map \(output) does not end in .csv (-o).")
    }
  }

  func run() async throws {
    let log = logging.log()
    try Output.check(output, overwrite: overwrite)
    for path in reportPaths { try Output.check(path, overwrite: overwrite) }
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: logging.quiet)
    defer { progress?.finish() }
    let job = try labels.job(source, machine, progress: progress, log)
    let start = ContinuousClock.now
    let result = try await job.deduplicate(
      JoinOptions(minimumVoxels: minVoxels ?? 1, minimumFraction: minFraction ?? 0))
    try result.map.write(output)
    for path in reportPaths {
      let text =
        path.hasSuffix(".html")
        ? result.report.html : result.report.json.text(pretty: true) + "\n"
      try Files.replace(path, with: Array(text.utf8))
    }
    progress?.finish()
    summary(result, Text.seconds(start.duration(to: .now)))
      .show(json: json, quiet: logging.quiet)
  }

  private var reportPaths: [String] {
    guard let report else { return [] }
    return report.hasSuffix(".html") ? [report, String(report.dropLast(5)) + ".json"] : [report]
  }

  private func summary(_ result: Deduplication, _ seconds: Double) -> JobSummary {
    let report = result.report
    let document: JSON = [
      "path": .string(output), "tiles": JSON(report.tileNames.count),
      "tile_pairs": JSON(report.pairs.count), "labels": JSON(report.labels),
      "new_labels": JSON(report.groups), "groups_of_several": JSON(report.groupsOfSeveral),
      "smallest_type": .string(result.map.smallestType.rawValue),
      "same_tile_joins": JSON(report.sameTileJoins), "turned_down": JSON(report.turnedDown),
      "below_limits": JSON(report.belowLimits), "cut_without_partner": JSON(report.cut),
      "agreement": report.agreement.map { .number($0) } ?? nil,
      "reports": .array(reportPaths.map { .string($0) }), "seconds": .number(seconds),
    ]
    var text =
      "\(output): \(report.labels) labels of \(report.tileNames.count) tiles are \(report.groups) objects "
      + "(\(report.groupsOfSeveral) seen by several tiles), in \(Text.duration(seconds))"
    if let agreement = report.agreement {
      text +=
        "\nagreement in the overlaps \(Text.fixed(agreement, 3)); \(report.turnedDown) candidates "
      text += "turned down, \(report.cut) labels cut at a seam without partner"
    }
    if report.sameTileJoins > 0 {
      text += "\n\(report.sameTileJoins) labels were joined with another of their own tile"
    }
    return JobSummary(text: text, json: document)
  }
}
