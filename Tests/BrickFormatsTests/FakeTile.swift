import BrickCore

/// A tile that is nothing but what it says about itself.
struct FakeTile: TileImage {
  var info: TileInfo

  init(
    _ path: String, name: String? = nil, size: Index3 = Index3(z: 10, y: 100, x: 100),
    position: Point3? = nil, camera: Point3? = nil, notes: [String] = []
  ) {
    info = TileInfo(
      path: path, name: name ?? path, format: "fake", type: .uint16, size: size,
      voxelSize: VoxelSize(x: 0.5, y: 0.5, z: 2), position: position, cameraPosition: camera,
      notes: notes)
  }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    throw BrickworkError(.badRequest, path: info.path, reason: "has no voxels")
  }
}
