public import BrickCore

/// The position of one tile as a table gives it.
public struct TileOffset: Sendable, Hashable {
  /// A position x, y, z together with its unit.
  public enum Position: Sendable, Hashable {
    /// In voxels of the tile, which may lie between two of them.
    case voxels(Point3)
    /// In µm.
    case micrometers(Point3)
  }

  /// The tile's number where the table numbers them: counted from 0 in the order of the sources.
  public var index: Int?
  /// The tile's file, or the name of its view.
  public var name: String?
  /// The image in a file with several, counted from 0.
  public var series: Int?
  /// Where the tile lies.
  public var position: Position

  /// A row of a table.
  public init(index: Int? = nil, name: String? = nil, series: Int? = nil, position: Position) {
    self.index = index
    self.name = name
    self.series = series
    self.position = position
  }

  /// The position in voxels, x, y, z, if that is its unit.
  public var voxels: Point3? {
    guard case .voxels(let point) = position else { return nil }
    return point
  }

  /// The position in µm, x, y, z, if that is its unit.
  public var micrometers: Point3? {
    guard case .micrometers(let point) = position else { return nil }
    return point
  }

  /// The position in voxels of `voxelSize`: µm divided by it.
  public func inVoxels(of voxelSize: VoxelSize) -> Point3 {
    switch position {
    case .voxels(let point): point
    case .micrometers(let point):
      Point3(x: point.x / voxelSize.x, y: point.y / voxelSize.y, z: point.z / voxelSize.z)
    }
  }

  /// The position in µm: voxels times `voxelSize`.
  public func inMicrometers(of voxelSize: VoxelSize) -> Point3 {
    switch position {
    case .micrometers(let point): point
    case .voxels(let point):
      Point3(x: point.x * voxelSize.x, y: point.y * voxelSize.y, z: point.z * voxelSize.z)
    }
  }
}

/// The unit of the positions in a table.
public enum OffsetUnits: String, Sendable, Hashable, CaseIterable {
  case voxel
  case um
  /// What the table says itself, voxels where it says nothing.
  case unspecified
}

/// How an array of offsets is laid out.
public enum OffsetLayout: String, Sendable, Hashable, CaseIterable {
  /// One row per tile: x, y and perhaps z.
  case plain
  /// ExM-Toolbox's: row 0 is a tile's size in voxels, the others are µm with x pointing left.
  case exm
}
