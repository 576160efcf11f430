import BrickCore
import BrickTestSupport
import Testing

/// The mean of voxels given in z, y, x order, by its definition.
func mean<V: Voxel>(_ voxels: [V]) -> V {
  let count = Int128(voxels.count)
  guard voxels.first?.exactInteger != nil else {
    return V(nearestTo: voxels.reduce(0.0) { $0 + $1.asDouble } / Double(voxels.count))
  }
  // ⌊(2·sum + count) / (2·count)⌋ in 128 bits: exact for 64-bit voxels too.
  let sum = voxels.reduce(Int128(0)) { $0 + ($1.exactInteger ?? 0) }
  let (above, below) = (2 * sum + count, 2 * count)
  let quotient = above / below - (above % below < 0 ? 1 : 0)
  func made<F: FixedWidthInteger>(_: F.Type) -> V? { F(quotient) as? V }
  guard let integer = V.self as? any FixedWidthInteger.Type, let result = made(integer) else {
    preconditionFailure("\(V.self) is an integer")
  }
  return result
}

/// The voxels of `size` whose block of `factor` voxels is at `position`, in z, y, x order.
func blockOfVoxels(at position: Index3, factor: Index3, within bounds: Box3) -> Box3 {
  Box3(origin: position * factor, size: factor).intersection(bounds)
}

@Suite struct DownsampleTests {
  @Test(arguments: VoxelType.allCases) func everyMeanIsThatOfItsBlock(type: VoxelType) {
    func run<V: Voxel>(_: V.Type) {
      var random = SplitMix64(seed: 7)
      for round in 0..<60 {
        let factor =
          round < 8
          ? Index3(z: 1 + round & 1, y: 1 + round >> 1 & 1, x: 1 + round >> 2)
          : .random(in: 1...4, using: &random)
        let box = Box3(
          origin: Index3.random(in: -2...2, using: &random) * factor,
          size: .random(in: 0...9, using: &random))
        let block = VoxelBlock([V].random(count: box.count, using: &random), box: box)
        var means = VoxelBlock()
        block.downsampled(by: factor, into: &means)
        var strided = VoxelBlock()
        block.strided(by: factor, into: &strided)
        let (results, firsts) = (means.box, strided.box)
        #expect(results.size == box.size.dividedRoundingUp(by: factor))
        #expect(results == firsts)
        means.box.forEachPosition { position in
          var voxels: [V] = []
          blockOfVoxels(at: position, factor: factor, within: box).forEachPosition {
            voxels.append(block.voxel(V.self, at: $0))
          }
          expectSame(means.voxel(V.self, at: position), mean(voxels), "\(factor) of \(voxels)")
          expectSame(strided.voxel(V.self, at: position), voxels[0], "\(factor)")
        }
      }
    }
    run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func anOctantLandsInItsPlaceAndNowhereElse(type: VoxelType) {
    func run<V: Voxel>(_: V.Type) {
      var random = SplitMix64(seed: 8)
      let factor = Index3(z: 2, y: 2, x: 2)
      let large = Box3(size: Index3(z: 6, y: 5, x: 7))
      let before = [V].random(count: large.count, using: &random)
      let box = Box3(origin: Index3(z: 4, y: 2, x: 6), size: Index3(z: 3, y: 4, x: 5))
      let octant = VoxelBlock([V].random(count: box.count, using: &random), box: box)
      var alone = VoxelBlock()
      var parent = VoxelBlock(before, box: large)
      octant.downsampled(by: factor, into: &alone)
      octant.downsampled(by: factor, writingInto: &parent)
      let untouched = VoxelBlock(before, box: large)
      large.forEachPosition { position in
        let inside = alone.box.contains(Box3(origin: position, size: .one))
        let expected =
          inside ? alone.voxel(V.self, at: position) : untouched.voxel(V.self, at: position)
        expectSame(parent.voxel(V.self, at: position), expected, "\(position)")
      }
    }
    run(type.swiftType)
  }

  @Test func meansOfExtremeIntegersAreExact() {
    func means<V: Voxel>(_ values: [V]) -> V {
      let box = Box3(size: Index3(z: 1, y: 1, x: values.count))
      let block = VoxelBlock(values, box: box)
      var result = VoxelBlock()
      block.downsampled(by: box.size, into: &result)
      return result.values(V.self)[0]
    }
    #expect(means([UInt64.max, .max, .max]) == .max)
    #expect(means([UInt64.max, .max - 1]) == .max)
    #expect(means([Int64.min, .min]) == .min)
    #expect(means([Int64.min, .min + 1]) == .min + 1)
    #expect(means([Int64.min, .max]) == 0)
    #expect(means([-3, -2] as [Int8]) == -2)
    #expect(means([-1, -1, 0] as [Int16]) == -1)
    #expect(means([-1, 0, 0] as [Int32]) == 0)
    #expect(means([UInt16](repeating: .max, count: 70_000)) == .max)
    #expect(means([Int16](repeating: .min, count: 70_000)) == .min)
  }
}
