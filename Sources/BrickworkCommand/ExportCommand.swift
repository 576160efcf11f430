import ArgumentParser
import Brickwork

/// `brickwork export`: a store into a BigDataViewer file.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Exports a store as BigDataViewer HDF5 with its XML.",
    discussion: """
      Writes OUT.h5 and OUT.xml beside it; open the XML in Fiji with Plugins > BigDataViewer > Open XML/HDF5, or in \
      BigStitcher.

      EXAMPLES
        brickwork export sample.ome.zarr -o sample.h5
        brickwork export sample.ome.zarr -o sample.h5 --levels bdv --compression deflate:4
        brickwork export sample.ome.zarr -o old.h5 --legacy
        brickwork export sample.ome.zarr -o dapi.h5 --channel DAPI --timepoint 3
      """)

  @Argument(help: ArgumentHelp("An OME-Zarr store.", valueName: "store"), completion: .directory)
  var store: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The HDF5 file to write.", valueName: "out.h5"),
    completion: .file(extensions: ["h5"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Pyramid levels: the store's own, BigDataViewer's proposal, or so many of the store's (default: store).",
      valueName: "store|bdv|n"),
    transform: { try ExportLevelsOption(parsing: $0) })
  var levels: ExportLevelsOption?

  @Option(
    help: ArgumentHelp("The channel, counted from 0 or by name (default: 0).", valueName: "n|name"),
    transform: { try OptionValue.channel($0) })
  var channel: ChannelChoice?

  @Option(
    help: ArgumentHelp("The time point, counted from 0 (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @Option(
    help: ArgumentHelp(
      "Voxels of an HDF5 chunk, in the order z,y,x (default: the store's bricks, 64,64,64 where those exceed 1 MiB "
        + "or a level is made anew).",
      valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var chunk: Index3?

  @Option(
    help: ArgumentHelp(
      "deflate:1 (fast) to deflate:12 (small), or none (default: deflate:1).",
      valueName: "deflate:n|none"),
    transform: { try CompressionOption(parsing: $0) })
  var compression: CompressionOption?

  @Flag(name: .long, help: "Don't shuffle bytes before compression.")
  var noShuffle = false

  @Flag(help: "Store 16-bit voxels as every BigDataViewer since 2013 reads them: int16.")
  var legacy = false

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Flag(name: .long, help: "Say what would be done, and how much it takes; write nothing.")
  var dryRun = false

  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() async throws {
    let lower = output.lowercased()
    guard lower.hasSuffix(".h5") || lower.hasSuffix(".hdf5") else {
      throw BrickworkError(
        .badRequest, path: output, reason: "the name of the output does not end in .h5",
        remedy: "Name it OUT.h5; OUT.xml is written beside it")
    }
    guard Files.exists(store) else {
      throw BrickworkError(
        .missingInput, path: store, reason: "there is no such store",
        remedy: "Check the path; it is taken from the current folder")
    }
    try Output.check(output, overwrite: overwrite || dryRun)
    let request = ExportRequest(
      store: store, output: output, levels: levels ?? .store, channel: channel,
      timepoint: timepoint, chunk: chunk,
      compression: compression ?? .deflate(level: 1), shuffle: !noShuffle, legacy: legacy,
      memory: try machine.memoryLimit(), threads: try machine.threadCount(), overwrite: overwrite,
      dryRun: dryRun)
    let progress = TerminalProgress(machine.progress ?? .auto, quiet: logging.quiet)
    defer { progress?.finish() }
    let summary = try await runExport(request, progress: progress, logging.log())
    progress?.finish()
    summary.show(json: json, quiet: logging.quiet)
  }
}

/// What an export is asked to do.
struct ExportRequest: Sendable {
  var store: String
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
