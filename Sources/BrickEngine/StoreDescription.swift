public import BrickCore

/// What the finished store says about itself, and what decides whether two runs make the same one.
public struct StoreDescription: Sendable {
  /// The image's name in the metadata.
  public var name: String
  /// µm between the voxels of level 0.
  public var voxelSize: VoxelSize
  /// One name per channel, which viewers show; may be empty.
  public var channelNames: [String]
  /// Where the image lies in µm, x, y, z, for images whose place is of use later: tiles.
  ///
  /// It becomes the translation of the levels and `attributes.brickwork.position_um_xyz`.
  public var position: Point3?
  /// Everything about the source that decides the voxels: files, positions, method.
  ///
  /// It is kept in the store, and a run that finds another one refuses to mix both.
  public var source: JSON
  /// What gives away that a source was replaced while a run was interrupted: the files' writing times.
  ///
  /// It is compared when a run is continued, and not kept in the finished store, which does not depend on it.
  public var stamps: [String]

  /// A description from its parts.
  public init(
    name: String, voxelSize: VoxelSize, channelNames: [String], position: Point3? = nil,
    source: JSON, stamps: [String] = []
  ) {
    self.name = name
    self.voxelSize = voxelSize
    self.channelNames = channelNames
    self.position = position
    self.source = source
    self.stamps = stamps
  }

  /// The description of an image with one channel.
  public init(
    name: String, voxelSize: VoxelSize, channelName: String, source: JSON, stamps: [String] = []
  ) {
    self.init(
      name: name, voxelSize: voxelSize, channelNames: [channelName], source: source,
      stamps: stamps)
  }
}
