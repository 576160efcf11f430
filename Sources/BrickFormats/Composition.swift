public import BrickCore
public import BrickStitch

/// Which of a tile's channels is meant.
public enum ChannelChoice: Sendable, Hashable {
  /// Counted from 0.
  case number(Int)
  case name(String)

  /// The channel's number in a tile.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest`, listing the channels there are.
  public func number(in info: TileInfo) throws -> Int {
    let found: Int?
    switch self {
    case .number(let number): found = info.channelNames.indices.contains(number) ? number : nil
    case .name(let name): found = info.channelNames.firstIndex(of: name)
    }
    if let found { return found }
    let known = info.channelNames.enumerated().map { number, name in
      name.isEmpty ? "\(number)" : "\(number) (\(name))"
    }
    let wanted: String =
      switch self {
      case .number(let number): "\(number)"
      case .name(let name): "'\(name)'"
      }
    throw BrickworkError(
      .badRequest, path: info.path,
      reason: "there is no channel \(wanted): the tile has \(known.joined(separator: ", "))",
      remedy: "Choose one of them with --channel")
  }
}

/// A fusion method with the blend width as the user says it.
public enum FusionChoice: String, Sendable, Hashable, CaseIterable {
  case overwrite, average, linear, max, min
}

/// How tiles become one volume.
public struct CompositionOptions: Sendable, Hashable {
  /// The tiles' channel.
  public var channel: ChannelChoice = .number(0)
  /// Counted from 0.
  public var timepoint = 0
  /// Axes along which every tile is flipped before it is placed.
  public var flip: AxisSet = []
  /// Voxels of a tile that become one, z, y, x.
  public var downscale: Index3 = .one
  /// Whether the first voxel of a group is kept, their mean, or the label most of them have.
  public var downscaleMethod: DownsampleMethod = .stride
  /// How offsets between voxels become voxels.
  public var rounding: OffsetRounding = .nearest
  /// What becomes of voxels that several tiles cover.
  public var fusion: FusionChoice = .linear
  /// Over which lengths `linear` fades: nil takes the usual width for the layout.
  public var blendWidth: BlendLengths?
  /// The tiles to blend, first to last; nil means all as given.
  public var order: [Int]?
  /// How each tile's intensities are adjusted, by the channel's number in the first tile; others stay as they are.
  public var adjustments: [Int: [IntensityAdjustment]] = [:]

  /// The usual: all tiles as they are, linear fusion.
  public init() {}
}

/// The stitched volume of a tile set, with where each tile lies in it.
public struct Composition: Sendable {
  /// The lazy composite.
  public let volume: StitchedVolume
  /// The tiles as they are placed: flipped, downscaled, adjusted.
  public let tiles: [any Volume]
  /// Each tile's box in the volume.
  public let placement: TilePlacement
  /// µm between voxels of the stitched volume.
  public let voxelSize: VoxelSize
  /// What said where the tiles lie.
  public let offsetSource: TileSet.OffsetSource
  /// The channel's name in the first tile; may be empty.
  public let channelName: String
  /// All that decides the voxels besides the tiles' own: kept with a store, to notice when a run is
  /// continued with other settings.
  public let settings: JSON
}

extension TileSet {
  /// The lazy composite of the tiles, placed by `table`, else by their own stage positions.
  ///
  /// Tiles are flipped, then downscaled; offsets are divided by the downscale factors. Where voxels are thinned out
  /// and a file decodes at a coarser resolution (JPEG 2000 by powers of two), its coarser voxels are taken. Reads no
  /// voxel.
  ///
  /// - Throws: `BrickworkError` if positions are missing or don't fit, tiles differ in type or have no
  ///   majority to downscale by, or a channel, time point or tile of the order does not exist.
  public func composition(offsets table: OffsetTable?, _ options: CompositionOptions) throws
    -> Composition
  {
    try composition(offsets: table, options, in: nil)
  }

  /// The same, with the tiles where `frame` has them, unless that is nil.
  func composition(
    offsets table: OffsetTable?, _ options: CompositionOptions, in frame: TilePlacement?
  ) throws -> Composition {
    let (full, source) = try offsets(from: table)
    let factor = options.downscale
    let offsets = full.map { $0.divided(by: factor) }
    var channelName = ""
    var adjustments: [IntensityAdjustment]?
    let volumes = try tiles.enumerated().map { place, tile in
      let channel = try options.channel.number(in: tile.info)
      if place == 0 {
        channelName = tile.info.channelNames[channel]
        adjustments = options.adjustments[channel]
      }
      let volume = try tile.volume(
        channel: channel, timepoint: options.timepoint, flip: options.flip, downscale: factor,
        method: options.downscaleMethod)
      return adjustments.map { volume.adjusted(by: $0[place]) } ?? volume
    }
    let placement =
      try frame
      ?? TilePlacement(
        offsets: offsets, sizes: volumes.map(\.size), rounding: options.rounding)
    let voxelSize = voxelSize.scaled(by: factor)
    let fusion: Fusion =
      switch options.fusion {
      case .overwrite: .overwrite
      case .average: .average
      case .max: .maximum
      case .min: .minimum
      case .linear:
        .linear(
          options.blendWidth?.width(for: voxelSize)
            ?? BlendWidth.automatic(for: placement.boxes))
      }
    let volume = try StitchedVolume(
      volumes, placement: placement, fusion: fusion, order: options.order)
    return Composition(
      volume: volume, tiles: volumes, placement: placement, voxelSize: voxelSize,
      offsetSource: source,
      channelName: channelName, settings: settings(options, placement, fusion, voxelSize))
  }

  private func settings(
    _ options: CompositionOptions, _ placement: TilePlacement, _ fusion: Fusion,
    _ voxelSize: VoxelSize
  ) -> JSON {
    var fused: JSON = ["method": .string(fusion.name)]
    if case .linear(let width) = fusion {
      fused["width_zyx"] = [.number(width.z), .number(width.y), .number(width.x)]
    }
    let layout = zip(tiles, placement.boxes).map { tile, box in
      ["name": .string(tile.info.name), "origin_zyx": JSON(box.origin), "size_zyx": JSON(box.size)]
        as JSON
    }
    var settings: JSON = [
      "tiles": .array(layout), "fusion": fused,
      "order": options.order.map { .array($0.map { JSON($0) }) } ?? nil,
      "channel": (try? tiles.first.map { JSON(try options.channel.number(in: $0.info)) }) ?? nil,
      "timepoint": JSON(options.timepoint), "flip": JSON(options.flip.rawValue),
      // What `project fused` needs to put the volume back among the tiles.
      "origin_voxels_xyz": [
        .number(placement.origin.x), .number(placement.origin.y), .number(placement.origin.z),
      ],
      "downscale_zyx": JSON(options.downscale),
      "downscale_method": .string("\(options.downscaleMethod)"),
      "voxel_size_um_xyz": [.number(voxelSize.x), .number(voxelSize.y), .number(voxelSize.z)],
    ]
    describeOpening(in: &settings)
    if !options.adjustments.isEmpty {
      settings["intensity_adjustments"] = .array(
        options.adjustments.sorted { $0.key < $1.key }.map { channel, tiles in
          [
            "channel": JSON(channel), "gain": .array(tiles.map { .number($0.gain) }),
            "offset": .array(tiles.map { .number($0.offset) }),
          ]
        })
    }
    return settings
  }
}
