public import BrickCore

extension TileSet {
  /// Where each tile lies in µm, x, y, z: from `table`, else the stage positions of the files; nil where
  /// nothing says it.
  ///
  /// Divided by the voxel size the positions give exactly the offsets that stitching these tiles, thinned
  /// out by `downscale`, works with: so tiles that are stored with them stitch to the same volume.
  ///
  /// - Throws: `BrickworkError` if the table does not fit the tiles.
  public func positions(offsets table: OffsetTable?, downscale: Index3 = .one) throws -> [Point3]? {
    guard table != nil || stagePositions != nil else { return nil }
    let size = voxelSize.scaled(by: downscale)
    let offsets = try offsets(from: table).offsets
    return offsets.enumerated().map { number, full in
      let offset = full.divided(by: downscale)
      let stage = table == nil ? stagePositions?[number] : nil
      return Point3(
        x: Self.position(offset.x, size.x, stage?.x), y: Self.position(offset.y, size.y, stage?.y),
        z: Self.position(offset.z, size.z, stage?.z))
    }
  }

  /// The number that divided by `size` is `offset`: `stage` if it does it, else one beside their product.
  private static func position(_ offset: Double, _ size: Double, _ stage: Double?) -> Double {
    if let stage, stage / size == offset { return stage }
    let near = offset * size
    var (up, down) = (near, near)
    for _ in 0..<4 {
      if up / size == offset { return up }
      if down / size == offset { return down }
      (up, down) = (up.nextUp, down.nextDown)
    }
    return near
  }
}
