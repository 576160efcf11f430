import ArgumentParser
import Brickwork

/// What an export writes: named, or told by the ending of the output's name.
enum ExportFormat: String, Sendable, Hashable, CaseIterable, ExpressibleByArgument {
  case bdv, hdf5, tiff
  case jpeg2000 = "jp2"
  case npy

  init?(ending path: String) {
    let endings: [(String, ExportFormat)] = [
      (".h5", .bdv), (".hdf5", .bdv), (".tif", .tiff), (".tiff", .tiff), (".jp2", .jpeg2000),
      (".j2k", .jpeg2000), (".npy", .npy),
    ]
    guard let found = endings.first(where: { path.lowercased().hasSuffix($0.0) }) else {
      return nil
    }
    self = found.1
  }
}

/// `brickwork export`: a store or tiles into a BigDataViewer file, or one volume into a TIFF or JPEG 2000 file.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Exports a store or tiles as BigDataViewer HDF5 with its XML, or one volume as OME-TIFF, HDF5, JPEG 2000 or NumPy.",
    discussion: """
      The ending of the output's name chooses the format. OUT.h5 comes with OUT.xml beside it; open the XML in Fiji with \
      Plugins > BigDataViewer > Open XML/HDF5, or in BigStitcher. Its layout is fused, one stitched volume: that of a store \
      with the store's pyramid, or tiles stitched on the way; or views, each tile where it lies. Labels get coarser levels \
      by majority. OUT.tif is a tiled OME-TIFF with a pyramid (--levels 1: one resolution in strips, which ImageJ reads by \
      itself), OUT.h5 with --format hdf5 one plain dataset, OUT.npy a NumPy array; their source is one tile or store. An \
      interrupted export to HDF5 or TIFF continues when the same command is given again; --update and --region change a \
      BigDataViewer file that is there.

      EXAMPLES
        brickwork export sample.ome.zarr -o sample.h5
        brickwork export sample.ome.zarr -o sample.h5 --levels bdv --compression deflate:4
        brickwork export sample.ome.zarr -o sample.h5 --update
        brickwork export sample.ome.zarr -o sample.h5 --region 0:512,256:768,:
        brickwork export sample.ome.zarr -o old.h5 --legacy --channel all --timepoint all
        brickwork export tiles/*.tif --offsets offsets.csv --fusion linear -o sample.h5
        brickwork export tiles/*.tif --offsets offsets.csv --layout views -o tiles.h5
        brickwork export tiles/*.tif --offsets offsets.csv --layout views --split setup -o tiles.h5
        brickwork export labels/*.tif --offsets offsets.csv --from-map map.csv -o labels.h5
        brickwork export sample.ome.zarr -o sample.ome.tif --channel all --compression deflate
        brickwork export sample.ome.zarr -o overview.tif --level 2 --compression deflate:6
        brickwork export sample.ome.zarr -o plain.h5 --format hdf5
        brickwork export scan.nd2 -o field.ome.tif --tile 12 --roi 0:512,0:512,:
      """)

  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write: .h5, .tif, .ome.tif, .jp2, .j2k or .npy.", valueName: "out"),
    completion: .file(extensions: ["h5", "tif", "jp2", "npy"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "What the file becomes (default: what its ending says; .h5 is bdv).",
      valueName: "bdv|hdf5|tiff|jp2|npy"))
  var format: ExportFormat?

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover (default: linear; overwrite for labels).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @Option(
    help: ArgumentHelp(
      "none, deflate:1 (fast) to deflate:12 (small); for TIFF also up to deflate:9, zstd:1 to zstd:22, lzw (default: "
        + "deflate:1 for HDF5, none for TIFF).",
      valueName: "none|deflate:n|zstd:n|lzw"),
    transform: { try CompressionOption(parsing: $0) })
  var compression: CompressionOption?

  @OptionGroup(title: "HDF5 and TIFF") var bdv: BDVExportGroup
  @OptionGroup(title: "One volume") var volume: VolumeExportGroup
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @OptionGroup var disk: FreeDiskGroup

  @OptionGroup var planning: PlanningGroup

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    try bdv.validate()
    if bdv.changesFile, let name = overwrite ? "--overwrite" : planning.dryRun ? "--dry-run" : nil {
      throw ValidationError(
        "\(name) is for a whole export, and --update and --region change a file.")
    }
  }

  func run() async throws {
    guard let format = format ?? ExportFormat(ending: output) else {
      throw BrickworkError(
        .badRequest, path: output,
        reason: "the name of the output does not end in .h5, .tif or .ome.tif",
        remedy: "Name it OUT.h5, and OUT.xml is written beside it, or OUT.tif; or say --format")
    }
    try checkGroups(format)
    for path in source.sources where !Files.exists(path) {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such store or file",
        remedy: "Check the path; it is taken from the current folder")
    }
    let isUnfinished =
      bdv.split == nil ? BDVFileWriter.isUnfinished(output) : BDVSplit.isUnfinished(output)
    let isContinued = format == .bdv && (bdv.changesFile || isUnfinished)
    try Output.check(output, overwrite: overwrite || planning.dryRun || isContinued)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress?.finish() }
    let summary: JobSummary
    switch format {
    case .bdv:
      summary = try await runExport(
        try request(), source: source, progress: progress, printing.log())
    case .hdf5, .tiff, .jpeg2000, .npy:
      summary = try await runVolumeExport(
        try volumeRequest(format), progress: progress, printing.log())
    }
    progress?.finish()
    try summary.showPlan(printing)
  }

  private func request() throws -> ExportRequest {
    let usual: FusionChoice = bdv.areLabels ? .overwrite : .linear
    return ExportRequest(
      output: output, layout: bdv.layout ?? .fused, fusion: fusion,
      options: try composition.commonOptions(fusion: fusion ?? usual),
      channels: composition.channel, timepoints: composition.timepoint, levels: bdv.levels,
      chunk: bdv.chunk, split: bdv.split, areLabels: bdv.areLabels, map: bdv.fromMap,
      compression: compression ?? .deflate(level: 1), shuffle: !bdv.encoding.noShuffle,
      legacy: bdv.encoding.legacy,
      memory: try machine.memoryLimit(), threads: try machine.threadCount(), overwrite: overwrite,
      dryRun: planning.dryRun, ignoresFreeDisk: disk.ignoreFreeDisk, updates: bdv.update,
      region: bdv.region)
  }

  private func volumeRequest(_ format: ExportFormat) throws -> VolumeExportRequest {
    VolumeExportRequest(
      source: source.sources[0], output: output, format: format, opening: source.opening.options,
      tile: volume.tile, level: volume.level, channels: composition.channel,
      timepoints: composition.timepoint, region: volume.roi, voxelSize: source.voxelSize,
      levels: bdv.levels, chunk: bdv.chunk, areLabels: bdv.areLabels,
      shuffle: !bdv.encoding.noShuffle,
      compression: compression,
      memory: try machine.memoryLimit(), threads: try machine.threadCount(),
      overwrite: overwrite,
      dryRun: planning.dryRun, ignoresFreeDisk: disk.ignoreFreeDisk)
  }

  private func checkGroups(_ format: ExportFormat) throws {
    if format == .bdv, let name = volume.given {
      throw BrickworkError(
        .badRequest, path: output, reason: "\(name) belongs to exports of one volume, not to HDF5",
        remedy: "Leave it out, name the output OUT.tif, or add --format hdf5")
    }
    guard format != .bdv else { return }
    if let name = bdv.given(beside: format) ?? (fusion == nil ? composition.firstGiven : "--fusion")
      ?? (source.offsets == nil ? nil : "--offsets")
    {
      throw BrickworkError(
        .badRequest, path: output, reason: "\(name) belongs to HDF5",
        remedy: "Leave it out, or name the output OUT.h5")
    }
    guard source.sources.count == 1 else {
      throw BrickworkError(
        .badRequest, path: output,
        reason:
          "a file of this format holds one volume, and \(source.sources.count) sources are named",
        remedy: "Name one, or stitch them first")
    }
  }
}

/// How the chunks of a BigDataViewer file are stored.
struct BDVEncodingGroup: ParsableArguments {
  @Flag(name: .long, help: "Don't shuffle bytes before compression.")
  var noShuffle = false

  @Flag(help: "Store 16-bit voxels as every BigDataViewer since 2013 reads them: int16.")
  var legacy = false
}

/// What files of chunks and levels can have.
struct BDVExportGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fused: one stitched volume; views: each tile where it lies, a setup for each of its channels (default: fused).",
      valueName: "fused|views"))
  var layout: ExportLayout?

  @Option(
    help: ArgumentHelp(
      "Pyramid levels: the store's own, BigDataViewer's proposal, or so many of them, full resolution included (default: "
        + "store for a stitched store, bdv for tiles, 1 with --format hdf5). For TIFF so many, each half as wide and high "
        + "(default: until 512 × 512).",
      valueName: "store|bdv|n"),
    transform: { try ExportLevelsOption(parsing: $0) })
  var levels: ExportLevelsOption?

  @Option(
    help: ArgumentHelp(
      "Voxels of an HDF5 chunk, in the order z,y,x (default: the store's bricks where they have at most 1 MiB; else "
        + "64,64,64, thinner for tiles that are compressed page by page). For TIFF pixels of a tile, y,x (default: "
        + "512,512).",
      valueName: "z,y,x"),
    transform: { try OptionValue.chunk($0) })
  var chunk: Index3?

  @Option(
    help: ArgumentHelp(
      "Split among several files with a master of links, one for each setup, one for each time point, or so many setups in "
        + "each. The same command may run several times at once (default: one file).",
      valueName: "setup|timepoint|n"),
    transform: { try SplitOption(parsing: $0) })
  var split: SplitOption?

  @Flag(
    help:
      "The voxels are labels: coarser levels take the label most voxels have. Label images are known without it."
  )
  var labels = false

  @Option(
    help: ArgumentHelp(
      "A map, as labels dedup writes it, of the tiles' labels to new ones; implies --labels.",
      valueName: "map.csv"),
    completion: .file(extensions: ["csv"]))
  var fromMap: String?

  @OptionGroup var encoding: BDVEncodingGroup

  @Flag(
    help: ArgumentHelp(
      "Write what has changed in the store since the file was exported from it with the same options, found by checksum; "
        + "coarser levels follow."))
  var update = false

  @Option(
    help: ArgumentHelp(
      "Write this part alone, in voxels of full resolution in the order x,y,z, and what follows from it in coarser levels, "
        + "into a file that is there or a new one that is zero elsewhere.",
      valueName: "x0:x1,y0:y1,z0:z1"),
    transform: { try Notation.region($0) })
  var region: Region?

  /// Whether a file that is there is changed.
  var changesFile: Bool { update || region != nil }

  /// The first option that was given and that a format of one volume has no use for, if any.
  func given(beside format: ExportFormat) -> String? {
    let hasLevels = format == .hdf5 || format == .tiff
    let options = [
      ("--update", update), ("--region", region != nil),
      ("--layout", layout != nil), ("--levels", levels != nil && !hasLevels),
      ("--chunk", chunk != nil && !hasLevels), ("--labels", labels && format != .tiff),
      ("--split", split != nil), ("--from-map", fromMap != nil),
      ("--no-shuffle", encoding.noShuffle && format != .hdf5),
      ("--legacy", encoding.legacy),
    ]
    return options.first { $0.1 }?.0
  }

  /// Whether the voxels are said to be labels.
  var areLabels: Bool { labels || fromMap != nil }

  func validate() throws {
    if update && region != nil {
      throw ValidationError("--update finds what has changed by itself, and --region names it.")
    }
    if let fromMap, !fromMap.hasSuffix(".csv") {
      throw ValidationError("The map \(fromMap) does not end in .csv (--from-map).")
    }
  }
}

/// What chooses the one volume of an export.
struct VolumeExportGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The tile, counted from 0; needed where the source has several.", valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var tile: Int?

  @Option(
    help: ArgumentHelp("The pyramid level of a store, 0 the finest (default: 0).", valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var level: Int?

  @Option(
    help: ArgumentHelp(
      "The part to export, in voxels of the tile or level, in the order x,y,z (default: all).",
      valueName: "x0:x1,y0:y1,z0:z1"),
    transform: { try Notation.region($0) })
  var roi: Region?

  /// The first option that was given, if any.
  var given: String? {
    if tile != nil { return "--tile" }
    if level != nil { return "--level" }
    return roi != nil ? "--roi" : nil
  }
}
