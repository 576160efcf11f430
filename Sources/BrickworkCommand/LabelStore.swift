import ArgumentParser
import Brickwork

/// What a store of labels is made of, and what is written beside it.
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
      "The table of the store's objects to write too, as labels centroids does, with a column of the tiles each comes "
        + "from; the volume is not read again for it.",
      valueName: "objects.csv|.json"),
    completion: .file(extensions: ["csv", "json"]))
  var objects: String?

  /// The first option that only a store has a use for, if one is given.
  var named: String? {
    let given = [
      ("--map", map != nil), ("--from-map", fromMap != nil), ("--objects", objects != nil),
    ]
    return given.first { $0.1 }?.0
  }

  /// Throws where options don't fit each other.
  func check() throws {
    for (path, option) in [(map, "--map"), (fromMap, "--from-map")] {
      if let path, !path.hasSuffix(".csv") {
        throw ValidationError("The map \(path) does not end in .csv (\(option)).")
      }
    }
    if map != nil && fromMap != nil {
      throw ValidationError("--map writes a map and --from-map reads one: give one of them.")
    }
    if let objects, !objects.hasSuffix(".csv") && !objects.hasSuffix(".json") {
      throw ValidationError(
        "The table \(objects) ends neither in .csv nor in .json (--objects).")
    }
  }
}

/// The store of stitched labels that a command writes, with the table of its objects.
struct LabelStore: Sendable {
  /// The store's folder.
  var path: String
  var shape: StoreShape
  /// The table to write, if one is wanted.
  var objects: String?
  var opened: OpenedLabels

  /// A job that writes the store, and what gathers its objects.
  private typealias Work = (job: StoreJob, objects: ObjectCollector?)

  /// Makes sure that there is room for the work itself, before anything is read.
  ///
  /// What labels take is not known yet.
  func checkBudget() throws {
    let nothing = TileLabelMap(LabelSet([]), newLabels: PackedLabels([]))
    let work = try work(LabelMap(opened.layout.tiles.map { _ in nothing }), heldBytes: 0, nil)
    _ = try work.job.forecast()
  }

  /// Reads a map, if there is room for it.
  func map(from path: String) throws -> LabelMap {
    try opened.budget.check(holding: LabelMap.bytesReading(path))
    return try LabelMap.read(path, tileCount: opened.layout.tiles.count)
  }

  /// Writes the tiles' new labels into the store, then the table of objects.
  ///
  /// - Parameter heldBytes: what stays in memory besides the map.
  func write(_ map: LabelMap, heldBytes: Int, _ progress: TerminalProgress?) async throws
    -> JobSummary
  {
    let size = opened.layout.voxelSize
    var summary: JobSummary
    let table: ObjectTable?
    do {
      let work = try work(map, heldBytes: heldBytes, progress)
      // Tables of new labels are made when the first voxel is read: a budget that is too small for them shows here.
      _ = try work.job.forecast()
      if !shape.ignoresFreeDisk { try work.job.checkRoom(overwrite: shape.overwrite) }
      summary = finished(work.job, try await work.job.run(overwrite: shape.overwrite))
      table = try work.objects?.finish()
    }
    guard let objects, let table else { return summary }
    let tiles = LabelOrigins(map).ascending()
    let keepOn: (Int) throws -> Void = { _ in try Task.checkCancellation() }
    let count =
      objects.hasSuffix(".json")
      ? try table.writeJSON(to: objects, voxelSize: size, tiles: tiles, progress: keepOn)
      : try table.writeCSV(to: objects, voxelSize: size, tiles: tiles, progress: keepOn)
    summary.text += "\n\(objects): \(count) objects"
    summary.json["objects"] = [
      "path": .string(objects), "labels": JSON(count), "spilled_bytes": JSON(table.spilledBytes),
    ]
    return summary
  }

  private func work(_ map: LabelMap, heldBytes: Int, _ progress: TerminalProgress?) throws -> Work {
    let labels = try opened.layout.stitched(with: map)
    let (volume, size) = (labels.volume, opened.layout.voxelSize)
    let codec = shape.codec ?? shape.codecLevel.map { _ in .zstd }
    let plan = try StorePlan(
      path: path, size: volume.size, type: volume.type, voxelSize: size, brick: shape.brick,
      shard: shape.shard,
      codec: BrickCodec.chosen(codec, level: shape.codecLevel, for: volume.type),
      levels: shape.levels.count, reduction: .majority)
    // The origins of objects follow when the volume is written, but then the map is still there.
    let origins = objects == nil ? 0 : LabelOrigins.byteCount(for: map)
    let job = StoreJob(
      path: path, source: volume, plan: plan,
      description: StoreDescription(
        name: Files.name(of: path), voxelSize: size, channelName: "", source: provenance(labels),
        stamps: opened.files.map { Files.stamp($0) }),
      budget: opened.budget, threads: opened.threads, cache: opened.cache,
      heldBytes: labels.heldBytes + heldBytes + origins, listener: progress)
    guard let objects else { return (job, nil) }
    return try job.gatheringObjects(labels: map.count, scratchFolder: Files.folder(of: objects))
  }

  /// What decides the voxels: places, map, the way tiles are read, and the size of each tile's file.
  private func provenance(_ labels: StitchedLabels) -> JSON {
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
