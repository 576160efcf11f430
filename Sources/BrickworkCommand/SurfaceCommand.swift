import ArgumentParser
import Brickwork

/// `brickwork surface`: where columns of a volume first exceed their threshold.
struct SurfaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "surface",
    abstract: "Finds the bottom and the top surface of a volume.",
    discussion: """
      For each column (y, x): the first plane, going up (bottom) or down (top), at which the mask voxel > threshold, \
      dilated 5 times by a 3×3 square in the plane, is true. The threshold of a column is its 99th percentile over z, \
      divided by 3, or what --threshold says.

      Writes PREFIX_intensity (the voxel at that plane), PREFIX_index (the plane, counted from 0, int32, -1 where there is \
      none), PREFIX_threshold (float64) and the picture PREFIX_height.png: higher planes are brighter, columns without a \
      surface black. With --from both the names are PREFIX_bottom_intensity and so on.

      EXAMPLES
        brickwork surface sample.ome.zarr --from bottom -o sample
        brickwork surface tiles/*.tif --offsets offsets.csv --from both --memory 512MiB -o results/sample
        brickwork surface stack.tif --from top --threshold 400 --format npy -o stack
        brickwork surface stack.tif --from both --threshold thresholds.tif -o stack
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "From where to look; both shares the thresholds.", valueName: "bottom|top|both")
  )
  var from: SurfaceSideOption

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("What the names of the files to write begin with.", valueName: "prefix"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Kind of the images: TIFF, NumPy array, or OME-Zarr (default: tif).",
      valueName: "tif|npy|zarr"))
  var format: SurfaceFormat = .tif

  @Option(
    help: ArgumentHelp(
      "A number, or an image with one for each column (.npy, or any source of one plane), in place of the percentile.",
      valueName: "n|file"))
  var threshold: String?

  @Option(
    help: ArgumentHelp("The percentile over z, 50 to 100 (default: 99).", valueName: "p"))
  var percentile: Double?

  @Option(help: ArgumentHelp("What the percentile is divided by (default: 3).", valueName: "n"))
  var divide: Double?

  @Option(
    help: ArgumentHelp(
      "The level of a store's pyramid, 0 being the finest (default: 0).", valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var level: Int?

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover (default: linear).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    if threshold != nil && (percentile != nil || divide != nil) {
      throw ValidationError("--threshold takes the place of --percentile and --divide.")
    }
  }

  func run() async throws {
    let log = printing.log()
    let sides = from.sides
    let files = SurfaceFiles(prefix: output, sides: sides, format: format)
    try files.check(overwrite: overwrite)
    let options = try composition.options(fusion: fusion ?? .linear)
    let budget = MemoryBudget(byteCount: try machine.memoryLimit())
    let threads = try machine.threadCount() ?? SystemMemory.cores
    let cache = PieceCache(capacity: 0)
    let shown = try source.volume(
      level: level, options, sparing: files.all, cache: cache, log)
    let (limit, held) = try surfaceThreshold(for: shown.volume.size)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let job = SurfaceJob(
      source: shown.volume, sides: sides, threshold: limit, budget: budget,
      threads: threads, cache: cache, scratchFolder: Files.folder(of: output), heldBytes: held,
      listener: progress)
    let found = try await job.run()
    progress?.finish()
    try await files.write(
      found, voxelSize: shown.voxelSize, budget: budget, threads: threads, overwrite: overwrite)
    summary(found, files, shown.volume).show(printing)
  }

  /// What `--threshold` says, with the bytes it holds.
  private func surfaceThreshold(for size: Index3) throws -> (SurfaceThreshold, Int) {
    guard let threshold else { return (.percentile(percentile ?? 99, divisor: divide ?? 3), 0) }
    if let number = Double(threshold) { return (.constant(number), 0) }
    if let image = try NPYImage.read(threshold) {
      return (.image(image), 2 * image.size.volume * 8)
    }
    let tiles = try TileSet.open([threshold], cache: PieceCache(capacity: 0))
    guard tiles.tiles.count == 1 else {
      throw BrickworkError(
        .badRequest, path: threshold,
        reason: "has \(tiles.tiles.count) images, not one of thresholds",
        remedy: "Name a file with one")
    }
    return (.image(try tiles.tiles[0].volume(channel: 0, timepoint: 0)), 0)
  }

  private func summary(_ found: Surfaces, _ files: SurfaceFiles, _ volume: any Volume) -> JobSummary
  {
    let columns = volume.size.y * volume.size.x
    var lines: [String] = []
    var surfaces: JSON = [:]
    for surface in found.surfaces {
      let range = surface.range.map { "planes \($0.lowerBound) to \($0.upperBound)" } ?? "no plane"
      lines.append(
        "\(surface.side.rawValue): \(surface.found) of \(columns) columns have a surface, \(range)")
      surfaces[surface.side.rawValue] = [
        "columns_with_surface": JSON(surface.found),
        "columns_without": JSON(columns - surface.found),
        "min_index": surface.range.map { JSON($0.lowerBound) } ?? nil,
        "max_index": surface.range.map { JSON($0.upperBound) } ?? nil,
        "files": .array(files.names(of: surface.side).map { .string($0) }),
      ]
    }
    lines.append(
      "\(output)_…: \(Text.bytes(found.voxelBytesRead)) of voxels read in \(Text.duration(found.seconds))"
    )
    return JobSummary(
      text: lines.joined(separator: "\n"),
      json: [
        "prefix": .string(output), "type": .string(volume.type.rawValue),
        "size_zyx": JSON(volume.size), "surfaces": surfaces,
        "threshold_file": .string(files.threshold),
        "voxel_bytes": JSON(volume.size.volume * volume.type.byteCount),
        "voxel_bytes_read": JSON(found.voxelBytesRead), "seconds": .number(found.seconds),
        "workers": JSON(found.workers), "band_rows": JSON(found.bandRows),
      ])
  }
}

/// From where surfaces are looked for.
enum SurfaceSideOption: String, CaseIterable, ExpressibleByArgument {
  case bottom, top, both

  var sides: [SurfaceSide] {
    switch self {
    case .bottom: [.bottom]
    case .top: [.top]
    case .both: [.bottom, .top]
    }
  }
}
