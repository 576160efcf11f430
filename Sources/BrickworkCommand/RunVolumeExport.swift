import Brickwork

/// What an export of one volume is asked to do.
struct VolumeExportRequest: Sendable {
  var source: String
  var output: String
  var format: ExportFormat
  var opening: OpeningOptions
  /// Nil takes the only one.
  var tile: Int?
  /// The level of a store's pyramid; nil takes the finest.
  var level: Int?
  /// Nil takes the first, with a warning if there are more.
  var channel: ChannelChoice?
  /// Nil takes the first, with a warning if there are more.
  var timepoint: Int?
  var region: Region?
  var voxelSize: VoxelSize?
  /// Nil takes the format's usual one.
  var compression: CompressionOption?
  /// Bytes; nil takes the usual share of the machine's memory.
  var memory: Int?
  var threads: Int?
  var overwrite: Bool
  var dryRun: Bool
}

/// One volume of a source with what a file says about it.
private struct ExportedVolume {
  var volume: any Volume
  var info: TileInfo
  var channelName: String
  var voxelSize: VoxelSize?
  var position: Point3?
}

/// Streams one tile, or one level of a store, into a file.
func runVolumeExport(_ request: VolumeExportRequest, _ log: Log) throws -> JobSummary {
  let budget = MemoryBudget(byteCount: request.memory)
  let cache = PieceCache(capacity: budget.byteCount / 2)
  let chosen = try exportedVolume(request, cache: cache, log)
  for warning in leftOut(chosen.info, request.channel, request.timepoint) { log.warning(warning) }
  let volume = chosen.volume
  let bytes = volume.size.volume * volume.type.byteCount
  var document: JSON = [
    "path": .string(request.output), "type": .string(volume.type.rawValue),
    "size_zyx": JSON(volume.size), "voxel_bytes": JSON(bytes),
    "voxel_size_um_xyz": chosen.voxelSize.map { JSON($0) } ?? nil,
  ]
  if request.dryRun {
    document["dry_run"] = true
    return JobSummary(
      text:
        "\(request.output): \(Text.size(volume.size)) voxels (x×y×z) of \(volume.type.rawValue), "
        + "\(Text.bytes(bytes)) before compression, would be exported; nothing was written",
      json: document)
  }
  let start = ContinuousClock.now
  switch request.format {
  case .tiff:
    try TIFFWriter.write(
      volume, to: request.output, try tiffOptions(request, chosen, budget),
      overwrite: request.overwrite, progress: { _ in try Task.checkCancellation() })
  case .jpeg2000:
    try JPEG2000Writer.write(
      volume, to: request.output, jpeg2000Options(request, volume, budget))
  case .bdv: preconditionFailure("A BigDataViewer file has an export of its own")
  }
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let written = Files.size(request.output) ?? 0
  document["bytes_written"] = JSON(written)
  document["seconds"] = .number(seconds)
  var text =
    "\(request.output): \(Text.size(volume.size)) voxels (x×y×z) of \(volume.type.rawValue), "
    + "\(Text.bytes(written)) written in \(Text.duration(seconds))"
  if seconds > 0 { text += " (\(Text.fixed(Double(bytes) / seconds / 1e6, 0)) MB/s)" }
  return JobSummary(text: text, json: document)
}

/// Finds the volume that is meant, and where it lies.
private func exportedVolume(
  _ request: VolumeExportRequest, cache: PieceCache, _ log: Log
) throws -> ExportedVolume {
  let tiles = try TileSet.open(
    [request.source], cache: cache, voxelSize: request.voxelSize, request.opening)
  for warning in tiles.warnings { log.warning(warning) }
  let number = try chosenTile(request, tiles)
  let tile = tiles.tiles[number]
  let info = tile.info
  let channel = try (request.channel ?? .number(0)).number(in: info)
  var voxelSize = tiles.isVoxelSizeKnown ? tiles.voxelSize : nil
  var position = tiles.stagePositions?[number]
  let volume: any Volume
  if let level = request.level, level > 0 {
    guard let store = tile as? OMEZarrImage else {
      throw BrickworkError(
        .badRequest, path: info.path, reason: "has no pyramid levels: it is \(info.format)",
        remedy: "Leave out --level")
    }
    volume = try store.volume(level: level, channel: channel, timepoint: request.timepoint ?? 0)
    let factor = store.factor(level: level)
    // A voxel of a coarser level lies in the middle of those it averages.
    position = moved(position, by: factor - .one, halves: true, voxelSize)
    voxelSize = voxelSize?.scaled(by: factor)
  } else {
    volume = try tile.volume(channel: channel, timepoint: request.timepoint ?? 0)
  }
  let box = try request.region?.box(in: volume.size) ?? volume.bounds
  position = moved(position, by: box.origin, halves: false, voxelSize)
  return ExportedVolume(
    volume: volume.cropped(to: box), info: info, channelName: info.channelNames[channel],
    voxelSize: voxelSize, position: position)
}

/// A position in µm moved by voxels, or by halves of voxels.
private func moved(
  _ position: Point3?, by steps: Index3, halves: Bool, _ voxelSize: VoxelSize?
) -> Point3? {
  guard let position, let voxelSize else { return position }
  let unit = halves ? 0.5 : 1.0
  return position
    + Point3(
      x: Double(steps.x) * unit * voxelSize.x, y: Double(steps.y) * unit * voxelSize.y,
      z: Double(steps.z) * unit * voxelSize.z)
}

private func chosenTile(_ request: VolumeExportRequest, _ tiles: TileSet) throws -> Int {
  let count = tiles.tiles.count
  if let tile = request.tile {
    guard tile < count else {
      throw BrickworkError(
        .badRequest, path: request.source, reason: "there is no tile \(tile): there are \(count)",
        remedy: "Choose --tile between 0 and \(count - 1)")
    }
    return tile
  }
  guard count == 1 else {
    throw BrickworkError(
      .badRequest, path: request.source,
      reason: "has \(count) tiles, and a file of this format holds one volume",
      remedy: "Choose one with --tile N, or stitch them first")
  }
  return 0
}

private func tiffOptions(
  _ request: VolumeExportRequest, _ chosen: ExportedVolume, _ budget: MemoryBudget
) throws -> TIFFWriter.Options {
  var options = TIFFWriter.Options()
  switch request.compression {
  case nil, .some(.none): options.compression = .none
  case .deflate(let level): options.compression = .deflate(level: level)
  case .zstd(let level): options.compression = .zstd(level: level)
  case .lzw: options.compression = .lzw
  }
  options.voxelSize = chosen.voxelSize
  options.position = chosen.position
  options.name = chosen.info.name
  options.channelName = chosen.channelName
  options.slabBytes = max(1 << 20, budget.byteCount / 4)
  return options
}

/// As many planes at once as threads and half of the budget allow; the other half is for what is decoded.
private func jpeg2000Options(
  _ request: VolumeExportRequest, _ volume: any Volume, _ budget: MemoryBudget
) -> JPEG2000Writer.Options {
  var workers = max(1, request.threads ?? SystemMemory.cores)
  while workers > 1,
    JPEG2000Writer.scratchBytes(writing: volume, workers: workers) > budget.byteCount / 2
  {
    workers -= 1
  }
  return JPEG2000Writer.Options(overwrite: request.overwrite, workers: workers)
}
