import BrickCore
import BrickTestSupport
import Testing

/// What a rule makes of every voxel, one by one.
private func check<V: Voxel>(
  _: V.Type, seed: UInt64, _ rule: (V, V) -> V,
  _ kernel: (inout VoxelBlock, borrowing VoxelView, Index3) -> Void
) {
  var random = SplitMix64(seed: seed)
  let target = Box3(
    origin: .random(in: -3...3, using: &random), size: .random(in: 0...9, using: &random))
  let source = Box3(
    origin: .random(in: -3...3, using: &random), size: .random(in: 0...9, using: &random))
  let offset = Index3.random(in: -4...4, using: &random)
  var block = VoxelBlock([V].random(count: target.count, using: &random), box: target)
  let before = VoxelBlock(block.values(V.self), box: target)
  let other = VoxelBlock([V].random(count: source.count, using: &random), box: source)
  kernel(&block, VoxelView(other), offset)
  target.forEachPosition { position in
    let old = before.voxel(V.self, at: position)
    let place = position - offset
    let expected =
      source.contains(Box3(origin: place, size: .one))
      ? rule(old, other.voxel(V.self, at: place)) : old
    expectSame(block.voxel(V.self, at: position), expected, "at \(position), seed \(seed)")
  }
}

@Suite struct CombineTests {
  @Test(arguments: VoxelType.allCases) func theLaterNonZeroVoxelStays(type: VoxelType) {
    func run<V: Voxel>(_: V.Type) {
      for seed in 0..<20 {
        check(V.self, seed: UInt64(seed), { $1 == V.zero ? $0 : $1 }) {
          $0.overlayNonZero($1, offset: $2)
        }
      }
    }
    run(type.swiftType)
  }

  @Test func negativeZeroIsTransparentAndNaNIsNot() {
    var block = VoxelBlock([5, 6, 7] as [Float], box: Box3(size: Index3(z: 1, y: 1, x: 3)))
    let other = VoxelBlock([-0.0, .nan, 2] as [Float], box: block.box)
    block.overlayNonZero(VoxelView(other))
    let voxels = block.values(Float.self)
    #expect(voxels.isSame(as: [5, .nan, 2]))
  }

  @Test(arguments: VoxelType.allCases) func theLargestAndTheSmallestVoxelAreNumPys(type: VoxelType)
  {
    func run<V: Voxel>(_: V.Type) {
      for seed in 0..<20 {
        check(V.self, seed: UInt64(seed), { $0 != $0 ? $0 : $1 != $1 ? $1 : max($0, $1) }) {
          $0.formMaximum($1, offset: $2)
        }
        check(V.self, seed: UInt64(seed), { $0 != $0 ? $0 : $1 != $1 ? $1 : min($0, $1) }) {
          $0.formMinimum($1, offset: $2)
        }
      }
    }
    run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func aCopyTakesWhatLiesInTheBlock(type: VoxelType) {
    func run<V: Voxel>(_: V.Type) {
      for seed in 0..<20 {
        check(V.self, seed: UInt64(seed), { $1 }) { $0.copy(from: $1, offset: $2) }
      }
    }
    run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func swappedBytesAreReversed(type: VoxelType) {
    func run<V: Voxel>(_: V.Type) {
      var random = SplitMix64(seed: 1)
      let values = [V].random(count: 60, using: &random)
      var block = VoxelBlock(values, box: Box3(size: Index3(z: 3, y: 4, x: 5)))
      block.swapBytes()
      for (i, value) in values.enumerated() {
        let wanted = unsafe withUnsafeBytes(of: value) { unsafe Array($0.reversed()) }
        let width = type.byteCount
        let swapped = (0..<width).map {
          unsafe block.bytes.unsafeLoad(fromByteOffset: i * width + $0, as: UInt8.self)
        }
        #expect(swapped == wanted)
      }
      let typeAfterwards = block.type
      #expect(typeAfterwards == type)
    }
    run(type.swiftType)
  }

  @Test func oneBitAnywhereIsNotZero() {
    for count in [0, 1, 7, 8, 9, 4095, 4096, 4097, 5000] {
      var block = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: count)), type: .uint8)
      block.clear()
      let isZero = block.isAllZero
      #expect(isZero)
      for at in [0, count / 2, count - 1] where count > 0 {
        block.clear()
        var voxels = block.mutableVoxels(as: UInt8.self)
        voxels[at] = 128
        let isStillZero = block.isAllZero
        #expect(!isStillZero)
      }
    }
  }
}
