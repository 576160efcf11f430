public import BrickCore
public import BrickStitch
public import BrickZarr

/// Which channels of the tiles are meant: one, or all of them.
public enum ChannelSelection: Sendable, Hashable {
  case one(ChannelChoice)
  case all

  /// The channels' numbers in a tile.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest`, listing the channels there are.
  public func numbers(in info: TileInfo) throws -> [Int] {
    switch self {
    case .one(let choice): [try choice.number(in: info)]
    case .all: Array(info.channelNames.indices)
    }
  }
}

/// Which time points of the tiles are meant: one, or all of them.
public enum TimepointSelection: Sendable, Hashable {
  /// Counted from 0.
  case one(Int)
  case all

  /// The time points' numbers in a tile.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest`, saying how many there are.
  public func numbers(in info: TileInfo) throws -> [Int] {
    switch self {
    case .all: return Array(0..<info.timepoints)
    case .one(let number):
      guard (0..<info.timepoints).contains(number) else {
        throw BrickworkError(
          .badRequest, path: info.path,
          reason: "there is no time point \(number): the tile has \(info.timepoints)",
          remedy: "Choose one from 0 to \(info.timepoints - 1) with --timepoint")
      }
      return [number]
    }
  }
}

/// One stitched volume for each chosen time point and channel, all of one size.
public struct CompositionSeries: Sendable {
  /// The lazy composites, time point by time point, channels fastest.
  public let volumes: [StitchedVolume]
  /// The axes that were asked for with `all`, also where they have a size of 1.
  public let leading: LeadingAxes
  /// One name per chosen channel, from the first tile; empty where it has none.
  public let channelNames: [String]
  /// Where the tiles lie at each time point, all in one frame.
  public let placements: [TilePlacement]
  /// The first of the composites, with where its tiles lie.
  public let first: Composition
  /// All that decides the voxels besides the tiles' own.
  public let settings: JSON
}

extension TileSet {
  /// The lazy composites of all chosen channels and time points.
  ///
  /// Tiles lie where they lie at the first time point, unless `tables` differ. Then one frame holds the
  /// tiles of all time points, so that the volumes have one size. Reads no voxel.
  ///
  /// - Parameters:
  ///   - tables: the positions for a time point, counted from 0; nil takes the tiles' own.
  ///   - options: the rest; its channel and time point don't matter.
  /// - Throws: `BrickworkError` as `composition` does, and if all channels or time points are asked for
  ///   and a tile has another number of them than the first one.
  public func series(
    offsets tables: (_ timepoint: Int) throws -> OffsetTable?, _ options: CompositionOptions,
    channels: ChannelSelection, timepoints: TimepointSelection
  ) throws -> CompositionSeries {
    guard let info = tiles.first?.info else {
      throw BrickworkError(.badRequest, reason: "there is no tile to stitch")
    }
    try checkCounts(channels, timepoints)
    let times = try timepoints.numbers(in: info)
    let numbers = try channels.numbers(in: info)
    func chosen(_ timepoint: Int, _ channel: Int) -> CompositionOptions {
      var own = options
      own.timepoint = timepoint
      // A name is looked up in each tile, where it may have another number.
      if case .one(let choice) = channels {
        own.channel = choice
      } else {
        own.channel = .number(channel)
      }
      return own
    }
    let places = try times.map { try tables($0) }
    let first = try composition(offsets: places[0], chosen(times[0], numbers[0]))
    let frames = try self.frames(places, options, first)
    var volumes: [StitchedVolume] = []
    for (place, time) in times.enumerated() {
      for channel in numbers {
        volumes.append(
          try composition(offsets: places[place], chosen(time, channel), in: frames[place]).volume)
      }
    }
    let leading = LeadingAxes(
      timepoints: timepoints == .all ? times.count : nil,
      channels: channels == .all ? numbers.count : nil)
    var settings = first.settings
    if timepoints == .all { settings["timepoint"] = .array(times.map { JSON($0) }) }
    if channels == .all { settings["channel"] = .array(numbers.map { JSON($0) }) }
    if Set(frames).count > 1 {
      let origin = frames[0].origin
      settings["origin_voxels_xyz"] = [.number(origin.x), .number(origin.y), .number(origin.z)]
      settings["origins_zyx_by_timepoint"] = .array(
        frames.map { .array($0.boxes.map { JSON($0.origin) }) })
    }
    return CompositionSeries(
      volumes: volumes, leading: leading, channelNames: numbers.map { info.channelNames[$0] },
      placements: frames, first: first, settings: settings)
  }

  /// A placement for each time point, all in one frame.
  private func frames(
    _ tables: [OffsetTable?], _ options: CompositionOptions, _ first: Composition
  ) throws -> [TilePlacement] {
    let offsets = try tables.map { try self.offsets(from: $0).offsets }
    guard offsets.contains(where: { $0 != offsets[0] }) else {
      return tables.map { _ in first.placement }
    }
    let sizes = first.placement.boxes.map(\.size)
    let whole = try TilePlacement(
      offsets: offsets.flatMap { $0 }.map { $0.divided(by: options.downscale) },
      sizes: offsets.flatMap { _ in sizes }, rounding: options.rounding)
    return offsets.indices.map {
      whole.tiles(in: $0 * sizes.count..<($0 + 1) * sizes.count)
    }
  }

  /// Throws unless all tiles have as many of what is chosen whole.
  func checkCounts(_ channels: ChannelSelection, _ timepoints: TimepointSelection) throws {
    func counted(_ number: Int, _ what: String) -> String {
      "\(number) \(what)\(number == 1 ? "" : "s")"
    }
    func check(_ what: String, _ option: String, _ count: (TileInfo) -> Int) throws {
      guard let first = tiles.first?.info,
        let other = tiles.first(where: { count($0.info) != count(first) })?.info
      else { return }
      throw BrickworkError(
        .badRequest, path: other.path,
        reason: "\(other.name) has \(counted(count(other), what)) and the first tile, "
          + "\(first.name), \(counted(count(first), what))",
        remedy: "Choose one that all tiles have with \(option) N, or leave the tile out")
    }
    if channels == .all { try check("channel", "--channel") { $0.channelNames.count } }
    if timepoints == .all { try check("time point", "--timepoint", \.timepoints) }
  }
}

extension Point3 {
  /// The position in voxels that are `factor` as large.
  func divided(by factor: Index3) -> Point3 {
    Point3(x: x / Double(factor.x), y: y / Double(factor.y), z: z / Double(factor.z))
  }
}
