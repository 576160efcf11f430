import ArgumentParser
import Brickwork

/// `brickwork labels centroids`: the table of a segmentation's objects.
struct LabelsCentroidsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "centroids",
    abstract: "Writes each label's voxels, centroid and bounding box as a table.",
    discussion: """
      The columns are label,voxels,x,y,z,x_um,y_um,z_um,z0,y0,x0,z1,y1,x1, one row per label in ascending order; \
      label 0 is background and has none. x,y,z is the mean position of the label's voxels, the first voxel of the \
      stitched volume being at 0, and x_um,y_um,z_um the same in µm. z0,y0,x0 is the first voxel of the bounding \
      box along each axis and z1,y1,x1 the first one past it. An output that ends in .json becomes JSON.

      Several tiles are stitched as they are: of overlapping ones the later wins, and the same number in two tiles \
      counts as one label. The volume is read once; labels that don't fit into --memory go to a scratch file beside \
      the output.

      EXAMPLES
        brickwork labels centroids labels.ome.zarr -o objects.csv
        brickwork labels centroids cells.tif --voxel-size 0.16,0.16,0.4 -o cells.csv
        brickwork labels centroids labels/*.tif --offsets offsets.csv --memory 512MiB -o objects.csv
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The table to write, .csv or .json.", valueName: "out.csv"),
    completion: .file(extensions: ["csv", "json"]))
  var output: String

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @OptionGroup var printing: PrintingGroup

  func run() async throws {
    let log = printing.log()
    try Output.check(output, overwrite: overwrite)
    let options = try composition.options(fusion: .overwrite)
    let budget = MemoryBudget(byteCount: try machine.memoryLimit())
    let cache = PieceCache(capacity: 0)
    let table = try source.offsetTable(timepoint: options.timepoint, log)
    let tiles = try source.tileSet(log, cache: cache, offsets: table)
    try Output.check(output, sparing: tiles)
    let composed = try tiles.composition(offsets: table, options)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let job = ObjectsJob(
      source: composed.volume, tiles: composed.placement.boxes, budget: budget,
      threads: try machine.threadCount() ?? SystemMemory.cores, cache: cache,
      scratchFolder: Files.folder(of: output), listener: progress)
    let (objects, summary) = try await job.run()
    progress?.finish()
    let size = composed.voxelSize
    let keepOn: (Int) throws -> Void = { _ in try Task.checkCancellation() }
    let count =
      output.lowercased().hasSuffix(".json")
      ? try objects.writeJSON(to: output, voxelSize: size, progress: keepOn)
      : try objects.writeCSV(to: output, voxelSize: size, progress: keepOn)
    JobSummary(
      text: "\(output): \(count) labels in \(Text.size(composed.volume.size)) voxels (x×y×z), "
        + "found in \(Text.duration(summary.seconds))",
      json: [
        "path": .string(output), "labels": JSON(count),
        "type": .string(composed.volume.type.rawValue), "size_zyx": JSON(composed.volume.size),
        "seconds": .number(summary.seconds), "voxel_bytes": JSON(summary.voxelBytes),
        "workers": JSON(summary.workers), "spilled_bytes": JSON(summary.spilledBytes),
      ]
    ).show(printing)
  }
}
