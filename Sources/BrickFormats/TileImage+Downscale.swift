public import BrickCore

extension TileImage {
  /// A channel at a time point, mirrored along the axes of `flip`, with one voxel for each group of `downscale`.
  ///
  /// Where voxels are thinned out and the file decodes at a coarser resolution (JPEG 2000 by powers of two), its coarser
  /// voxels are taken. Its size is that of the image divided by `downscale`, rounded up. Reads no voxel.
  ///
  /// - Parameter downscale: how many voxels, z, y, x, become one.
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such channel or time point, or the voxels are floats,
  ///   which have no majority.
  public func volume(
    channel: Int, timepoint: Int, flip: AxisSet = [], downscale: Index3, method: DownsampleMethod
  ) throws -> any Volume {
    guard downscale == .one || method.serves(info.type) else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "labels are integers, and its \(info.type.rawValue) voxels have no majority",
        remedy: "Use --downscale-method stride or mean")
    }
    var (base, done): (any Volume, Index3)
    if method == .stride, downscale != .one,
      let reduced = try reduced(by: downscale, channel: channel, timepoint: timepoint)
    {
      (base, done) = reduced
    } else {
      (base, done) = (try volume(channel: channel, timepoint: timepoint), .one)
    }
    base = base.flipped(z: flip.contains(.z), y: flip.contains(.y), x: flip.contains(.x))
    return base.downsampled(by: downscale.dividedRoundingDown(by: done), method: method)
  }
}
