internal import BrickCore

extension Volume {
  /// Whether voxels are lent from wide mapped planes, as a look at one in the middle of `home` shows.
  ///
  /// Such a volume is read fastest in flat blocks, whose pages lie together. Nothing is decoded for an answer.
  func lendsWidePlanes(near home: Box3) throws -> Bool {
    let centre = home.origin + home.size.dividedRoundingDown(by: Index3(repeating: 2))
    let probe = Box3(origin: centre, size: .one).intersection(bounds)
    guard !probe.isEmpty, decodedBytes(reading: probe) == 0 else { return false }
    var scratch = VoxelBlock()
    var isFlat = false
    let longRow = 512 * type.byteCount
    try withVoxels(of: probe, scratch: &scratch) { view in
      let (row, plane) = (view.rowStride, view.planeStride)
      isFlat = row >= longRow && (plane == 0 || plane / row >= 256)
    }
    return isFlat
  }
}
