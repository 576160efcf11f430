import ArgumentParser
import Brickwork

/// How a store of labels is laid out.
struct LabelStoreOptions: ParsableArguments {
  @Option(
    name: .customLong("map"),
    help: ArgumentHelp(
      "The map to write too, once the store is finished.", valueName: "map.csv"),
    completion: .file(extensions: ["csv"]))
  var map: String?

  @Option(
    help: ArgumentHelp(
      "A map to take the new labels from; nothing is joined then.", valueName: "map.csv"),
    completion: .file(extensions: ["csv"]))
  var fromMap: String?

  @Option(
    help: ArgumentHelp(
      "Voxels of a brick, in the order z,y,x (default: 64,64,64).", valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var brick: Index3?

  @Option(
    help: ArgumentHelp(
      "Voxels of a shard file, in the order z,y,x: whole bricks (default: 512,512,512, less for small volumes).",
      valueName: "z,y,x"),
    transform: { try Notation.shape($0) })
  var shard: Index3?

  @Option(
    help: ArgumentHelp(
      "Compression of the bricks (default: zstd).", valueName: "blosc-zstd|zstd|none"))
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

  /// The first option that only a store has a use for, if one is given.
  var named: String? {
    let given = [
      ("--map", map != nil), ("--from-map", fromMap != nil), ("--brick", brick != nil),
      ("--shard", shard != nil), ("--codec", codec != nil), ("--level", level != nil),
      ("--levels", levels != nil),
    ]
    return given.first { $0.1 }?.0
  }

  /// Whether options fit each other.
  func check() throws {
    try StoreShape(
      brick: brick, shard: shard, codec: codec, codecLevel: level, levels: levels ?? .auto
    ).validate()
    for (path, option) in [(map, "--map"), (fromMap, "--from-map")] {
      if let path, !path.hasSuffix(".csv") {
        throw ValidationError("The map \(path) does not end in .csv (\(option)).")
      }
    }
    if map != nil && fromMap != nil {
      throw ValidationError("--map writes a map and --from-map reads one: give one of them.")
    }
  }

  /// Makes the job that writes the tiles' new labels into the store at `path`.
  func job(
    _ path: String, _ opened: OpenedLabels, _ map: LabelMap, progress: TerminalProgress?
  ) throws -> StoreJob {
    let labels = try opened.layout.stitched(with: map)
    let volume = labels.volume
    let codec =
      codec.flatMap { BrickCodec(name: $0.rawValue, level: level) }
      ?? level.flatMap { BrickCodec(name: "zstd", level: $0) }
    let plan = try StorePlan(
      path: path, size: volume.size, type: volume.type, voxelSize: opened.layout.voxelSize,
      brick: brick, shard: shard, codec: codec, levels: levels?.count ?? .automatic,
      reduction: .majority)
    return StoreJob(
      path: path, source: volume, plan: plan,
      description: StoreDescription(
        name: Files.name(of: path), voxelSize: opened.layout.voxelSize, channelName: "",
        source: provenance(opened, labels), stamps: opened.files.map { Files.stamp($0) }),
      budget: opened.budget, threads: opened.threads, cache: opened.cache,
      heldBytes: labels.heldBytes, listener: progress)
  }

  /// What decides the voxels: places, map, the way tiles are read, and the size of each tile's file.
  private func provenance(_ opened: OpenedLabels, _ labels: StitchedLabels) -> JSON {
    let options = opened.options
    var settings = labels.settings
    settings["channel"] =
      switch options.channel {
      case .number(let number): JSON(number)
      case .name(let name): .string(name)
      }
    settings["timepoint"] = JSON(options.timepoint)
    settings["flip"] = JSON(options.flip.rawValue)
    settings["downscale_zyx"] = JSON(options.downscale)
    settings["file_bytes"] = .array(
      opened.files.map { file in Files.size(file).map { JSON($0) } ?? nil })
    return settings
  }
}
