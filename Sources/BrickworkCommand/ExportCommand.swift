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

/// `brickwork export`: a store into a BigDataViewer file, or one volume into a TIFF or JPEG 2000 file.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Exports a store as BigDataViewer HDF5 with its XML, or any tile or store as OME-TIFF, plain HDF5, JPEG 2000 or NumPy.",
    discussion: """
      The ending of the output's name chooses the format. OUT.h5 comes with OUT.xml beside it; open the XML in Fiji with \
      Plugins > BigDataViewer > Open XML/HDF5, or in BigStitcher. OUT.tif is a tiled OME-TIFF with a pyramid (--levels 1: \
      one resolution in strips, which ImageJ reads by itself), OUT.h5 with --format hdf5 one plain dataset, OUT.npy \
      a NumPy array; their source may be any tile file as well. An export that was stopped is continued by the same \
      command.

      EXAMPLES
        brickwork export sample.ome.zarr -o sample.h5
        brickwork export sample.ome.zarr -o sample.h5 --levels bdv --compression deflate:4
        brickwork export sample.ome.zarr -o old.h5 --legacy
        brickwork export sample.ome.zarr -o dapi.h5 --channel DAPI --timepoint 3
        brickwork export sample.ome.zarr -o sample.ome.tif --channel all --compression deflate
        brickwork export sample.ome.zarr -o overview.tif --level 2 --compression deflate:6
        brickwork export sample.ome.zarr -o plain.h5 --format hdf5
        brickwork export scan.nd2 -o field.ome.tif --tile 12 --roi 0:512,0:512,:
      """)

  @Argument(
    help: ArgumentHelp(
      "An OME-Zarr store; for TIFF any tile file, folder or tileset file.", valueName: "store"),
    completion: .file())
  var source: String

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
      "The channel, counted from 0 or by name; all takes every channel, for tiff, hdf5 and npy (default: 0).",
      valueName: "n|name|all"),
    transform: { OptionValue.channels($0) })
  var channel: ChannelSelection?

  @Option(
    help: ArgumentHelp(
      "The time point, counted from 0; all takes every one, for tiff, hdf5 and npy (default: 0).",
      valueName: "n|all"),
    transform: { try OptionValue.timepoints($0) })
  var timepoint: TimepointSelection?

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

  @Flag(name: .long, help: "Say what would be done, and how much it takes; write nothing.")
  var dryRun = false

  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() async throws {
    guard let format = format ?? ExportFormat(ending: output) else {
      throw BrickworkError(
        .badRequest, path: output,
        reason: "the name of the output does not end in .h5, .tif or .ome.tif",
        remedy: "Name it OUT.h5, and OUT.xml is written beside it, or OUT.tif; or say --format")
    }
    try checkGroups(format)
    guard Files.exists(source) else {
      throw BrickworkError(
        .missingInput, path: source, reason: "there is no such store or file",
        remedy: "Check the path; it is taken from the current folder")
    }
    try Output.check(output, overwrite: overwrite || dryRun)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: logging.quiet)
    defer { progress?.finish() }
    let summary: JobSummary
    switch format {
    case .bdv:
      let request = ExportRequest(
        source: source, output: output, levels: bdv.levels ?? .store,
        channel: try single(channel), timepoint: try single(timepoint), chunk: bdv.chunk,
        compression: compression ?? .deflate(level: 1), shuffle: !bdv.noShuffle,
        legacy: bdv.legacy, memory: try machine.memoryLimit(), threads: try machine.threadCount(),
        overwrite: overwrite, dryRun: dryRun)
      summary = try await runExport(request, progress: progress, logging.log())
    case .hdf5, .tiff, .jpeg2000, .npy:
      let request = VolumeExportRequest(
        source: source, output: output, format: format, opening: volume.opening.options,
        tile: volume.tile, level: volume.level, channels: channel, timepoints: timepoint,
        region: volume.roi, voxelSize: volume.voxelSize, levels: bdv.levels, chunk: bdv.chunk,
        shuffle: !bdv.noShuffle, compression: compression,
        memory: try machine.memoryLimit(), threads: try machine.threadCount(),
        overwrite: overwrite, dryRun: dryRun)
      summary = try await runVolumeExport(request, progress: progress, logging.log())
    }
    progress?.finish()
    summary.show(json: json, quiet: logging.quiet)
  }

  private func single(_ selection: ChannelSelection?) throws -> ChannelChoice? {
    switch selection {
    case nil: nil
    case .one(let choice): choice
    case .all: throw oneOnly("channel")
    }
  }

  private func single(_ selection: TimepointSelection?) throws -> Int? {
    switch selection {
    case nil: nil
    case .one(let number): number
    case .all: throw oneOnly("time point")
    }
  }

  private func oneOnly(_ what: String) -> BrickworkError {
    BrickworkError(
      .badRequest, path: output, reason: "a BigDataViewer file takes one \(what), not all of them",
      remedy: "Export one at a time, or choose --format tiff or hdf5")
  }

  private func checkGroups(_ format: ExportFormat) throws {
    if format == .bdv, let name = volume.given {
      throw BrickworkError(
        .badRequest, path: output, reason: "\(name) belongs to exports of one volume, not to HDF5",
        remedy: "Leave it out, name the output OUT.tif, or add --format hdf5")
    }
    if let name = bdv.given(beside: format) {
      throw BrickworkError(
        .badRequest, path: output, reason: "\(name) belongs to HDF5",
        remedy: "Leave it out, or name the output OUT.h5")
    }
  }
}

/// What files of chunks and levels can have.
struct BDVExportGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Pyramid levels: the store's own, BigDataViewer's proposal, or so many of the store's (default: store; for "
        + "--format hdf5 1). For TIFF so many, each half as wide and high (default: until 512 × 512).",
      valueName: "store|bdv|n"),
    transform: { try ExportLevelsOption(parsing: $0) })
  var levels: ExportLevelsOption?

  @Option(
    help: ArgumentHelp(
      "Voxels of an HDF5 chunk, in the order z,y,x (default: the store's bricks, 64,64,64 where those exceed 1 MiB "
        + "or a level is made anew). For TIFF pixels of a tile, y,x (default: 512,512).",
      valueName: "z,y,x"),
    transform: { try OptionValue.chunk($0) })
  var chunk: Index3?

  @Flag(name: .long, help: "Don't shuffle bytes before compression.")
  var noShuffle = false

  @Flag(help: "Store 16-bit voxels as every BigDataViewer since 2013 reads them: int16.")
  var legacy = false

  /// The first option that was given and that a format has no use for, if any.
  func given(beside format: ExportFormat) -> String? {
    if levels != nil, format == .jpeg2000 || format == .npy { return "--levels" }
    if chunk != nil, format == .jpeg2000 || format == .npy { return "--chunk" }
    if noShuffle, format != .bdv, format != .hdf5 { return "--no-shuffle" }
    return legacy && format != .bdv ? "--legacy" : nil
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

  @Option(
    help: ArgumentHelp(
      "Distance between voxels in µm, in the order x,y,z (default: what the source says).",
      valueName: "x,y,z"),
    transform: { try Notation.voxelSize($0) })
  var voxelSize: VoxelSize?

  @OptionGroup var opening: OpeningGroup

  /// The first option that was given, if any.
  var given: String? {
    if tile != nil { return "--tile" }
    if level != nil { return "--level" }
    if roi != nil { return "--roi" }
    if voxelSize != nil { return "--voxel-size" }
    return opening.options == OpeningOptions() ? nil : "an option for opening tiles"
  }
}

/// What an export to BigDataViewer is asked to do.
struct ExportRequest: Sendable {
  var source: String
  var output: String
  var levels: ExportLevelsOption
  /// Nil takes the first, with a warning if there are more.
  var channel: ChannelChoice?
  /// Nil takes the first, with a warning if there are more.
  var timepoint: Int?
  /// Voxels, z, y, x; nil leaves the choice to the engine.
  var chunk: Index3?
  var compression: CompressionOption
  var shuffle: Bool
  var legacy: Bool
  /// Bytes; nil leaves the choice to the engine.
  var memory: Int?
  var threads: Int?
  var overwrite: Bool
  var dryRun: Bool
}
