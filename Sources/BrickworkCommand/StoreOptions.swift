import ArgumentParser
import Brickwork

extension BrickCodec {
  /// The codec that `--codec` and `--level` ask for; nil where neither is given.
  static func chosen(_ option: CodecOption?, level: Int?, for type: VoxelType) -> BrickCodec? {
    guard let option else {
      guard let level else { return nil }
      return BrickCodec(name: BrickCodec.automatic(for: type).name, level: level)
    }
    return BrickCodec(name: option.rawValue, level: level)
  }
}

extension LevelsOption {
  /// The same as the engine takes it.
  var count: LevelCount {
    if case .count(let number) = self { .exactly(number) } else { .automatic }
  }
}

extension SourceOptions {
  /// The positions for each time point: those of `first`, unless it is a project with several time points, which is
  /// then read for each.
  func tables(_ first: OffsetTable?, _ log: Log) throws -> (Int) throws -> OffsetTable? {
    guard let first, first.format == "BigDataViewer XML",
      try BDVProject(reading: first.source).timepoints.count > 1
    else { return { _ in first } }
    // What the file warns of was said when it was first read.
    return { try offsetTable(timepoint: $0, Log(level: .error)) }
  }
}

/// How a store is laid out, and whether one may be replaced.
struct StoreGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Voxels of a brick, in the order z,y,x (default: 64,64,64; an import has thinner ones for tiles that are "
        + "compressed page by page, down to 8,128,256 where pages are large).",
      valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var brick: Index3?

  @Option(
    help: ArgumentHelp(
      "Voxels of a shard file, in the order z,y,x: whole bricks (default: 512,512,512, less for small volumes; "
        + "64,1024,1024 for thin bricks).",
      valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var shard: Index3?

  @Option(
    help: ArgumentHelp(
      "Compression of the bricks (default: blosc-zstd, and zstd for labels and for readers without blosc).",
      valueName: "blosc-zstd|zstd|none"))
  var codec: CodecOption?

  @Option(
    help: ArgumentHelp(
      "Compression level, 1 to 22: higher is smaller and slower (default: 1).", valueName: "n"))
  var level: Int?

  @Option(
    help: ArgumentHelp(
      "Number of pyramid levels, full resolution included (default: auto).", valueName: "n|auto"),
    transform: { try LevelsOption(parsing: $0) })
  var levels: LevelsOption?

  @Flag(help: "Replace existing output.")
  var overwrite = false

  @OptionGroup var disk: FreeDiskGroup

  /// The first option that only a store has a use for, if one is given.
  var named: String? {
    let given = [
      ("--brick", brick != nil), ("--shard", shard != nil), ("--codec", codec != nil),
      ("--level", level != nil), ("--levels", levels != nil),
    ]
    return given.first { $0.1 }?.0
  }

  func validate() throws { try shape.validate() }

  /// The same as a plain value.
  var shape: StoreShape {
    StoreShape(
      brick: brick, shard: shard, codec: codec, codecLevel: level, levels: levels ?? .auto,
      overwrite: overwrite, ignoresFreeDisk: disk.ignoreFreeDisk)
  }
}

/// How a store is asked to be laid out.
struct StoreShape: Sendable {
  /// Voxels, z, y, x; nil leaves the choice to the engine.
  var brick: Index3?
  var shard: Index3?
  var codec: CodecOption?
  var codecLevel: Int?
  var levels: LevelsOption
  /// Whether an existing store is replaced.
  var overwrite = false
  /// Whether a disk that is too small is left to the user.
  var ignoresFreeDisk = false

  /// Throws where options don't fit each other.
  func validate() throws {
    if let codecLevel, !(1...22).contains(codecLevel) {
      throw ValidationError(
        "The compression level \(codecLevel) is not between 1 and 22 (--level).")
    }
    if codecLevel != nil && codec == CodecOption.none {
      throw ValidationError("--level has no meaning with --codec none.")
    }
    if let brick, let shard, !shard.isMultiple(of: brick) {
      throw ValidationError(
        "The shard \(shard) is not made of whole bricks \(brick): choose multiples (--shard, --brick)."
      )
    }
  }
}

/// Makes sure that a store can be made at `path`.
func checkFolder(ofStore path: String) throws {
  let folder = Files.folder(of: trimmed(path))
  guard Files.isFolder(folder) else {
    throw BrickworkError(
      .outputExists, path: path,
      reason: "can't be made: the folder \(folder) does not exist",
      remedy: "Make the folder, or choose another place with -o")
  }
}

/// A path without slashes at its end.
func trimmed(_ path: String) -> String {
  var path = path
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// Says what compressed tiles cost where the memory is too small for them.
///
/// - Parameter remedy: what else would help; empty where nothing does.
func warn(_ forecast: StoreJob.Forecast, otherwise remedy: String, _ log: Log) {
  guard forecast.expectedDecodings > 1.1 else { return }
  let times = Text.fixed(forecast.expectedDecodings, forecast.expectedDecodings < 10 ? 1 : 0)
  var remedies = remedy.isEmpty ? [] : [remedy]
  if let advised = forecast.advisedMemory {
    remedies.insert("--memory \(Text.mebibytes(advised)) avoids it", at: 0)
  }
  log.warning(
    "the tiles are compressed in pieces (strips, pages) that bricks share, and each will be decoded "
      + "about \(times) times" + (remedies.isEmpty ? "" : ": ") + remedies.joined(separator: "; "))
}
