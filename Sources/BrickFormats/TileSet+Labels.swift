public import BrickCore
public import BrickLabels
public import BrickStitch

/// The tiles of a segmentation at their places, before they are fused.
public struct LabelLayout: Sendable {
  /// The tiles, numbered in the order of the set.
  public let tiles: [LabelTile]
  /// Each tile's box in the stitched volume.
  public let placement: TilePlacement
  /// µm between voxels of the stitched volume.
  public let voxelSize: VoxelSize
  /// What said where the tiles lie.
  public let offsetSource: TileSet.OffsetSource
}

extension TileSet {
  /// The tiles as labels, placed by `table`, else by their own stage positions; they may differ in type.
  ///
  /// Tiles are flipped, then downscaled; offsets are divided by the downscale factors. Of the options, fusion, blend
  /// width and order have no meaning here. Reads no voxel.
  ///
  /// - Throws: `BrickworkError` if positions are missing or don't fit, voxels are floats, a channel or time point does
  ///   not exist, or labels would be averaged.
  public func labelLayout(offsets table: OffsetTable?, _ options: CompositionOptions) throws
    -> LabelLayout
  {
    guard options.downscale == .one || options.downscaleMethod != .mean else {
      throw BrickworkError(
        .badRequest, reason: "labels can't be averaged",
        remedy: "Use --downscale-method stride or majority")
    }
    let (full, source) = try offsets(from: table)
    let factor = options.downscale
    let offsets = full.map {
      Point3(x: $0.x / Double(factor.x), y: $0.y / Double(factor.y), z: $0.z / Double(factor.z))
    }
    let volumes = try tiles.map { tile in
      try tile.volume(
        channel: try options.channel.number(in: tile.info), timepoint: options.timepoint,
        flip: options.flip, downscale: factor, method: options.downscaleMethod)
    }
    let placement = try TilePlacement(
      offsets: offsets, sizes: volumes.map(\.size), rounding: options.rounding)
    return LabelLayout(
      tiles: try LabelTile.tiles(
        volumes, placement: placement, names: tiles.map { $0.info.path }),
      placement: placement, voxelSize: voxelSize.scaled(by: factor), offsetSource: source)
  }
}
