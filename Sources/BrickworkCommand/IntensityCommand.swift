import ArgumentParser
import Brickwork

/// `brickwork intensity`: exact statistics of intensities.
struct IntensityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "intensity",
    abstract: "Prints exact percentiles, extremes and means of intensities as JSON.",
    discussion: """
      All voxels of all tiles are read once and counted; voxels that several tiles cover count once for each, unless \
      --stitched is given. Percentiles are those of numpy.percentile, never estimates. NaN is left out and counted. Time \
      points are taken together, each channel by itself.

      EXAMPLES
        brickwork intensity tiles/*.tif --percentiles 1,50,99.9
        brickwork intensity tiles/*.tif --per-tile --histogram tiles.svg -o tiles.json
        brickwork intensity tiles/*.tif --offsets o.csv --stitched --fusion average --roi 0:2048,0:2048,:
        brickwork intensity sample.ome.zarr --channel all --level 2 --text
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    help: ArgumentHelp("Percentiles, numbers from 0 to 100 (default: 1,99).", valueName: "p,q,…"),
    transform: { try OptionValue.percentiles($0) })
  var percentiles: [Double]?

  @Flag(help: "Each tile's own statistics as well.")
  var perTile = false

  @Flag(help: "The statistics of the stitched volume instead of the tiles.")
  var stitched = false

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover, for --stitched (default: linear).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @Option(
    help: ArgumentHelp(
      "Only what lies in this part of the stitched volume, in voxels, in the order x,y,z (default: all).",
      valueName: "x0:x1,y0:y1,z0:z1"),
    transform: { try Notation.region($0) })
  var roi: Region?

  @Option(
    help: ArgumentHelp("The pyramid level of a store, 0 the finest (default: 0).", valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var level: Int?

  @Option(
    help: ArgumentHelp(
      "Count so many equal bins from the smallest to the largest finite voxel.", valueName: "n"),
    transform: { try OptionValue.positive($0) })
  var bins: Int?

  @Option(
    help: ArgumentHelp(
      "Draw the histogram, of 256 bins unless --bins says another number. Numbers are in the SVG alone.",
      valueName: "out.svg|out.png"),
    completion: .file(extensions: ["svg", "png"]))
  var histogram: String?

  @Flag(help: "Show the histogram on standard error, as on a terminal.")
  var text = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the JSON to this file instead.", valueName: "out.json"),
    completion: .file(extensions: ["json"]))
  var output: String?

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Flag(help: "Print JSON: the same as without.")
  var json = false

  @OptionGroup var logging: LogOptions

  func validate() throws {
    if perTile && stitched {
      throw ValidationError("--per-tile and --stitched exclude each other: leave one out.")
    }
    if !stitched && (fusion != nil || composition.blendWidth != nil || composition.order != nil) {
      throw ValidationError("--fusion, --blend-width and --order belong to --stitched: add it.")
    }
    if level != nil && (stitched || composition.downscale != nil || composition.placing.flip != nil)
    {
      throw ValidationError(
        "--level takes a store as it is, without --stitched, --downscale, --flip.")
    }
    if let bins, bins > 1 << 20 {
      throw ValidationError("\(bins) bins are more than 1048576 (--bins).")
    }
  }

  func run() async throws {
    let log = logging.log()
    for path in [output, histogram].compactMap({ $0 }) {
      try Output.check(path, overwrite: overwrite)
    }
    let picture = try histogram.map { try HistogramFile($0) }
    let showsText = !logging.quiet && (text || Terminal.isInteractive(.output))
    let percentiles = percentiles ?? [1, 99]
    let budget = MemoryBudget(byteCount: try machine.memoryLimit())
    let cache = PieceCache(capacity: 0)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: logging.quiet)
    defer { progress?.finish() }
    let sources = try sources(cache: cache, log)
    let job = try IntensityJob(
      sources.tiles, percentiles: percentiles,
      bins: bins ?? (picture != nil || showsText ? 256 : nil), budget: budget,
      threads: try machine.threadCount() ?? SystemMemory.cores, cache: cache, perTile: perTile,
      listener: progress)
    let result = try await job.run(perTile: perTile)
    progress?.finish()
    let report = IntensityReport(
      result: result, percentiles: percentiles, channels: sources.channels,
      tileNames: perTile ? sources.names : [], showsBins: bins != nil)
    let charts = zip(sources.channels, result.channels).compactMap { channel, statistics in
      HistogramChart(statistics, percentiles: percentiles, title: channel.title)
    }
    try picture?.write(charts)
    if showsText { for chart in charts { Terminal.write(chart.text, to: .error) } }
    if let output {
      try Files.replace(output, with: Array((report.document.text(pretty: true) + "\n").utf8))
      log.notice("\(output): statistics of \(Text.count(sources.names.count, "tile"))")
    } else {
      Output.print(report.document)
    }
  }

  /// What is looked at.
  private struct Sources {
    var tiles: [IntensityJob.Tile]
    var names: [String]
    var channels: [IntensityReport.Channel]
  }

  private func sources(cache: PieceCache, _ log: Log) throws -> Sources {
    let options = try composition.commonOptions(fusion: fusion ?? (stitched ? .linear : .overwrite))
    let (channels, times) = (
      composition.channel ?? .one(.number(0)), composition.timepoint ?? .one(0)
    )
    var firstTime = 0
    if case .one(let number) = times { firstTime = number }
    let table = try source.offsetTable(timepoint: firstTime, log)
    let set = try source.tileSet(log, cache: cache, offsets: table)
    for path in [output, histogram].compactMap({ $0 }) { try Output.check(path, sparing: set) }
    let info = set.tiles[0].info
    let numbers = try channels.numbers(in: info)
    let named = numbers.map { number in
      IntensityReport.Channel(
        number: number, name: info.channelNames[number], isOnly: channels != .all)
    }
    let tables = try source.tables(table, log)
    if stitched {
      let series = try set.series(
        offsets: tables, options, channels: channels, timepoints: times)
      let box = try roi?.box(in: series.volumes[0].size) ?? series.volumes[0].bounds
      let volumes = series.volumes.map { $0.cropped(to: box) }
      let places = stride(from: 0, to: volumes.count, by: numbers.count).map {
        Array(volumes[$0..<$0 + numbers.count])
      }
      return Sources(tiles: [.init(places)], names: ["stitched"], channels: named)
    }
    if level != nil && roi != nil && set.tiles.count > 1 {
      throw BrickworkError(
        .badRequest,
        reason: "--roi with --level is meant for one store, not for \(set.tiles.count) tiles",
        remedy: "Name one store, or leave one of the two out")
    }
    let series =
      roi == nil || level != nil
      ? nil : try set.series(offsets: tables, options, channels: channels, timepoints: times)
    var tiles: [IntensityJob.Tile] = []
    for (place, tile) in set.tiles.enumerated() {
      let volumes = try times.numbers(in: tile.info).enumerated().map { t, time -> [any Volume] in
        let region = try series.map { try part(of: place, in: $0.placements[t]) }
        return try channels.numbers(in: tile.info).map { channel in
          let volume = try volume(of: tile, channel, time, options)
          let own = level == nil ? region : try roi?.box(in: volume.size)
          return own.map { volume.cropped(to: $0) } ?? volume
        }
      }
      tiles.append(.init(volumes))
    }
    return Sources(tiles: tiles, names: set.tiles.map(\.info.name), channels: named)
  }

  /// What of a tile lies in the region of the stitched volume, in its own voxels.
  private func part(of place: Int, in placement: TilePlacement) throws -> Box3 {
    let box = placement.boxes[place]
    guard let roi else { return Box3(size: box.size) }
    let shared = try roi.box(in: placement.size).intersection(box)
    return shared.isEmpty ? Box3(size: .zero) : shared.translated(by: .zero - box.origin)
  }

  private func volume(
    of tile: any TileImage, _ channel: Int, _ time: Int, _ options: CompositionOptions
  ) throws -> any Volume {
    guard let level else {
      return try tile.volume(
        channel: channel, timepoint: time, flip: options.flip, downscale: options.downscale,
        method: options.downscaleMethod)
    }
    guard let store = tile as? OMEZarrImage else {
      throw BrickworkError(
        .badRequest, path: tile.info.path, reason: "has no pyramid levels to choose from",
        remedy: "Leave --level out, or name an OME-Zarr store")
    }
    return try store.volume(level: level, channel: channel, timepoint: time)
  }
}
