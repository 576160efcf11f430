public import BrickCore

/// One level of an OME-Zarr pyramid.
public struct OMEZarrLevel: Sendable, Hashable {
  /// The array's folder as seen from the group: "0".
  public var path: String
  /// Voxels along z, y, x of one channel at one time point.
  public var size: Index3
  /// µm between the level's voxels.
  public var voxelSize: VoxelSize
  /// Where the centre of the level's first voxel lies in µm; the same system for all levels.
  public var translation: Point3

  /// A level as the metadata describe it; `averaged` works out voxel size and translation.
  public init(path: String, size: Index3, voxelSize: VoxelSize, translation: Point3 = .zero) {
    self.path = path
    self.size = size
    self.voxelSize = voxelSize
    self.translation = translation
  }

  /// The level whose voxels average `factor` voxels of a finest level with `voxelSize`: its first
  /// centre lies (factor − 1)/2 finest voxels further.
  public static func averaged(
    path: String, size: Index3, voxelSize: VoxelSize, factor: Index3
  ) -> OMEZarrLevel {
    func shift(_ factor: Int, _ step: Double) -> Double { Double(factor - 1) * step / 2 }
    return OMEZarrLevel(
      path: path, size: size, voxelSize: voxelSize.scaled(by: factor),
      translation: Point3(
        x: shift(factor.x, voxelSize.x), y: shift(factor.y, voxelSize.y),
        z: shift(factor.z, voxelSize.z)))
  }
}
