import BrickCore
import BrickEngine
import Testing

@Suite struct EmptyStoreTests {
  /// An ND2 file without frames is a tile without planes: what is made of it must say so, not trap.
  @Test(arguments: [0, 1, 2]) func aStoreWithoutVoxelsIsRefused(axis: Int) throws {
    var size = Index3(repeating: 8)
    if axis == 0 { size.z = 0 } else if axis == 1 { size.y = 0 } else { size.x = 0 }
    let error = #expect(throws: BrickworkError.self) {
      try StorePlan(path: "a.zarr", size: size, type: .uint16, voxelSize: .unknown)
    }
    #expect(error?.code == .badRequest)
    #expect(error?.reason.contains("would hold nothing: the tiles have no voxels") ?? false)
  }
}
