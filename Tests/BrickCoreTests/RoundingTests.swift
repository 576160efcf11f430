import BrickCore
import BrickTestSupport
import Testing

@Suite struct RoundingTests {
  @Test(
    arguments: [
      (0.49999999999999994, 0), (-0.5, 0), (-1.5, -1), (-0.5000000000000001, -1), (0.5, 1),
      (1.5, 2),
      (2.5, 3), (-2.5, -2), (-1e-300, 0), (1e-300, 0), (-0.0, 0), (.nan, 0),
      (0x1p52 + 1, (1 << 52) + 1), (0x1p53 - 1, (1 << 53) - 1), (-0x1p52 - 1, -(1 << 52) - 1),
      (0x1p51 + 0.5, (1 << 51) + 1), (.infinity, .max), (-.infinity, .min), (0x1p63, .max),
      (-0x1p63, .min), (0x1p62, 1 << 62),
    ] as [(Double, Int64)]) func halvesGoUpAndNothingElseDoes(_ number: Double, _ nearest: Int64)
  {
    #expect(Int64(nearestTo: number) == nearest)
    // The same number by the loops that convert blocks.
    #expect(converted(number, to: Int64.self) == nearest)
    #expect(Int32(nearestTo: number) == Int32(clamping: nearest))
    #expect(converted(number, to: Int32.self) == Int32(clamping: nearest))
    #expect(UInt8(nearestTo: number) == UInt8(clamping: nearest))
    #expect(converted(number, to: UInt8.self) == UInt8(clamping: nearest))
  }

  private func converted<V: Voxel>(_ number: Double, to _: V.Type) -> V? {
    let volume = ArrayVolume([number], size: .one)
    let block = try? volume.converted(to: V.voxelType).block(of: volume.bounds)
    return block?.values(V.self).first
  }
}
