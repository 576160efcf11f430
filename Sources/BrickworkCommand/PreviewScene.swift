import Brickwork

/// What a preview shows: the stitched volume of each channel, at the level that suffices.
struct PreviewScene {
  let geometry: PictureGeometry
  let channels: [Channel]
  let areLabels: Bool
  /// The pyramid level, and how many full voxels, z, y, x, one of its voxels stands for.
  let level: Int
  let factor: Index3
  /// What is shown, in full voxels.
  let fullSection: Section
  /// The tiles shown, by their numbers, where they lie in voxels of the level.
  let placed: [(number: Int, box: Box3)]
  /// µm from pixel to pixel; nil where it isn't known or pixels aren't square.
  let micrometersPerPixel: Double?
  /// Bricks of the stores, z, y, x; nil where there are none.
  let brick: Index3?
  /// How many bricks hold what is shown; nil where sources have none.
  let bricksShown: Int?

  /// One channel's volume and its colour in a composite.
  struct Channel {
    var number: Int
    var volume: any Volume
    var color: RGB?
  }

  /// What decides a scene besides its tiles.
  struct Request {
    var section: SectionGroup
    var options: CompositionOptions
    var channels: ChannelSelection
    /// Whether labels are asked for; a store of labels has them anyway.
    var wantsLabels: Bool
    /// The fusion that was asked for.
    var fusion: FusionChoice?
    /// How large the picture is.
    var fit: PictureFit
  }

  init(_ all: TileSet, offsets table: OffsetTable?, _ request: Request) throws {
    var (set, table) = (all, table)
    let chosen = request.section.tile
    if let chosen {
      (set, table) = (try Self.alone(set, chosen), nil)
    }
    let stores = set.tiles.compactMap { $0 as? OMEZarrImage }
    let holdLabels = stores.count == set.tiles.count && stores.allSatisfy(\.isLabelImage)
    let areLabels = request.wantsLabels || holdLabels
    var options = request.options
    // The mean of two labels is a third.
    options.fusion = request.fusion ?? (areLabels ? .overwrite : .average)
    self.areLabels = areLabels

    let info = set.tiles[0].info
    let numbers = try request.channels.numbers(in: info)
    func choice(_ number: Int) -> ChannelChoice {
      if case .one(let choice) = request.channels { choice } else { .number(number) }
    }
    options.channel = choice(numbers[0])
    let full = try set.composition(offsets: table, options)
    fullSection = try request.section.section(in: full.volume.size)

    let isSquare = request.section.pixels.map { $0 == .square } ?? set.isVoxelSizeKnown
    let spacing = isSquare ? full.voxelSize : .unknown
    let wanted = try PictureGeometry(
      fullSection, spacing: spacing, fitting: request.fit)
    let factors = options.downscale == .one ? set.levelFactors : [.one]
    let level = try Self.level(request.section.level, of: factors, for: wanted)
    self.level = level
    let factor = factors[level]
    self.factor = factor
    let leveled = set.takingLevel(level)
    if level > 0 {
      options.downscale = factor
      options.downscaleMethod = .stride
    }
    let colors = Self.colors(info, stores.first, numbers)
    var placement = full.placement
    channels = try numbers.enumerated().map { place, number in
      if place == 0 && level == 0 {
        return Channel(number: number, volume: full.volume, color: colors[0])
      }
      options.channel = choice(number)
      let composition = try leveled.composition(offsets: table, options)
      placement = composition.placement
      return Channel(number: number, volume: composition.volume, color: colors[place])
    }
    let section = fullSection.coarsened(by: factor, in: channels[0].volume.size)
    geometry = try PictureGeometry(
      section, spacing: spacing.scaled(by: factor), fitting: request.fit)
    let shown = options.order ?? Array(placement.boxes.indices)
    placed = shown.map { ($0 + (chosen ?? 0), placement.boxes[$0]) }
    micrometersPerPixel = isSquare && set.isVoxelSizeKnown ? geometry.pitch : nil
    let hasBricks = stores.count == set.tiles.count && request.options.downscale == .one
    brick = hasBricks ? stores[0].brick(level: level) : nil
    let flip = options.flip
    bricksShown =
      hasBricks
      ? numbers.count
        * shown.reduce(0) {
          $0 + Self.bricks(of: stores[$1], level, placement.boxes[$1], flip, under: section.box)
        } : nil
  }

  /// One tile as a set of its own, at the zero position.
  private static func alone(_ set: TileSet, _ number: Int) throws -> TileSet {
    var one = try set.choosing([number])
    one.recordedOffsets = nil
    return TileSet(
      tiles: one.tiles, voxelSize: set.voxelSize, stagePositions: nil, origins: one.origins
    ).knowing(set.isVoxelSizeKnown)
  }

  private static func level(
    _ asked: Int?, of factors: [Index3], for geometry: PictureGeometry
  ) throws -> Int {
    guard let asked else { return factors.lastIndex { geometry.suffices($0) } ?? 0 }
    guard factors.indices.contains(asked) else {
      throw BrickworkError(
        .badRequest,
        reason: "there is no level \(asked): levels 0 to \(factors.count - 1) can be shown",
        remedy: "Choose one of them with --level, or leave the choice to the command")
    }
    return asked
  }

  private static func colors(
    _ info: TileInfo, _ store: OMEZarrImage?, _ channels: [Int]
  ) -> [RGB?] {
    let known = store?.channelColors
    return channels.map { channel in
      let usual = OMEChannel.usualColor(channel, of: info.channelNames.count)
      return known?[channel].flatMap { RGB($0) } ?? RGB(usual)
    }
  }

  /// The bricks of a tile under a box of the stitched volume.
  private static func bricks(
    of store: OMEZarrImage, _ level: Int, _ place: Box3, _ flip: AxisSet, under box: Box3
  ) -> Int {
    let shared = place.intersection(box)
    guard !shared.isEmpty else { return 0 }
    var local = shared.translated(by: .zero - place.origin)
    for (axis, flag) in [AxisSet.z, .y, .x].enumerated() where flip.contains(flag) {
      local.origin[axis] = place.size[axis] - local.end[axis]
    }
    let grid = BrickGrid(size: place.size, brick: store.brick(level: level))
    return grid.indices(intersecting: local).count
  }

  /// The tiles' borders in the picture; where one is cut off it lies outside.
  var outlines: [TileOutline] {
    placed.compactMap { number, box in
      let (rows, columns) = geometry.pixels(showing: box)
      guard !rows.isEmpty, !columns.isEmpty else { return nil }
      func open(_ pixels: Range<Int>, _ axis: Int, _ count: Int) -> Range<Int> {
        let shown = geometry.section.box
        let start = box.origin[axis] < shown.origin[axis] ? -1 : pixels.lowerBound
        let end = box.end[axis] > shown.end[axis] ? count + 1 : pixels.upperBound
        return start..<end
      }
      return TileOutline(
        columns: open(columns, geometry.section.axis.columns, geometry.width),
        rows: open(rows, geometry.section.axis.rows, geometry.height), number: number)
    }
  }

  /// The pixels that show a tile; nil where all do.
  var coverage: Coverage? {
    let rectangles = placed.map { tile in
      let (rows, columns) = geometry.pixels(showing: tile.box)
      return Coverage.Rectangle(columns: columns, rows: rows)
    }
    let all = Coverage.Rectangle(columns: 0..<geometry.width, rows: 0..<geometry.height)
    return rectangles.contains(all) ? nil : Coverage(rectangles)
  }
}

extension TileSet {
  /// The same set, with or without a voxel size that somebody said.
  fileprivate func knowing(_ isKnown: Bool) -> TileSet {
    var set = self
    set.isVoxelSizeKnown = isKnown
    return set
  }
}
