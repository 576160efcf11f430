import BrickCore
import BrickTestSupport
import Testing

@Suite struct AdjustedVolumeTests {
  @Test(arguments: VoxelType.allCases)
  func voxelsAreRoundedHalfUpAndLimited(_ type: VoxelType) throws {
    func check<V: Voxel>(_: V.Type) throws {
      var random = SplitMix64(seed: 9)
      let size = Index3(z: 5, y: 6, x: 7)
      let voxels = [V].random(count: size.volume, using: &random)
      let volume = ArrayVolume(voxels, size: size)
      for (gain, offset) in [(0.5, 0), (1.2, -3.25), (1, 0.5), (-1, 0)] as [(Double, Double)] {
        let adjusted = volume.adjusted(by: IntensityAdjustment(gain: gain, offset: offset))
        let wanted = voxels.map {
          $0 == V.zero ? $0 : V(nearestTo: $0.asDouble * gain + offset)
        }
        #expect(try adjusted.block(of: adjusted.bounds).values(V.self).isSame(as: wanted))
        let part = adjusted.bounds.random(using: &random)
        let whole = try adjusted.block(of: adjusted.bounds)
        var cut = VoxelBlock(part, type: type)
        cut.copy(from: VoxelView(whole))
        #expect(
          try adjusted.block(of: part).values(V.self).isSame(as: cut.values(V.self)))
      }
    }
    try check(type.swiftType)
  }

  @Test func whatChangesNothingIsTheVolumeItself() {
    let volume = ArrayVolume([1] as [UInt8], size: .one)
    #expect(volume.adjusted(by: IntensityAdjustment()) is ArrayVolume)
  }
}
