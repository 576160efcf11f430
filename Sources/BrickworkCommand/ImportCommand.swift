import ArgumentParser
import Brickwork

/// `brickwork import`: tiles into the chunk store, an OME-Zarr image for each.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Writes tiles into a chunk store: an OME-Zarr image for each, with its position.",
    discussion: """
      Each compressed strip, page or frame of the tiles is decoded once; the store is then stitched, shown and \
      exported brick by brick. All channels and time points are taken. An interrupted run continues when the same \
      command is given again. The store is a source like the tiles' own files.

      EXAMPLES
        brickwork import tiles/*.nd2 -o tiles.zarr
        brickwork import tiles/*.tif --offsets TileConfiguration.txt --memory 512MiB -o tiles.zarr
        brickwork stitch tiles.zarr -o sample.ome.zarr
        brickwork project new tiles.zarr -o dataset.xml
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The store to write, a folder.", valueName: "out.zarr"),
    completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp(
      "The channel, counted from 0 or by name (default: all).", valueName: "n|name|all"),
    transform: { OptionValue.channels($0) })
  var channel: ChannelSelection?

  @Option(
    help: ArgumentHelp("The time point, counted from 0 (default: all).", valueName: "n|all"),
    transform: { try OptionValue.timepoints($0) })
  var timepoint: TimepointSelection?

  @Option(
    help: ArgumentHelp(
      "Voxels of a tile that become one, in the order z,y,x (default: 1,1,1).", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var downscale: Index3?

  @Option(
    help: ArgumentHelp(
      "stride keeps the first voxel of a group, mean averages it, majority takes the commonest label (default: stride).",
      valueName: "stride|mean|majority"))
  var downscaleMethod: DownsampleMethod?

  @OptionGroup(title: "Voxels") var views: ViewGroup

  @OptionGroup(title: "Store") var store: StoreGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @OptionGroup var planning: PlanningGroup

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    if downscaleMethod != nil && downscale == nil {
      throw ValidationError(
        "--downscale-method is given without --downscale: add --downscale Z,Y,X.")
    }
  }

  func run() async throws {
    let request = ImportRequest(
      output: output, channels: channel ?? .all, timepoints: timepoint ?? .all,
      downscale: downscale ?? .one, downscaleMethod: downscaleMethod ?? .stride,
      views: views.request, store: store.shape, memory: try machine.memoryLimit(),
      threads: try machine.threadCount(),
      dryRun: planning.dryRun)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let summary = try await runImport(request, source: source, progress: progress, printing.log())
    progress?.finish()
    try summary.showPlan(printing)
  }
}

/// What an import is asked to do, apart from its sources.
struct ImportRequest: Sendable {
  var output: String
  var channels: ChannelSelection
  var timepoints: TimepointSelection
  /// Voxels, z, y, x, that become one.
  var downscale: Index3
  var downscaleMethod: DownsampleMethod
  /// What is done to the voxels of the tiles.
  var views: ViewRequest
  var store: StoreShape
  /// Bytes; nil leaves the choice to the engine.
  var memory: Int?
  var threads: Int?
  var dryRun: Bool
}
