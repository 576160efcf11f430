public import BrickCore
internal import BrickFiles
public import BrickStitch

extension TileSet {
  /// What is worth knowing about where the tiles lie: overlaps, gaps, tiles in one place or on their own.
  ///
  /// - Parameters:
  ///   - offsets: one per tile, in voxels, x, y, z.
  ///   - placement: made of these offsets.
  public func layoutReport(offsets: [Point3], placement: TilePlacement) -> LayoutReport {
    var resolved: [String: String] = [:]
    let identities = zip(tiles, origins).map { tile, origin in
      let path = resolved[origin.path] ?? (try? Files.resolved(origin.path)) ?? origin.path
      resolved[origin.path] = path
      return "\(path)\u{0}\(origin.image)\u{0}\(tile.info.name)"
    }
    return LayoutReport(offsets: offsets, placement: placement, identities: identities)
  }

  /// A sentence where the stage positions by the usual rule and by the orientation of the camera put tiles more than
  /// a voxel apart; nil where they agree or the files don't tell both.
  public var stageRuleWarning: String? {
    var low = Point3(x: .infinity, y: .infinity, z: .infinity)
    var high = Point3(x: -.infinity, y: -.infinity, z: -.infinity)
    for tile in tiles {
      guard let usual = tile.info.position, let camera = tile.info.cameraPosition else {
        return nil
      }
      let shift = usual - camera
      guard shift.x.isFinite, shift.y.isFinite, shift.z.isFinite else { return nil }
      low = Point3(x: min(low.x, shift.x), y: min(low.y, shift.y), z: min(low.z, shift.z))
      high = Point3(x: max(high.x, shift.x), y: max(high.y, shift.y), z: max(high.z, shift.z))
    }
    // A shift that all tiles share changes nothing.
    let spread = high - low
    let voxels = max(spread.x / voxelSize.x, spread.y / voxelSize.y, spread.z / voxelSize.z)
    guard voxels > 1 else { return nil }
    return
      "the stage positions by the usual rule and by the orientation of the camera differ by up to "
      + "\(OffsetTable.short((voxels * 10).rounded() / 10)) voxels: compare --stage-rule usual and --stage-rule camera "
      + "in a preview"
  }
}
