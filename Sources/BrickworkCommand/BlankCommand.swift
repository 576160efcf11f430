import ArgumentParser
import Brickwork

/// `brickwork blank`: a BigDataViewer file of noise, to be filled.
struct BlankCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blank",
    abstract:
      "Writes a BigDataViewer HDF5 file of noise, or an empty one, to be filled brick by brick.",
    discussion: """
      Each tile and channel becomes a view setup, with all pyramid levels, and OUT.xml says where it lies. The noise is \
      uniform from 0 to below --noise (BigStitcher trips over tiles that are all zero), and the same for the same \
      --seed, whatever the machine does. Without noise no voxel is stored, and the file is there in an instant.

      EXAMPLES
        brickwork blank -o blank.h5 --size 100,2048,2048 --grid 1,3,4 --overlap 0,200,200 --noise 100
        brickwork blank -o blank.h5 --size 100,2048,2048 --offsets o.csv --voxel-size 0.16,0.16,0.4
        brickwork blank -o labels.h5 --size 500,4000,4000 --type uint32 --levels 1 --dry-run
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write; its XML lies beside it.", valueName: "out.h5"),
    completion: .file(extensions: ["h5"]))
  var output: String

  @Option(
    help: ArgumentHelp("Voxels of a tile, in the order z,y,x.", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var size: Index3

  @Option(
    help: ArgumentHelp(
      "Tiles along each axis, in the order z,y,x (default: 1,1,1).", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var grid: Index3?

  @Option(
    help: ArgumentHelp(
      "Voxels that neighbours of the grid share, in the order z,y,x (default: 0,0,0).",
      valueName: "z,y,x"),
    transform: { try Notation.overlap($0) })
  var overlap: Index3?

  @Option(
    help: ArgumentHelp(
      "Positions of the tiles, one each, instead of a grid: .csv, .npy, TileConfiguration.txt, BigStitcher .xml.",
      valueName: "file"),
    completion: .file(extensions: ["csv", "npy", "txt", "xml"]))
  var offsets: String?

  @OptionGroup var table: OffsetFileGroup

  @Option(
    help: ArgumentHelp("Channels of each tile (default: 1).", valueName: "n"),
    transform: { try OptionValue.positive($0) })
  var channels: Int?

  @Option(
    help: ArgumentHelp("Time points of each channel (default: 1).", valueName: "n"),
    transform: { try OptionValue.positive($0) })
  var timepoints: Int?

  @Option(
    help: ArgumentHelp(
      "Distance between voxels in µm, in the order x,y,z (default: that of --offsets, else 1,1,1).",
      valueName: "x,y,z"),
    transform: { try Notation.voxelSize($0) })
  var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp(
      "Type of the voxels: uint8 to uint64, int8 to int64, float32, float64 (default: uint16).",
      valueName: "type"),
    transform: { try OptionValue.voxelType($0) })
  var type: VoxelType?

  @Option(
    help: ArgumentHelp(
      "Voxels lie between 0 and below this number; 0 stores none (default: 0).",
      valueName: "amplitude"))
  var noise: Double?

  @Option(help: ArgumentHelp("Chooses the noise (default: 0).", valueName: "n"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "none, deflate:1 (fast) to deflate:12 (small) (default: deflate:1).",
      valueName: "none|deflate:n"),
    transform: { try CompressionOption(parsing: $0) })
  var compression: CompressionOption?

  @Option(
    help: ArgumentHelp(
      "Pyramid levels: bdv, as many as BigDataViewer proposes, or so many of them, full resolution included (default: bdv).",
      valueName: "bdv|n"),
    transform: { try ExportLevelsOption(parsing: $0) })
  var levels: ExportLevelsOption?

  @Option(
    help: ArgumentHelp(
      "Voxels of an HDF5 chunk, in the order z,y,x (default: 64,64,64).", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var chunk: Index3?

  @OptionGroup var encoding: BDVEncodingGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @OptionGroup var disk: FreeDiskGroup

  @OptionGroup var planning: PlanningGroup

  @OptionGroup var printing: PrintingGroup

  /// Every one of them has datasets of its own.
  private static let mostViews = 1 << 20

  func validate() throws {
    if offsets != nil && (grid != nil || overlap != nil) {
      throw ValidationError(
        "--offsets says where tiles lie, and so do --grid and --overlap: choose.")
    }
    if offsets == nil && table.isGiven {
      throw ValidationError(
        "--offset-units and --offset-layout describe a file: add --offsets FILE.")
    }
    guard output.lowercased().hasSuffix(".h5") || output.lowercased().hasSuffix(".hdf5") else {
      throw ValidationError("Name the output OUT.h5; OUT.xml is written beside it (-o).")
    }
    let counts = [grid?.z, grid?.y, grid?.x, channels, timepoints].map { $0 ?? 1 }
    guard counts.reduce(1, { min($0, 1 << 31) * min($1, 1 << 31) }) <= Self.mostViews else {
      throw ValidationError(
        "More than \(Self.mostViews) views are too many for a file (--grid, --channels, --timepoints)."
      )
    }
    if let overlap, overlap.zip(size, { $0 < $1 ? 0 : 1 }) != .zero {
      throw ValidationError(
        "An overlap of \(overlap) leaves nothing of tiles of \(size) (--overlap).")
    }
  }

  func run() async throws {
    let isContinued = BDVFileWriter.isUnfinished(output)
    try Output.check(output, overwrite: overwrite || planning.dryRun || isContinued)
    let log = printing.log()
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let request = BlankRequest(
      output: output, layout: try layout(log), levels: try engineLevels(), chunk: chunk,
      options: try BDVExportOptions(
        compression ?? .deflate(level: 1), shuffle: !encoding.noShuffle, legacy: encoding.legacy,
        output: output),
      memory: try machine.memoryLimit(), threads: try machine.threadCount(),
      overwrite: overwrite, dryRun: planning.dryRun, ignoresFreeDisk: disk.ignoreFreeDisk)
    let summary = try await runBlank(request, progress: progress)
    progress?.finish()
    try summary.showPlan(printing)
  }

  private func layout(_ log: Log) throws -> BlankLayout {
    var layout = BlankLayout(
      type: type ?? .uint16, tileSize: size, channels: channels ?? 1, timepoints: timepoints ?? 1,
      voxelSize: voxelSize ?? .unknown, noise: noise ?? 0, seed: seed ?? 0)
    guard let offsets else {
      layout.offsets = BlankLayout.grid(
        grid ?? .one, tileSize: size, overlap: overlap ?? .zero)
      return layout
    }
    let table = try table.read(offsets, log)
    layout.voxelSize = voxelSize ?? table.voxelSize ?? .unknown
    layout.offsets = table.rows.map { $0.inVoxels(of: layout.voxelSize) }
    return layout
  }

  private func engineLevels() throws -> ExportLevels {
    switch levels {
    case .store:
      throw BrickworkError(
        .badRequest, reason: "there is no store whose levels could be taken",
        remedy: "Choose --levels bdv or a number")
    case .count(let count): .first(count)
    case .bdv, nil: .bdv
    }
  }
}
