import ArgumentParser
import Brickwork

/// What is read, and where it lies.
struct SourceOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Tile files in the order of the tiles, a folder of them, an OME-Zarr store, a BigDataViewer project (.xml), or "
        + "a tileset file (.json).",
      valueName: "source"),
    completion: .file())
  var sources: [String]

  @Option(
    help: ArgumentHelp(
      "Positions of the tiles: .csv, .npy, Fiji's TileConfiguration.txt, BigStitcher .xml "
        + "(default: those of the tileset, else the stage positions in the tiles' files).",
      valueName: "file"),
    completion: .file(extensions: ["csv", "npy", "txt", "xml"]))
  var offsets: String?

  @OptionGroup var table: OffsetFileGroup

  @Option(
    help: ArgumentHelp(
      "Distance between voxels in µm, in the order x,y,z (default: what the files say, or the XML of --offsets).",
      valueName: "x,y,z"),
    transform: { try Notation.voxelSize($0) })
  var voxelSize: VoxelSize?

  @OptionGroup var opening: OpeningGroup

  /// Opens the tiles; decoded pieces of theirs are kept in `cache`.
  ///
  /// The table says the voxel size where neither an option nor the files do.
  func tileSet(_ log: Log, cache: PieceCache, offsets table: OffsetTable?) throws -> TileSet {
    let tiles = try TileSet.open(
      sources, cache: cache, voxelSize: voxelSize, offsets: table, opening.options)
    for warning in tiles.warnings { log.warning(warning) }
    return tiles
  }

  /// Reads the table of offsets, if one is named.
  func offsetTable(timepoint: Int, _ log: Log) throws -> OffsetTable? {
    guard let offsets else {
      if table.isGiven {
        throw BrickworkError(
          .badRequest,
          reason:
            "--offset-units and --offset-layout describe a file of offsets, but none is named",
          remedy: "Add --offsets FILE")
      }
      return nil
    }
    return try table.read(offsets, timepoint: timepoint, log)
  }
}

/// How the numbers of a file of offsets are meant.
struct OffsetFileGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Unit of the offsets (default: voxel; CSV columns x_um,y_um,z_um say it themselves).",
      valueName: "voxel|um"))
  var offsetUnits: OffsetUnitOption?

  @Option(
    help: ArgumentHelp(
      "Layout of a .npy file: plain, one row x,y,z per tile; exm, ExM-Toolbox's: a row with the tile size, then "
        + "µm with x pointing left (default: plain).",
      valueName: "plain|exm"))
  var offsetLayout: OffsetLayout?

  /// Whether one of them was given, so that a file has to be named.
  var isGiven: Bool { offsetUnits != nil || offsetLayout != nil }

  /// Throws if one was given although tiles are named.
  func refuseForTiles() throws {
    guard isGiven else { return }
    throw BrickworkError(
      .badRequest,
      reason: "--offset-units and --offset-layout describe a file of offsets, but tiles are named",
      remedy: "Leave them out")
  }

  /// Reads a table.
  func read(_ path: String, timepoint: Int = 0, _ log: Log) throws -> OffsetTable {
    let table = try OffsetTable.read(
      path, units: offsetUnits?.units ?? .unspecified, layout: offsetLayout ?? .plain,
      timepoint: timepoint)
    for warning in table.warnings { log.warning(warning) }
    return table
  }
}

/// How tiles are put at their offsets.
struct PlacingGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Axes along which every tile is flipped before it is placed (default: none).",
      valueName: "z,y,x"),
    transform: { try Notation.axes($0) })
  var flip: AxisSet?

  @Option(
    help: ArgumentHelp(
      "How offsets between voxels become voxels (default: nearest).", valueName: "nearest|truncate")
  )
  var offsetRounding: OffsetRounding?
}

/// How tiles become one volume, apart from the fusion method, whose default depends on the command.
struct CompositionGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Over which length tiles fade with linear fusion: one for all axes or in the order x,y,z, in um or px "
        + "(default: the median overlap of neighbouring tiles).",
      valueName: "length"),
    transform: { try Notation.blendLengths($0) })
  var blendWidth: BlendLengths?

  @Option(
    help: ArgumentHelp(
      "Tiles to blend, first to last, counted from 0 (default: all as given).", valueName: "i,j,…"),
    transform: { try Notation.places($0) })
  var order: [Int]?

  @OptionGroup var placing: PlacingGroup

  @Option(
    help: ArgumentHelp(
      "Voxels of a tile that become one, in the order z,y,x (default: 1,1,1).", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var downscale: Index3?

  @Option(
    help: ArgumentHelp(
      "stride keeps the first voxel of a group, mean averages it, majority takes the label most of it has "
        + "(default: stride).",
      valueName: "stride|mean|majority"))
  var downscaleMethod: DownsampleMethod?

  @Option(
    help: ArgumentHelp(
      "The channel, counted from 0 or by name; all takes every channel (default: 0).",
      valueName: "n|name|all"),
    transform: { OptionValue.channels($0) })
  var channel: ChannelSelection?

  @Option(
    help: ArgumentHelp(
      "The time point, counted from 0; all takes every one (default: 0).", valueName: "n|all"),
    transform: { try OptionValue.timepoints($0) })
  var timepoint: TimepointSelection?

  /// The first option given that changes tiles or their places, if any.
  var firstGiven: String? {
    let options = [
      ("--blend-width", blendWidth != nil), ("--order", order != nil),
      ("--flip", placing.flip != nil),
      ("--offset-rounding", placing.offsetRounding != nil), ("--downscale", downscale != nil),
      ("--downscale-method", downscaleMethod != nil),
    ]
    return options.first { $0.1 }?.0
  }

  /// The options of a single volume.
  ///
  /// - Throws: `BrickworkError` if all channels or time points are asked for.
  func options(fusion: FusionChoice) throws -> CompositionOptions {
    var options = try commonOptions(fusion: fusion)
    switch channel {
    case .all:
      throw BrickworkError(
        .badRequest, reason: "one channel is shown at a time, not all of them",
        remedy: "Choose one: --channel 0, --channel 1, …")
    case .one(let choice): options.channel = choice
    case nil: break
    }
    switch timepoint {
    case .all:
      throw BrickworkError(
        .badRequest, reason: "one time point is shown at a time, not all of them",
        remedy: "Choose one: --timepoint 0, --timepoint 1, …")
    case .one(let number): options.timepoint = number
    case nil: break
    }
    return options
  }

  /// The options that hold for all channels and time points.
  func commonOptions(fusion: FusionChoice) throws -> CompositionOptions {
    if blendWidth != nil && fusion != .linear {
      throw BrickworkError(
        .badRequest, reason: "--blend-width belongs to linear fusion, not to \(fusion.rawValue)",
        remedy: "Leave it out, or add --fusion linear")
    }
    if downscaleMethod != nil && downscale == nil {
      throw BrickworkError(
        .badRequest, reason: "--downscale-method is given without --downscale",
        remedy: "Add --downscale Z,Y,X")
    }
    var options = CompositionOptions()
    options.flip = placing.flip ?? []
    options.downscale = downscale ?? .one
    options.downscaleMethod = downscaleMethod ?? .stride
    options.rounding = placing.offsetRounding ?? .nearest
    options.fusion = fusion
    options.blendWidth = blendWidth
    options.order = order
    return options
  }
}

/// What the machine gives to the job.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Ceiling for the memory of the whole process, such as 512MiB or 4G (default: BRICKWORK_MEMORY, else a quarter "
        + "of the memory there is, at most 4GiB).",
      valueName: "size"),
    transform: { try Notation.byteCount($0) })
  var memory: Int?

  @Option(
    help: ArgumentHelp(
      "Number of threads (default: BRICKWORK_THREADS, else one per processor).", valueName: "n"),
    transform: { try OptionValue.positive($0) })
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "auto: one line on a terminal, else plain; plain: a line every 5 s; json: one object per line "
        + "(default: auto).",
      valueName: "auto|plain|json|none"))
  var progress: ProgressOption?

  /// The ceiling asked for, if any.
  func memoryLimit() throws -> Int? {
    try memory ?? environment("BRICKWORK_MEMORY", Notation.byteCount)
  }

  /// The number of threads asked for, if any.
  func threadCount() throws -> Int? {
    try threads ?? environment("BRICKWORK_THREADS", OptionValue.positive)
  }

  private func environment<T>(_ name: String, _ parse: (String) throws -> T) throws -> T? {
    guard let text = ProcessEnvironment.value(of: name), !text.isEmpty else { return nil }
    do {
      return try parse(text)
    } catch let error as BrickworkError {
      var named = error
      named.place = "environment variable \(name)"
      throw named
    }
  }
}

/// How much is said.
struct LogOptions: ParsableArguments {
  @Flag(name: .long, help: "Say nothing but errors.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "Least important messages shown on standard error (default: warning).",
      valueName: "debug|info|notice|warning|error"))
  var logLevel: LogLevelOption?

  /// The log for this run.
  func log() -> Log { Log(level: quiet ? .error : logLevel ?? .warning) }
}

/// How a command that writes files tells what it did.
struct PrintingGroup: ParsableArguments {
  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  /// Whether only errors are told.
  var quiet: Bool { logging.quiet }

  /// The log for this run.
  func log() -> Log { logging.log() }
}
