import BrickCore
import BrickTestSupport
import Testing

/// A volume that lends nothing and remembers the largest block it had to fill.
private final class HonestyVolume: Volume {
  let type: VoxelType
  let size: Index3
  private let largest = LargestNumber()
  init(type: VoxelType, size: Index3) { (self.type, self.size) = (type, size) }
  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    largest.note(block.byteCount)
    block.clear()
  }
  func scratchBytes(reading size: Index3) -> Int { 0 }
  var largestRead: Int { largest.value }
}

private final class LargestNumber: @unchecked Sendable {
  // @unchecked: used by one thread of one test.
  private(set) var value = 0
  func note(_ bytes: Int) { value = max(value, bytes) }
}

@Suite struct ScratchTests {
  @Test func viewsTakeNoMoreScratchThanTheySay() throws {
    let size = Index3(z: 70, y: 260, x: 300)
    for make in [
      { try $0.scaledToUInt8(low: 0, high: 1) }, { $0.converted(to: .float64) },
      { $0.downsampled(by: Index3(z: 2, y: 2, x: 2), method: .mean) },
      { $0.downsampled(by: Index3(z: 3, y: 1, x: 2), method: .stride) },
      { $0.downsampled(by: Index3(z: 70, y: 100, x: 300), method: .mean) },
      { $0.downsampled(by: Index3(z: 2, y: 2, x: 1), method: .mean).converted(to: .uint8) },
    ] as [(any Volume) throws -> any Volume] {
      for part in [size, Index3(z: 3, y: 20, x: 20)] {
        let base = HonestyVolume(type: .uint16, size: size)
        let view = try make(base)
        let box = Box3(size: view.size.minimum(part))
        let isZero = try view.block(of: box).isAllZero
        #expect(isZero)
        #expect(base.largestRead > 0)
        #expect(base.largestRead <= view.scratchBytes(reading: box.size))
        #expect(view.scratchBytes(reading: box.size) < 24 << 20)
      }
    }
  }
}
