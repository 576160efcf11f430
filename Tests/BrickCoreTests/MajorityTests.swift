import BrickCore
import BrickTestSupport
import Testing

/// The winner among voxels, by the rule.
private func majority<V: Voxel & FixedWidthInteger>(_ voxels: [V]) -> V {
  var counts: [V: Int] = [:]
  for voxel in voxels { counts[voxel, default: 0] += 1 }
  if 2 * counts[0, default: 0] > voxels.count { return 0 }
  counts[0] = nil
  let most = counts.values.max() ?? 0
  let candidates = counts.filter { $0.value == most }.keys
  // Negative numbers are no labels and count as the largest.
  return candidates.min { ($0 < 0 ? 1 : 0, $0) < ($1 < 0 ? 1 : 0, $1) } ?? 0
}

/// Voxels with few labels, so that ties and majorities are common.
private func labels<V: Voxel & FixedWidthInteger>(
  _ count: Int, using random: inout SplitMix64
) -> [V] {
  let kinds = Int.random(in: 1...5, using: &random)
  let palette: [V] =
    [0, 1, V.max, V.max - 1, 7, 100, V.max / 2 + 1].shuffled(using: &random) + [0, 3]
  // Runs, single voxels, or a label for each voxel.
  let style = Int.random(in: 0..<4, using: &random)
  var last = palette[0]
  return (0..<count).map { _ in
    if style == 3 { return V.random(in: 0...V.max, using: &random) }
    if style == 0 || Int.random(in: 0..<6, using: &random) == 0 {
      last = palette[Int.random(in: 0..<kinds, using: &random)]
    }
    return last
  }
}

private func forInteger(
  _ type: VoxelType, _ body: (any (Voxel & FixedWidthInteger).Type) throws -> Void
) rethrows {
  if let integer = type.swiftType as? any (Voxel & FixedWidthInteger).Type { try body(integer) }
}

@Suite struct MajorityTests {
  static let integers = VoxelType.allCases.filter { !$0.isFloat }

  @Test(arguments: integers) func everyWinnerIsThatOfItsBlock(type: VoxelType) {
    func run<V: Voxel & FixedWidthInteger>(_: V.Type) {
      var random = SplitMix64(seed: 11)
      let named = [(2, 2, 2), (1, 2, 2), (2, 1, 2), (1, 1, 2), (1, 3, 3), (3, 5, 7), (2, 2, 1)]
      for round in 0..<400 {
        let factor =
          round % 2 == 0
          ? Index3(z: named[round / 2 % 7].0, y: named[round / 2 % 7].1, x: named[round / 2 % 7].2)
          : .random(in: 1...5, using: &random)
        // Now and then wide enough for whole and broken groups of lanes.
        let wide = round % 5 == 0 ? Int.random(in: 60...150, using: &random) : 0
        let size = Index3.random(in: 0...9, using: &random)
        let box = Box3(
          origin: Index3.random(in: -2...2, using: &random) * factor,
          size: wide > 0 ? Index3(z: size.z % 4, y: size.y % 4, x: wide) : size)
        let block = VoxelBlock(labels(box.count, using: &random) as [V], box: box)
        var result = VoxelBlock()
        block.majority(by: factor, into: &result)
        #expect(result.box.size == box.size.dividedRoundingUp(by: factor))
        #expect(result.type == type)
        result.box.forEachPosition { position in
          var voxels: [V] = []
          blockOfVoxels(at: position, factor: factor, within: box).forEachPosition {
            voxels.append(block.voxel(V.self, at: $0))
          }
          let expected = factor == .one ? voxels[0] : majority(voxels)
          expectSame(
            result.voxel(V.self, at: position), expected, "round \(round), \(factor) of \(voxels)")
        }
      }
    }
    forInteger(type) { run($0) }
  }

  @Test func backgroundWinsWithMoreThanHalfAlone() {
    func winner(_ voxels: [UInt16], _ size: Index3) -> UInt16 {
      var result = VoxelBlock()
      VoxelBlock(voxels, box: Box3(size: size)).majority(by: size, into: &result)
      return result.values(UInt16.self)[0]
    }
    let cube = Index3(repeating: 2)
    #expect(winner([0, 0, 0, 0, 9, 9, 9, 9], cube) == 9)
    #expect(winner([0, 0, 0, 0, 9, 8, 7, 6], cube) == 6)
    #expect(winner([0, 0, 0, 0, 0, 9, 9, 9], cube) == 0)
    #expect(winner([0, 0, 0, 0, 9, 9, 3, 3], cube) == 3)
    #expect(winner([5, 4, 5, 4, 0, 0, 0, 1], cube) == 4)
    #expect(winner([0, 2], Index3(z: 1, y: 1, x: 2)) == 2)
    #expect(winner([0, 0, 2], Index3(z: 1, y: 1, x: 3)) == 0)
    #expect(winner([0], .one) == 0)
    // A lone voxel at the end decides alone, whatever its row would have said.
    let row = VoxelBlock([0, 0, 7] as [UInt8], box: Box3(size: Index3(z: 1, y: 1, x: 3)))
    var result = VoxelBlock()
    row.majority(by: Index3(repeating: 2), into: &result)
    #expect(result.values(UInt8.self) == [0, 7])
  }

  @Test(arguments: integers) func aPartLandsInItsPlaceAndNowhereElse(type: VoxelType) {
    func run<V: Voxel & FixedWidthInteger>(_: V.Type) {
      var random = SplitMix64(seed: 12)
      for factor in [Index3(repeating: 2), Index3(z: 1, y: 2, x: 2), Index3(z: 2, y: 3, x: 1)] {
        let large = Box3(size: Index3(z: 6, y: 5, x: 7))
        let before: [V] = labels(large.count, using: &random)
        let box = Box3(origin: Index3(repeating: 2) * factor, size: Index3(z: 3, y: 4, x: 5))
        let part = VoxelBlock(labels(box.count, using: &random) as [V], box: box)
        var alone = VoxelBlock()
        var whole = VoxelBlock(before, box: large)
        part.majority(by: factor, into: &alone)
        part.majority(by: factor, writingInto: &whole)
        let untouched = VoxelBlock(before, box: large)
        large.forEachPosition { position in
          let inside = alone.box.contains(Box3(origin: position, size: .one))
          let expected =
            inside ? alone.voxel(V.self, at: position) : untouched.voxel(V.self, at: position)
          expectSame(whole.voxel(V.self, at: position), expected, "\(factor) \(position)")
        }
      }
    }
    forInteger(type) { run($0) }
  }

  @Test func aPyramidHoldsOnlyLabelsOfTheLevelBelow() throws {
    var random = SplitMix64(seed: 13)
    for _ in 0..<50 {
      let size = Index3.random(in: 1...40, using: &random)
      var level: any Volume = ArrayVolume(
        labels(size.volume, using: &random) as [UInt32], size: size)
      while level.size != .one {
        let factor = Index3(repeating: 2).minimum(level.size)
        let next = level.downsampled(by: factor, method: .majority)
        let below = Set(try level.block(of: level.bounds).values(UInt32.self))
        let above = Set(try next.block(of: next.bounds).values(UInt32.self))
        #expect(above.isSubset(of: below))
        level = next
      }
    }
  }

  @Test func theLazyVolumeKeepsTheLaws() throws {
    var random = SplitMix64(seed: 14)
    for factor in [Index3(repeating: 2), Index3(z: 1, y: 3, x: 3), Index3(z: 4, y: 2, x: 5)] {
      let size = Index3.random(in: 5...30, using: &random)
      let volume = ArrayVolume(labels(size.volume, using: &random) as [UInt16], size: size)
      try checkVolumeLaws(of: volume.downsampled(by: factor, method: .majority), using: &random)
    }
  }

  @Test func floatsHaveNoMajority() {
    for type in VoxelType.allCases {
      #expect(DownsampleMethod.majority.serves(type) == !type.isFloat)
      #expect(DownsampleMethod.mean.serves(type) && DownsampleMethod.stride.serves(type))
    }
  }
}
