import BrickCore
import BrickTestSupport
import Testing

@Suite struct BlockTests {
  @Test func aBlockKeepsItsMemoryWhenItShrinks() {
    var block = VoxelBlock(Box3(size: Index3(z: 4, y: 4, x: 4)), type: .uint32)
    block.clear()
    block.reshape(to: Box3(origin: .one, size: Index3(z: 1, y: 2, x: 3)), type: .int16)
    let (bytes, isZero) = (block.byteCount, block.isAllZero)
    #expect(bytes == 12)
    #expect(isZero)
    let start = block.rowStart(z: 1, y: 2)
    #expect(start == 3)
  }

  @Test func anEmptyBlockLendsEmptySpans() {
    var block = VoxelBlock()
    block.clear()
    let (count, bytes) = (block.voxels(as: UInt8.self).count, block.mutableBytes.byteCount)
    #expect(count == 0 && bytes == 0)
  }

  @Test func aFootprintIsAtMostAQuarterLarger() {
    #expect(BlockStorage.footprint(of: 0) == 0)
    for count in [1, 4096, 4097, 10_000, 100_001, 1 << 20, (1 << 20) + 1, 123_456_789] {
      let footprint = BlockStorage.footprint(of: count)
      #expect(footprint >= count)
      #expect(footprint <= max(8192, count + count / 4))
      #expect(BlockStorage.footprint(of: footprint) == footprint)
    }
  }

  @Test func blocksInUseNeverShareMemory() {
    // Sizes that fall into one class, taken and given back in changing order.
    var random = SplitMix64(seed: 3)
    for _ in 0..<200 {
      func size() -> Int { Int.random(in: 1...40_000, using: &random) }
      var a = VoxelBlock([UInt8](repeating: 1, count: 1), box: Box3(size: .one))
      a.reshape(to: Box3(size: Index3(z: 1, y: 1, x: size())), type: .uint8)
      a.clear()
      var b = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: size())), type: .uint8)
      var bytes = b.mutableVoxels(as: UInt8.self)
      bytes.update(repeating: 255)
      let isZero = a.isAllZero
      #expect(isZero)
    }
  }
}
