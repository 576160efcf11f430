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

      An output that ends in .zarr becomes the stitched label volume: an OME-Zarr label image of uint32 voxels (uint64 \
      where numbers need it). Where tiles overlap the last one that has a label counts, and each coarser level is made by \
      majority. An interrupted run continues when the same command is given again. --objects writes the table of its \
      objects in the same pass.

      EXAMPLES
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o map.csv
        brickwork labels dedup labels/*.tif --offsets offsets.csv --min-fraction 0.2 -o map.csv --report joined.html
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o stitched.ome.zarr --map map.csv
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o stitched.ome.zarr --objects objects.csv
        brickwork labels dedup labels/*.tif --offsets offsets.csv --from-map map.csv -o stitched.ome.zarr
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The map to write, .csv, or the store of the stitched labels, .zarr.",
      valueName: "map.csv|out.ome.zarr"),
    completion: .file(extensions: ["csv", "zarr"]))
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
  @OptionGroup(title: "Stitched labels") var stitched: LabelStoreOptions
  @OptionGroup(title: "Store") var store: StoreGroup
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    if let minFraction, !(minFraction >= 0 && minFraction <= 1) {
      throw ValidationError("The fraction \(minFraction) is not between 0 and 1 (--min-fraction).")
    }
    if let report, !report.hasSuffix(".html") && !report.hasSuffix(".json") {
      throw ValidationError("The report \(report) ends neither in .html nor in .json (--report).")
    }
    guard output.hasSuffix(".csv") || isStore else {
      throw ValidationError("The output \(output) ends neither in .csv nor in .zarr (-o).")
    }
    if !isStore, let named = stitched.named ?? store.named {
      throw ValidationError("\(named) belongs to a store of labels: -o OUT.ome.zarr.")
    }
    if stitched.fromMap != nil && (minVoxels != nil || minFraction != nil || report != nil) {
      throw ValidationError(
        "With --from-map nothing is joined: leave out --min-voxels, --min-fraction and --report.")
    }
    try stitched.check()
  }

  private var isStore: Bool { trimmed(output).hasSuffix(".zarr") }
  private var overwrite: Bool { store.overwrite }

  func run() async throws {
    let log = printing.log()
    if isStore {
      try checkFolder(ofStore: output)
    } else {
      try Output.check(output, overwrite: overwrite)
    }
    for path in reportPaths + (isStore ? mapPaths : []) + (stitched.objects.map { [$0] } ?? []) {
      try Output.check(path, overwrite: overwrite)
    }
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let opened = try labels.open(source, machine, log)
    let extras = reportPaths + mapPaths + (stitched.objects.map { [$0] } ?? [])
    for path in [output] + extras { try Output.check(path, sparing: opened.files) }
    let target =
      isStore
      ? LabelStore(
        path: trimmed(output), shape: store.shape, objects: stitched.objects, opened: opened) : nil
    try target?.checkBudget()
    if let target, let path = stitched.fromMap {
      let written = try await target.write(try target.map(from: path), heldBytes: 0, progress)
      progress?.finish()
      written.show(printing)
      return
    }
    let start = ContinuousClock.now
    let result = try await opened.job(progress).deduplicate(
      JoinOptions(minimumVoxels: minVoxels ?? 1, minimumFraction: minFraction ?? 0))
    // The store comes first: files that are there already would keep an interrupted run from being continued.
    let written = try await target?.write(
      result.map, heldBytes: result.byteCount - result.map.byteCount, progress)
    for path in mapPaths { try result.map.write(path) }
    for path in reportPaths {
      let text =
        path.hasSuffix(".html")
        ? result.report.html : result.report.json.text(pretty: true) + "\n"
      try Files.replace(path, with: Array(text.utf8))
    }
    progress?.finish()
    var summary = summary(result, Text.seconds(start.duration(to: .now)))
    if let written {
      summary.text += "\n" + written.text
      summary.json["store"] = written.json
    }
    summary.show(printing)
  }

  /// The maps to write.
  private var mapPaths: [String] { isStore ? stitched.map.map { [$0] } ?? [] : [output] }

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
      "reports": .array(reportPaths.map { .string($0) }),
      "map": mapPaths.first.map { .string($0) } ?? nil, "seconds": .number(seconds),
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
