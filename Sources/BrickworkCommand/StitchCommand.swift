import ArgumentParser
import Brickwork

/// `brickwork stitch`: tiles into an OME-Zarr store.
struct StitchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stitch",
    abstract: "Stitches tiles into an OME-Zarr store with its pyramid.",
    discussion: """
      Works brick by brick within --memory. An interrupted run continues when the same command is given again; a \
      changed setting is refused unless --overwrite is given. BigStitcher 3 opens the store by way of brickwork project.

      EXAMPLES
        brickwork stitch tiles/*.tif --offsets TileConfiguration.txt -o sample.ome.zarr
        brickwork stitch tiles/*.ome.tif --fusion linear --blend-width 5um,5um,2px -o sample.ome.zarr
        brickwork stitch tiles/*.ome.tif --channel all --timepoint all -o sample.ome.zarr
        brickwork stitch tiles/*.tif --offsets o.csv --scale-intensity auto --mask tissue.tif -o s.ome.zarr
        brickwork stitch tiles/*.tif --offsets o.csv --roi 0:2048,0:2048,: --dry-run -o part.ome.zarr
        brickwork stitch tiles/*.tif --offsets o.csv --harmonise gain --gains gains.csv -o sample.ome.zarr
        brickwork stitch tiles/*.tif --offsets o.npy --offset-layout exm --flip x --memory 512MiB -o s.ome.zarr
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The store to write, a folder.", valueName: "out.ome.zarr"),
    completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover (default: linear).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @Option(
    help: ArgumentHelp(
      "The part to stitch, in voxels of the stitched volume, in the order x,y,z (default: all).",
      valueName: "x0:x1,y0:y1,z0:z1"),
    transform: { try Notation.region($0) })
  var roi: Region?

  @Option(
    help: ArgumentHelp(
      "Adjust each tile's intensities so that overlapping tiles agree: multiply them, or also add a number "
        + "(default: leave them).",
      valueName: "gain|gain+offset"))
  var harmonise: Harmonisation?

  @Option(
    help: ArgumentHelp(
      "With --harmonise: write the gains to a table, tile,name,channel,gain,offset.",
      valueName: "out.csv"),
    completion: .file(extensions: ["csv"]))
  var gains: String?

  @OptionGroup(title: "Voxels") var views: ViewGroup

  @OptionGroup(title: "Store") var store: StoreGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @OptionGroup var planning: PlanningGroup

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    if gains != nil && harmonise == nil { throw ValidationError("--gains needs --harmonise.") }
  }

  func run() async throws {
    let request = StitchRequest(
      output: output, options: try composition.commonOptions(fusion: fusion ?? .linear),
      channels: composition.channel ?? .one(.number(0)),
      timepoints: composition.timepoint ?? .one(0), region: roi, views: views.request,
      store: store.shape, memory: try machine.memoryLimit(), threads: try machine.threadCount(),
      dryRun: planning.dryRun, harmonisation: harmonise, gains: gains)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let summary = try await runStitch(request, source: source, progress: progress, printing.log())
    progress?.finish()
    try summary.showPlan(printing)
  }
}

/// What a stitch is asked to do, apart from its sources.
struct StitchRequest: Sendable {
  var output: String
  var options: CompositionOptions
  var channels: ChannelSelection
  var timepoints: TimepointSelection
  /// The part of the stitched volume; nil means all.
  var region: Region?
  /// What is done to the voxels of the stitched volume.
  var views: ViewRequest
  var store: StoreShape
  /// Bytes; nil leaves the choice to the engine.
  var memory: Int?
  var threads: Int?
  var dryRun: Bool
  /// How tiles are adjusted to each other; nil leaves them.
  var harmonisation: Harmonisation?
  /// A table to write gains to.
  var gains: String?
}
