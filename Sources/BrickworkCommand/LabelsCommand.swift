import ArgumentParser
import Brickwork

/// `brickwork labels`: what is done with segmentations.
struct LabelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labels",
    abstract: "Compares and joins the labels of segmented tiles.",
    discussion: """
      Tiles hold whole numbers: 0 is background, others are objects, numbered in each tile for itself.

      EXAMPLES
        brickwork labels overlaps labels/*.tif --offsets offsets.csv -o overlaps.csv
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o map.csv --report joined.html
        brickwork labels dedup labels/*.tif --offsets offsets.csv -o stitched.ome.zarr
        brickwork labels centroids stitched.ome.zarr -o objects.csv
      """,
    subcommands: [LabelsOverlapsCommand.self, LabelsDedupCommand.self, LabelsCentroidsCommand.self])
}

/// How tiles of labels are placed.
struct LabelTileOptions: ParsableArguments {
  @OptionGroup var placing: PlacingGroup

  @Option(
    help: ArgumentHelp(
      "Voxels of a tile of which the first is kept, in the order z,y,x (default: 1,1,1).",
      valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var downscale: Index3?

  @Option(
    help: ArgumentHelp("The channel, counted from 0 or by name (default: 0).", valueName: "n|name"),
    transform: { try OptionValue.channel($0) })
  var channel: ChannelChoice?

  @Option(
    help: ArgumentHelp("The time point, counted from 0 (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  /// The same as options of a composition.
  var options: CompositionOptions {
    var options = CompositionOptions()
    options.channel = channel ?? .number(0)
    options.timepoint = timepoint ?? 0
    options.flip = placing.flip ?? []
    options.downscale = downscale ?? .one
    options.rounding = placing.offsetRounding ?? .nearest
    options.fusion = .overwrite
    return options
  }

  /// Opens the tiles, and makes the job that reads their labels.
  func job(
    _ source: SourceOptions, _ machine: MachineOptions, sparing output: String,
    progress: TerminalProgress?, _ log: Log
  ) throws -> LabelJob {
    let opened = try open(source, machine, log)
    try Output.check(output, sparing: opened.files)
    return opened.job(progress)
  }

  /// Opens the tiles.
  func open(_ source: SourceOptions, _ machine: MachineOptions, _ log: Log) throws -> OpenedLabels {
    // A job gives the cache its capacity.
    let cache = PieceCache(capacity: 0)
    let table = try source.offsetTable(timepoint: options.timepoint, log)
    let set = try source.tileSet(log, cache: cache, offsets: table)
    let layout = try set.labelLayout(offsets: table, options)
    log.info(
      "\(layout.tiles.count) tiles, \(Text.size(layout.placement.size)) voxels (x×y×z) stitched")
    return OpenedLabels(
      layout: layout, files: set.tiles.map(\.info.path), cache: cache, options: options,
      budget: MemoryBudget(byteCount: try machine.memoryLimit()),
      threads: try machine.threadCount() ?? SystemMemory.cores)
  }
}

/// Tiles of labels at their places, and what a job may take to read them.
struct OpenedLabels: Sendable {
  var layout: LabelLayout
  /// Each tile's file.
  var files: [String]
  var cache: PieceCache
  var options: CompositionOptions
  var budget: MemoryBudget
  var threads: Int

  /// The job that reads the labels.
  func job(_ progress: TerminalProgress?) -> LabelJob {
    LabelJob(
      tiles: layout.tiles, budget: budget, threads: threads, cache: cache, listener: progress)
  }
}
