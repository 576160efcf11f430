import Brickwork

/// The images of an export, and what decides their voxels.
struct ExportSources {
  var images: [ExportImage]
  /// All that decides the voxels.
  var settings: JSON
  var stamps: [String]
  /// Bytes of tables that are held as long as the images.
  var heldBytes = 0
  /// What is read.
  var tiles: TileSet?
}

extension ExportRequest {
  /// Opens the sources and plans the images.
  func sources(_ source: SourceOptions, cache: PieceCache, _ log: Log) throws -> ExportSources {
    var time = 0
    if case .one(let number) = timepoints { time = number }
    let table = try source.offsetTable(timepoint: time, log)
    let tiles = try source.tileSet(log, cache: cache, offsets: table)
    let omissions = leftOut(
      tiles.tiles[0].info, isChannelChosen: channels != nil, isTimepointChosen: timepoints != nil)
    for warning in omissions { log.warning(warning) }
    if layout == .fused, table == nil, source.voxelSize == nil, isPlain, tiles.tiles.count == 1,
      let store = tiles.tiles[0] as? OMEZarrImage, !areLabels || store.levelReduction == .majority
    {
      var made = try stored(store)
      made.tiles = tiles
      return made
    }
    var made =
      switch layout {
      case .fused: try fused(tiles, table, source, log)
      case .views: try views(tiles, table, source, log)
      }
    made.settings["file_bytes"] = .array(
      tiles.tiles.map { tile in Files.size(tile.info.path).map { JSON($0) } ?? nil })
    made.stamps = tiles.tiles.map { stamp($0) }
    made.tiles = tiles
    return made
  }

  /// Whether tiles are taken as they are.
  private var isPlain: Bool {
    map == nil && options.flip.isEmpty && options.downscale == .one && options.order == nil
  }

  /// The writing time of a tile's file, or of the document that makes a folder an image.
  private func stamp(_ tile: any TileImage) -> String {
    let path = tile.info.path
    let document = ["zarr.json", ".zattrs", "attributes.json"].map { Files.join(path, $0) }
    return Files.stamp(document.first(where: Files.exists) ?? path)
  }

  // MARK: One volume

  private func stored(_ store: OMEZarrImage) throws -> ExportSources {
    let info = store.info
    let channels = try (channels ?? .one(.number(0))).numbers(in: info)
    let timepoints = try (timepoints ?? .one(0)).numbers(in: info)
    let image = try ExportImage(
      store: store, channels: channels, timepoints: timepoints, levels: levels?.engine ?? .store,
      chunk: chunk)
    return ExportSources(
      images: [image],
      settings: [
        "store": .string(Files.name(of: info.path)),
        "settings": store.attributes["brickwork"]?["settings"] ?? nil,
        "channels": .array(channels.map { JSON($0) }),
        "timepoints": .array(timepoints.map { JSON($0) }),
      ], stamps: [stamp(store)])
  }

  private func fused(
    _ tiles: TileSet, _ table: OffsetTable?, _ source: SourceOptions, _ log: Log
  ) throws -> ExportSources {
    let name = String(Files.name(of: BDVFileWriter.xmlPath(for: output)).dropLast(4))
    if let map {
      let layout = try tiles.labelLayout(offsets: table, singleOptions)
      let labels = try layout.stitched(
        with: LabelMap.read(map, tileCount: layout.tiles.count), atLeast: .uint16)
      let image = try image(
        name, [""], [labels.volume], layout.voxelSize, isLabel: true)
      return ExportSources(
        images: [image], settings: labels.settings, stamps: [], heldBytes: labels.heldBytes)
    }
    let labels = areLabels || areLabelImages(tiles)
    var options = options
    if labels && fusion == nil { options.fusion = .overwrite }
    let series = try tiles.series(
      offsets: source.tables(table, log), options, channels: channels ?? .one(.number(0)),
      timepoints: timepoints ?? .one(0))
    let image = try image(
      name, series.channelNames, series.volumes, series.first.voxelSize, isLabel: labels)
    return ExportSources(images: [image], settings: series.settings, stamps: [])
  }

  // MARK: Views

  private func views(
    _ tiles: TileSet, _ table: OffsetTable?, _ source: SourceOptions, _ log: Log
  ) throws -> ExportSources {
    let views = try tiles.views(
      offsets: source.tables(table, log), options, channels: channels ?? .one(.number(0)),
      timepoints: timepoints ?? .one(0))
    var settings = views.settings
    var heldBytes = 0
    var placed = views.tiles
    if let map {
      let layout = try tiles.labelLayout(offsets: table, singleOptions)
      let map = try LabelMap.read(map, tileCount: layout.tiles.count)
      let volumes = try layout.tiles.map { try $0.relabeled(with: map, atLeast: .uint16) }
      placed = zip(placed, volumes).map { $0.replacing([$1]) }
      heldBytes = volumes.reduce(map.byteCount) { $0 + $1.tableByteCount }
      settings["map_digest"] = .string(String(map.digest, radix: 16))
    }
    let labels = areLabels || areLabelImages(tiles)
    let names = viewNames(placed, tiles)
    let images = try placed.enumerated().map { number, view in
      try image(
        names[number], view.channelNames, view.volumes, views.voxelSize, offset: view.offset,
        isLabel: labels)
    }
    return ExportSources(images: images, settings: settings, stamps: [], heldBytes: heldBytes)
  }

  /// The tiles' names; with their numbers where several have one name.
  private func viewNames(_ views: [TileView], _ tiles: TileSet) -> [String] {
    let names = views.map(\.name)
    guard Set(names).count < names.count else { return names }
    return names.enumerated().map { "\($1) \($0)" }
  }

  private func image(
    _ name: String, _ channelNames: [String], _ volumes: [any Volume], _ voxelSize: VoxelSize,
    offset: Point3 = .zero, isLabel: Bool
  ) throws -> ExportImage {
    if levels == .store {
      throw BrickworkError(
        .badRequest, path: output,
        reason:
          "--levels store takes the levels of one stitched store, and these are made from tiles",
        remedy: "Leave it out, or use --levels bdv")
    }
    return try ExportImage(
      name: name, channelNames: channelNames, volumes: volumes, voxelSize: voxelSize,
      offset: offset,
      levels: levels?.engine ?? .bdv, chunk: chunk, reduction: isLabel ? .majority : .mean)
  }

  private func areLabelImages(_ tiles: TileSet) -> Bool {
    tiles.tiles.allSatisfy { ($0 as? OMEZarrImage)?.levelReduction == .majority }
  }

  /// The options for a single channel and time point.
  private var singleOptions: CompositionOptions {
    var single = options
    if case .one(let channel) = channels { single.channel = channel }
    if case .one(let timepoint) = timepoints { single.timepoint = timepoint }
    return single
  }
}

extension ExportLevelsOption {
  /// The same as the engine takes it.
  fileprivate var engine: ExportLevels {
    switch self {
    case .store: .store
    case .bdv: .bdv
    case .count(let count): .first(count)
    }
  }
}
