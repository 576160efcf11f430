public import BrickCore
internal import BrickFiles

/// A tile of an ND2 file: a stage position, with its stack, channels and time points.
public struct ND2Image: TileImage {
  /// What the file says about the tile; `details` holds the acquisition's metadata.
  public let info: TileInfo
  /// The stage position in the order of the file, from 0.
  public let position: Int
  let source: ND2Source

  init(source: ND2Source, position: Int, info: TileInfo) {
    self.source = source
    self.position = position
    self.info = info
  }

  /// What the file says about its acquisition.
  public var metadata: ND2Metadata { source.metadata }

  /// The voxels of a component at a time point, both counted from 0.
  ///
  /// No voxel is read yet.
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such component or time point.
  public func volume(channel: Int, timepoint: Int) throws -> any Volume {
    guard info.channelNames.indices.contains(channel), (0..<info.timepoints).contains(timepoint)
    else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has no channel \(channel) at time point \(timepoint); it has "
          + "\(info.channelNames.count) and \(info.timepoints), both counted from 0")
    }
    return ND2Volume(
      source: source, size: info.size, component: channel, position: position, timepoint: timepoint)
  }

  /// The number of the frame that shows a plane at a time point, as in the name of its chunk.
  ///
  /// - Precondition: the image has the time point and the plane.
  public func frameNumber(timepoint: Int, z: Int) -> Int {
    precondition(
      (0..<info.timepoints).contains(timepoint) && (0..<info.size.z).contains(z),
      "The image has the plane")
    return source.order.frame(position: position, timepoint: timepoint, z: z)
  }

  /// When a plane was taken, in ms since the acquisition began; nil where the file doesn't say.
  ///
  /// Reads the file's list of times; without one, the frame's own stamp.
  /// - Precondition: the image has the time point and the plane.
  public func time(timepoint: Int, z: Int) -> Double? {
    source.time(ofFrame: frameNumber(timepoint: timepoint, z: z))
  }
}
