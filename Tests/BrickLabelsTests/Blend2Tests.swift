import BrickCore
import BrickLabels
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct Blend2Tests {
  static let narrow: [VoxelType] = [.uint8, .uint16, .uint32, .int8, .int16, .int32]

  /// A tile of labels, also as 64-bit numbers.
  private func tile(_ type: VoxelType, using random: inout SplitMix64) -> (ArrayVolume, [UInt64]) {
    func make<V: Voxel & FixedWidthInteger>(_: V.Type, _ random: inout SplitMix64) -> (
      ArrayVolume, [UInt64]
    ) {
      let size = Index3.random(in: 1...9, using: &random)
      let voxels = (0..<size.volume).map { _ in
        Bool.random(using: &random) ? 0 : V.random(in: 0...V.max, using: &random)
      }
      return (ArrayVolume(voxels, size: size), voxels.map { UInt64($0) })
    }
    guard let integer = type.swiftType as? any (Voxel & FixedWidthInteger).Type else {
      preconditionFailure("\(type) is an integer")
    }
    return make(integer, &random)
  }

  @Test(arguments: narrow) func bothTilesKeepTheirLabelsSideBySide(type: VoxelType) throws {
    var random = SplitMix64(seed: 31)
    for other in Self.narrow {
      for _ in 0..<12 {
        let (first, firstLabels) = tile(type, using: &random)
        let (second, secondLabels) = tile(other, using: &random)
        let offsets = (0..<2).map { _ in
          Point3(
            x: Double(Int.random(in: -8...8, using: &random)),
            y: Double(Int.random(in: -8...8, using: &random)) + 0.5,
            z: Double(Int.random(in: -8...8, using: &random)))
        }
        let placement = try TilePlacement(offsets: offsets, sizes: [first.size, second.size])
        let volume = try Blend2Volume(first: first, second: second, placement: placement)
        let bytes = max(type.byteCount, other.byteCount)
        #expect(volume.type.byteCount == 2 * bytes && !volume.type.isSigned)
        #expect(volume.size == placement.size)
        func label(_ tile: ArrayVolume, _ labels: [UInt64], _ box: Box3, _ at: Index3) -> UInt64 {
          guard box.contains(Box3(origin: at, size: .one)) else { return 0 }
          let p = at - box.origin
          return labels[(p.z * tile.size.y + p.y) * tile.size.x + p.x]
        }
        let block = try volume.block(of: volume.bounds)
        volume.bounds.forEachPosition { at in
          let expected =
            label(first, firstLabels, placement.boxes[0], at)
            | label(second, secondLabels, placement.boxes[1], at) << UInt64(8 * bytes)
          let found: UInt64 =
            switch volume.type {
            case .uint16: UInt64(block.voxel(UInt16.self, at: at))
            case .uint32: UInt64(block.voxel(UInt32.self, at: at))
            default: block.voxel(UInt64.self, at: at)
            }
          if found != expected { Issue.record("\(at): \(found) is not \(expected)") }
        }
        try checkVolumeLaws(of: volume, using: &random, boxes: 3)
      }
    }
  }

  @Test func whatCantBeBlendedIsRefusedWithASentence() throws {
    let small = ArrayVolume([1] as [UInt8], size: .one)
    let placement = try TilePlacement(offsets: [.zero, .zero], sizes: [.one, .one])
    for (bad, words) in [
      (ArrayVolume([1] as [UInt64], size: .one), "128 bits"),
      (ArrayVolume([1] as [Int64], size: .one), "128 bits"),
      (ArrayVolume([1] as [Float], size: .one), "float32"),
    ] {
      let error = #expect(throws: BrickworkError.self) {
        try Blend2Volume(first: small, second: bad, placement: placement)
      }
      #expect(error?.code == .badRequest && error?.place == "tile 1")
      #expect(error?.reason.contains(words) == true)
    }
    let negative = ArrayVolume([-1] as [Int8], size: .one)
    let volume = try Blend2Volume(first: negative, second: small, placement: placement)
    #expect(throws: BrickworkError.self) { _ = try volume.block(of: volume.bounds) }
  }
}
