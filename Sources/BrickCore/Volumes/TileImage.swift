/// What a tile's file says about itself, known without reading a voxel.
public struct TileInfo: Sendable, Hashable {
  /// The file the tile lies in.
  public var path: String
  /// A short name: the file's name, with the image's own where a file holds several.
  public var name: String
  /// The format in words, "TIFF (tiled, deflate)".
  public var format: String
  /// The type of every voxel, in all channels.
  public var type: VoxelType
  /// Voxels along z, y, x of one channel at one time point.
  public var size: Index3
  /// One name per channel, at least one; empty strings where the file names none.
  public var channelNames: [String]
  /// The number of time points, at least 1.
  public var timepoints: Int
  /// µm between voxels, if the file says.
  public var voxelSize: VoxelSize?
  /// The stage position of the tile in µm, if the file says: where voxel 0 lies by the format's usual rule, up to a
  /// shift that all tiles share.
  public var position: Point3?
  /// Whether the file gives an offset in voxels, of which the position was made with `voxelSize` (1 µm where it says
  /// none): with another voxel size the position is another one, and the offset the same.
  public var positionIsInVoxels = false
  /// The same by the orientation of the camera on the stage, where the file tells it; nil where it doesn't.
  public var cameraPosition: Point3?
  /// What a user should know about the file, one sentence each: missing frames, entries that were repaired.
  public var notes: [String]
  /// What else the format tells, for `info --json`; null where there is nothing.
  public var details: JSON

  /// Information as a file gives it; without more, one channel without a name at one time point.
  public init(
    path: String, name: String, format: String, type: VoxelType, size: Index3,
    channelNames: [String] = [""], timepoints: Int = 1, voxelSize: VoxelSize? = nil,
    position: Point3? = nil, cameraPosition: Point3? = nil, notes: [String] = [],
    details: JSON = .null
  ) {
    self.path = path
    self.name = name
    self.format = format
    self.type = type
    self.size = size
    self.channelNames = channelNames
    self.timepoints = timepoints
    self.voxelSize = voxelSize
    self.position = position
    self.cameraPosition = cameraPosition
    self.notes = notes
    self.details = details
  }
}

/// One image of a file, of which each channel and time point is a lazy volume.
public protocol TileImage: Sendable {
  var info: TileInfo { get }
  /// The voxels of a channel at a time point, both counted from 0. Reads no voxel yet.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such channel or time point.
  func volume(channel: Int, timepoint: Int) throws -> any Volume

  /// The same voxels at a coarser resolution that the file holds or decodes directly, for thinning out by `factor`.
  ///
  /// - Parameter factor: how many voxels, z, y, x, shall become one.
  /// - Returns: a volume and its own factor, which divides `factor` on each axis; nil where the file offers nothing
  ///   that is cheaper than reading every voxel. Its size is that of the whole image divided by that factor,
  ///   rounded up.
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such channel or time point.
  func reduced(by factor: Index3, channel: Int, timepoint: Int) throws -> (
    volume: any Volume, factor: Index3
  )?
}

extension TileImage {
  /// Nothing coarser than the voxels themselves.
  public func reduced(by factor: Index3, channel: Int, timepoint: Int) throws -> (
    volume: any Volume, factor: Index3
  )? { nil }
}
