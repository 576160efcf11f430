import BrickBDV
import BrickCore
import Testing

@Suite struct PyramidProposalTests {
  private func factors(_ x: Int, _ y: Int, _ z: Int, _ size: VoxelSize) -> [[Int]] {
    PyramidProposal.levels(size: Index3(z: z, y: y, x: x), voxelSize: size).map {
      [$0.factor.x, $0.factor.y, $0.factor.z]
    }
  }

  @Test func zWaitsUntilTheOtherAxesHaveCaughtUp() {
    #expect(
      factors(2048, 2048, 100, VoxelSize(x: 0.16, y: 0.16, z: 0.4))
        == [[1, 1, 1], [2, 2, 1], [4, 4, 2], [8, 8, 4]])
    #expect(
      factors(1024, 1024, 60, VoxelSize(x: 0.1625, y: 0.1625, z: 1))
        == [[1, 1, 1], [2, 2, 1], [4, 4, 1]])
  }

  @Test func cubesAreHalvedAlongAllAxes() {
    #expect(
      factors(2048, 2048, 2048, .unknown) == [[1, 1, 1], [2, 2, 2], [4, 4, 4], [8, 8, 8]])
  }

  @Test func aFusedSampleGetsEightLevels() {
    let levels = factors(20000, 15000, 1200, VoxelSize(x: 0.16, y: 0.16, z: 0.4))
    #expect(levels.count == 8 && levels.last == [128, 128, 64])
  }

  @Test func aSinglePlaneHasBigDataViewersQuirk() {
    #expect(factors(2048, 2048, 1, .unknown).last == [8, 8, 2])
  }

  @Test func chunksAreNearlyCubesOfSpace() {
    let levels = PyramidProposal.levels(
      size: Index3(z: 100, y: 2048, x: 2048), voxelSize: VoxelSize(x: 0.16, y: 0.16, z: 0.4))
    #expect(levels[0].chunk == Index3(z: 8, y: 16, x: 32))
    #expect(levels[1].chunk == Index3(z: 16, y: 16, x: 16))
  }

  @Test func everySizeEndsWithSmallLevelsAndSmallChunks() {
    for size in [Index3.zero, .one, Index3(z: 1, y: 1, x: 1 << 40), Index3(z: 257, y: 1, x: 3)] {
      for voxels in [
        VoxelSize.unknown, VoxelSize(x: 1, y: 1, z: 1e9), VoxelSize(x: 0, y: -1, z: .nan),
      ] {
        let levels = PyramidProposal.levels(size: size, voxelSize: voxels)
        #expect(levels[0].factor == .one && levels.allSatisfy { $0.chunk.volume <= 4096 })
      }
    }
  }
}
