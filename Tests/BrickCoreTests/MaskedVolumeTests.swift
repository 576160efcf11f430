import BrickCore
import BrickTestSupport
import Synchronization
import Testing

/// A volume that counts the voxels it is asked for.
private final class CountedReads: Volume {
  private let base: any Volume
  private let voxels = Atomic<Int>(0)

  init(_ base: any Volume) { self.base = base }

  var type: VoxelType { base.type }
  var size: Index3 { base.size }
  var readVoxels: Int { voxels.load(ordering: .relaxed) }

  func read(into block: inout VoxelBlock) throws {
    voxels.add(block.box.count, ordering: .relaxed)
    try base.read(into: &block)
  }

  func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }
}

@Suite struct MaskedVolumeTests {
  /// Whether the voxel at `position` lies in the mask, by the definition.
  private func isInside<M: Voxel>(
    _ position: Index3, _ mask: [M], _ size: Index3, _ scale: MaskScale
  ) -> Bool {
    var place = Index3.zero
    for axis in 0..<3 {
      let centre =
        (Double(position[axis]) + 0.5) * Double(scale.mask[axis]) / Double(scale.volume[axis])
      place[axis] = Int(centre.rounded(.down))
      if place[axis] >= size[axis] { return false }
    }
    return mask[(place.z * size.y + place.y) * size.x + place.x] != M.zero
  }

  private func check<V: Voxel, M: Voxel>(
    _: V.Type, _: M.Type, _ scale: MaskScale?, maskSize: Index3, _ random: inout SplitMix64
  ) throws {
    let size = Index3.random(in: 1...9, using: &random)
    let values = [V].random(count: size.volume, using: &random)
    let kind = Int.random(in: 0..<4, using: &random)
    let mask: [M] = (0..<maskSize.volume).map { _ in
      kind == 0 ? M.zero : kind == 1 ? M(nearestTo: 1) : M.random(using: &random)
    }
    let view = ArrayVolume(values, size: size).masked(
      by: ArrayVolume(mask, size: maskSize), scale: scale)
    #expect(view.type == V.voxelType && view.size == size)
    try checkVolumeLaws(of: view, using: &random, boxes: 4)
    let used = scale ?? MaskScale(maskSize: maskSize, volumeSize: size)
    let found = try view.block(of: view.bounds).values(V.self)
    for (place, position) in positions(of: size).enumerated() {
      let wanted = isInside(position, mask, maskSize, used) ? values[place] : V.zero
      #expect(found[place].isSame(as: wanted), "at \(position) of \(size), mask \(maskSize)")
    }
  }

  private func positions(of size: Index3) -> [Index3] {
    var all: [Index3] = []
    Box3(size: size).forEachPosition { all.append($0) }
    return all
  }

  @Test(arguments: VoxelType.allCases) func whatLiesOutsideIsZero(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      for seed in 0..<UInt64(10) {
        var random = SplitMix64(seed: seed)
        let maskSize = Index3.random(in: 1...7, using: &random)
        let scale = MaskScale(
          mask: .random(in: 1...3, using: &random), volume: .random(in: 1...4, using: &random))
        try check(V.self, UInt8.self, scale, maskSize: maskSize, &random)
        try check(V.self, UInt16.self, nil, maskSize: maskSize, &random)
        try check(UInt16.self, V.self, .equal, maskSize: maskSize, &random)
      }
    }
    try run(type.swiftType)
  }

  @Test func whatLiesOutsideIsNotRead() throws {
    let size = Index3(z: 4, y: 8, x: 8)
    let data = CountedReads(ArrayVolume([UInt16](repeating: 7, count: size.volume), size: size))
    // The first half along z is outside; the mask ends before the last plane.
    let mask = ArrayVolume([0, 1] as [UInt8], size: Index3(z: 2, y: 1, x: 1))
    let view = data.masked(
      by: mask, scale: MaskScale(mask: .one, volume: Index3(z: 2, y: 8, x: 8)))
    let upper = Box3(size: Index3(z: 2, y: 8, x: 8))
    #expect(try view.block(of: upper).values(UInt16.self).allSatisfy { $0 == 0 })
    view.willRead(upper)
    #expect(data.readVoxels == 0)
    let lower = upper.translated(by: Index3(z: 2, y: 0, x: 0))
    #expect(try view.block(of: lower).values(UInt16.self).allSatisfy { $0 == 7 })
    #expect(data.readVoxels == lower.count)
  }

  @Test func scalesFollowSizesAndVoxels() {
    func size(_ z: Int, _ y: Int, _ x: Int) -> Index3 { Index3(z: z, y: y, x: x) }
    // A level of a pyramid, ⌈n / 2⌉ and ⌈n / 4⌉; an axis that fits no whole factor.
    let sizes = MaskScale(maskSize: size(5, 3, 7), volumeSize: size(9, 9, 10))
    #expect(sizes == MaskScale(mask: size(1, 1, 7), volume: size(2, 3, 10)))
    #expect(MaskScale(maskSize: size(7, 7, 7), volumeSize: size(7, 7, 7)) == .equal)
    let voxels = MaskScale(
      maskVoxel: VoxelSize(x: 0.64, y: 0.48, z: 0.5),
      volumeVoxel: VoxelSize(x: 0.16, y: 0.32, z: 1))
    #expect(voxels == MaskScale(mask: size(2, 2, 1), volume: size(1, 3, 4)))
    #expect(
      MaskScale(
        maskVoxel: VoxelSize(x: 1.2345, y: 1, z: 1), volumeVoxel: VoxelSize(x: 1, y: 1, z: 1))
        == nil)
  }
}
