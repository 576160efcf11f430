import Brickwork

/// The volumes of a source that an export is about, and what a file says about them.
struct ChosenVolumes {
  let volumes: ExportedVolumes
  /// The store they are taken from, if they are a store's, with their channels, time points and region.
  let store: StoredLevels?
  /// The source they are of.
  let tiles: TileSet

  /// Where the coarser levels of the volumes are.
  struct StoredLevels {
    let image: OMEZarrImage
    /// The level that is the finest here.
    let finest: Int
    let channels: [Int]
    let timepoints: [Int]
    /// Whether the whole level is meant, and not a part.
    let isWhole: Bool
  }

  /// Finds the volumes that are meant, and where they lie.
  init(_ request: VolumeExportRequest, cache: PieceCache, _ log: Log) throws {
    let tiles = try TileSet.open(
      [request.source], cache: cache, voxelSize: request.voxelSize, request.opening)
    for warning in tiles.warnings { log.warning(warning) }
    try Output.check(request.output, sparing: tiles)
    self.tiles = tiles
    let number = try chosenTile(request, tiles)
    let tile = tiles.tiles[number]
    let info = tile.info
    let channels = try (request.channels ?? .one(.number(0))).numbers(in: info)
    let timepoints = try (request.timepoints ?? .one(0)).numbers(in: info)
    for warning in leftOut(
      info, isChannelChosen: request.channels != nil, isTimepointChosen: request.timepoints != nil)
    {
      log.warning(warning)
    }
    var voxelSize = tiles.isVoxelSizeKnown ? tiles.voxelSize : nil
    var position = tiles.stagePositions?[number]
    let level = request.level ?? 0
    let image = tile as? OMEZarrImage
    guard level == 0 || image != nil else {
      throw BrickworkError(
        .badRequest, path: info.path, reason: "has no pyramid levels: it is \(info.format)",
        remedy: "Leave out --level")
    }
    var parts: [any Volume] = []
    for timepoint in timepoints {
      for channel in channels {
        parts.append(
          try image?.volume(level: level, channel: channel, timepoint: timepoint)
            ?? tile.volume(channel: channel, timepoint: timepoint))
      }
    }
    if let image, level > 0 {
      let factor = image.factor(level: level)
      // A voxel of a coarser level lies in the middle of those it averages.
      position = moved(position, by: factor - .one, halves: true, voxelSize)
      voxelSize = voxelSize?.scaled(by: factor)
    }
    let bounds = parts[0].bounds
    guard !bounds.isEmpty else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has \(Text.size(parts[0].size)) voxels (x×y×z): there is nothing to export")
    }
    let box = try request.region?.box(in: parts[0].size) ?? bounds
    position = moved(position, by: box.origin, halves: false, voxelSize)
    guard !request.areLabels || LevelReduction.majority.method.serves(info.type) else {
      throw BrickworkError(
        .badRequest, path: info.path, reason: "voxels of \(info.type.rawValue) are no labels",
        remedy: "Leave out --labels")
    }
    volumes = ExportedVolumes(
      parts: box == bounds ? parts : parts.map { $0.cropped(to: box) },
      channelNames: channels.map { info.channelNames[$0] }, name: info.name,
      voxelSize: voxelSize, position: position,
      reduction: request.areLabels ? .majority : image?.levelReduction ?? .mean,
      provenance: [
        "path": .string(info.path), "stamps": .array(stamps(info.path).map { .string($0) }),
        "name": .string(info.name), "opened": .string("\(tiles.origins[number].options)"),
        // What a document's time says nothing of: bricks that were written anew.
        "checksums": try request.needsChecksums ? checksums(of: parts) : nil, "tile": JSON(number),
        "level": JSON(level),
        "channels": .array(channels.map { JSON($0) }),
        "timepoints": .array(timepoints.map { JSON($0) }), "origin_zyx": JSON(box.origin),
      ])
    store = image.map {
      StoredLevels(
        image: $0, finest: level, channels: channels, timepoints: timepoints,
        isWhole: box == bounds)
    }
  }
}

/// A checksum of all bricks of each volume; null unless they are a store's.
func checksums(of volumes: [any Volume]) throws -> JSON {
  guard let digest = try ZarrVolume.digest(of: volumes) else { return .null }
  return .string(digest)
}

/// When a file, or what says what a store is, was written.
private func stamps(_ path: String) -> [String] {
  ["", "/zarr.json", "/.zattrs", "/attributes.json"].map { Files.stamp(path + $0) }
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
