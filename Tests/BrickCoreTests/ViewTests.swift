import BrickCore
import BrickTestSupport
import Testing

/// Voxels to look up one by one.
private struct Grid<V: Voxel> {
  let values: [V]
  let size: Index3
  subscript(position: Index3) -> V {
    values[(position.z * size.y + position.y) * size.x + position.x]
  }
}

/// Calls `body` with random volumes of a type, of 0 to 9 voxels along each axis.
private func forRandomVolumes<V: Voxel>(
  _: V.Type, rounds: Int = 12,
  _ body: (_ volume: ArrayVolume, _ values: Grid<V>, inout SplitMix64) throws -> Void
) throws {
  for seed in 0..<UInt64(rounds) {
    var random = SplitMix64(seed: seed)
    let size = Index3.random(in: seed == 0 ? 0...0 : 0...9, using: &random)
    let values = [V].random(count: size.volume, using: &random)
    try body(
      ArrayVolume(values, size: size), Grid(values: values, size: size), &random)
  }
}

/// Checks the laws, and every voxel against an oracle.
private func check<W: Voxel>(
  _ view: any Volume, as _: W.Type, size: Index3, _ random: inout SplitMix64,
  _ oracle: (Index3) -> W
) throws {
  #expect(view.size == size)
  #expect(view.type == W.voxelType)
  try checkVolumeLaws(of: view, using: &random)
  let found = try view.block(of: view.bounds)
  view.bounds.forEachPosition { position in
    expectSame(found.voxel(W.self, at: position), oracle(position), "at \(position) of \(size)")
  }
}

@Suite struct ViewTests {
  @Test(arguments: VoxelType.allCases) func cropsAndFlipsMoveVoxels(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      try forRandomVolumes(V.self) { volume, values, random in
        let box = volume.bounds.random(using: &random)
        try check(volume.cropped(to: box), as: V.self, size: box.size, &random) {
          values[$0 + box.origin]
        }
        let (z, y, x) = (
          Bool.random(using: &random), Bool.random(using: &random), Bool.random(using: &random)
        )
        let end = volume.size - .one
        try check(volume.flipped(z: z, y: y, x: x), as: V.self, size: volume.size, &random) {
          values[
            Index3(
              z: z ? end.z - $0.z : $0.z, y: y ? end.y - $0.y : $0.y, x: x ? end.x - $0.x : $0.x)]
        }
      }
    }
    try run(type.swiftType)
  }

  /// All pairs of flip and crop, crop and flip, of 2×3×2 voxels.
  @Test func everyFlipOfEveryCropIsRight() throws {
    let size = Index3(z: 2, y: 3, x: 2)
    let volume = ArrayVolume((0..<12).map { UInt16($0) }, size: size)
    func flip(_ p: Index3, _ bits: Int, _ size: Index3) -> Index3 {
      Index3(
        z: bits & 1 == 0 ? p.z : size.z - 1 - p.z, y: bits & 2 == 0 ? p.y : size.y - 1 - p.y,
        x: bits & 4 == 0 ? p.x : size.x - 1 - p.x)
    }
    for first in 0..<8 {
      for second in 0..<8 {
        volume.bounds.forEachPosition { origin in
          Box3(from: origin + .one, to: size + .one).forEachPosition { end in
            let box = Box3(from: origin, to: end)
            let view =
              volume.flipped(z: first & 1 != 0, y: first & 2 != 0, x: first & 4 != 0)
              .cropped(to: box)
              .flipped(z: second & 1 != 0, y: second & 2 != 0, x: second & 4 != 0)
            guard let found = try? view.block(of: view.bounds) else {
              Issue.record("\(box) can't be read")
              return
            }
            view.bounds.forEachPosition {
              let p = flip(flip($0, second, box.size) + box.origin, first, size)
              let wanted = UInt16((p.z * 3 + p.y) * 2 + p.x)
              expectSame(found.voxel(UInt16.self, at: $0), wanted, "\(first) \(box) \(second)")
            }
          }
        }
      }
    }
  }

  @Test func changesThatUndoEachOtherGiveTheVolumeItself() {
    let volume = ArrayVolume([1, 2, 3, 4] as [UInt8], size: Index3(z: 1, y: 2, x: 2))
    #expect(
      volume.flipped(z: true, y: false, x: true).flipped(z: true, y: false, x: true) is ArrayVolume)
    #expect(volume.cropped(to: volume.bounds) is ArrayVolume)
    #expect(volume.flipped(z: false, y: false, x: false) is ArrayVolume)
    #expect(volume.converted(to: .uint8) is ArrayVolume)
    #expect(volume.downsampled(by: .one, method: .mean) is ArrayVolume)
  }

  @Test func aCropLendsTheSourcesOwnVoxels() throws {
    let volume = ArrayVolume([UInt8](0..<60), size: Index3(z: 3, y: 4, x: 5))
    let crop = volume.cropped(to: Box3(origin: .one, size: Index3(z: 2, y: 3, x: 3)))
    var scratch = VoxelBlock()
    let box = Box3(origin: Index3(z: 1, y: 0, x: 1), size: Index3(z: 1, y: 2, x: 2))
    try crop.withVoxels(of: box, scratch: &scratch) { view in
      let (lent, stride) = (view.box, view.rowStride)
      #expect(lent == box)
      #expect(stride == 5)
      let first = view.row(z: 1, y: 1, as: UInt8.self)[0]
      #expect(first == 2 * 20 + 2 * 5 + 2)
    }
    let untouched = scratch.byteCount
    #expect(untouched == 0)
    #expect(crop.scratchBytes(reading: box.size) == 0)
  }

  @Test(arguments: VoxelType.allCases) func everyCoarseVoxelIsThatOfItsBlock(type: VoxelType) throws
  {
    func run<V: Voxel>(_: V.Type) throws {
      try forRandomVolumes(V.self) { volume, values, random in
        let factor = Index3.random(in: 1...4, using: &random)
        let size = volume.size.dividedRoundingUp(by: factor)
        func voxels(_ position: Index3) -> [V] {
          var voxels: [V] = []
          blockOfVoxels(at: position, factor: factor, within: volume.bounds)
            .forEachPosition { voxels.append(values[$0]) }
          return voxels
        }
        try check(
          volume.downsampled(by: factor, method: .mean), as: V.self, size: size, &random
        ) { mean(voxels($0)) }
        try check(
          volume.downsampled(by: factor, method: .stride), as: V.self, size: size, &random
        ) { voxels($0)[0] }
      }
    }
    try run(type.swiftType)
  }

  @Test func aFactorBeyondTheSizeTakesTheWholeAxis() throws {
    let volume = ArrayVolume([1, 2, 3, 6] as [UInt8], size: Index3(z: 1, y: 2, x: 2))
    let view = volume.downsampled(by: Index3(repeating: .max), method: .mean)
    #expect(view.size == .one)
    let voxels = try view.block(of: view.bounds).values(UInt8.self)
    #expect(voxels == [3])
  }

  @Test(arguments: VoxelType.allCases) func scaledVoxelsFollowTheFormula(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      try forRandomVolumes(V.self) { volume, values, random in
        let low = Double.random(in: -200...200, using: &random).rounded()
        let high = low + Double.random(in: 1...70_000, using: &random)
        try check(
          volume.scaledToUInt8(low: low, high: high), as: UInt8.self, size: volume.size, &random
        ) { position in
          let scaled = (values[position].asDouble - low) * 255 / (high - low)
          return scaled.isNaN ? 0 : UInt8(max(0, min(255, scaled)))
        }
      }
    }
    try run(type.swiftType)
  }

  @Test func anEmptyRangeIsAnErrorUnlessItIsMeant() throws {
    let volume = ArrayVolume([7, 7] as [UInt16], size: Index3(z: 1, y: 1, x: 2))
    let error = #expect(throws: BrickworkError.self) { try volume.scaledToUInt8(low: 7, high: 7) }
    #expect(
      error?.description == "the intensities 7.0 to 7.0 span no range to scale. "
        + "Give two finite numbers, the lower one first")
    #expect(throws: BrickworkError.self) { try volume.scaledToUInt8(low: 8, high: 7) }
    #expect(throws: BrickworkError.self) { try volume.scaledToUInt8(low: .nan, high: 7) }
    let scaled = try volume.scaledToUInt8(low: 7, high: 7, everyVoxelIsEqual: true)
    let voxels = try scaled.block(of: scaled.bounds).values(UInt8.self)
    #expect(voxels == [0, 0])
  }

  @Test(arguments: VoxelType.allCases) func convertedVoxelsAreTheNearest(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      for target in VoxelType.allCases where target != type {
        func convert<W: Voxel>(_: W.Type) throws {
          try forRandomVolumes(V.self, rounds: 6) { volume, values, random in
            try check(volume.converted(to: target), as: W.self, size: volume.size, &random) {
              converted(values[$0], to: W.self)
            }
          }
        }
        try convert(target.swiftType)
      }
    }
    try run(type.swiftType)
  }

  @Test func roundingAndLimitsAreExact() throws {
    func convert<V: Voxel, W: Voxel>(_ values: [V], to _: W.Type) throws -> [W] {
      let view = ArrayVolume(values, size: Index3(z: 1, y: 1, x: values.count))
        .converted(to: W.voxelType)
      return try view.block(of: view.bounds).values(W.self)
    }
    let halves: [Double] = [-1.5, -0.5, 0.5, 1.5, 2.5, 254.5, 255.5, .nan, .infinity, -.infinity]
    #expect(try convert(halves, to: Int8.self) == [-1, 0, 1, 2, 3, 127, 127, 0, 127, -128])
    #expect(try convert(halves, to: UInt8.self) == [0, 0, 1, 2, 3, 255, 255, 0, 255, 0])
    #expect(try convert(halves, to: Int64.self) == [-1, 0, 1, 2, 3, 255, 256, 0, .max, .min])
    #expect(try convert([2_147_483_646.5, -2_147_483_649.0], to: Int32.self) == [.max, .min])
    #expect(try convert([4_294_967_294.4, 4_294_967_295.5], to: UInt32.self) == [.max - 1, .max])
    #expect(try convert([UInt64.max, 1 << 53 + 1], to: Int64.self) == [.max, 1 << 53 + 1])
    #expect(try convert([Int64.min, (1 << 62) + 1], to: UInt64.self) == [0, (1 << 62) + 1])
    // 2²⁴ + 1 + 2⁻⁴⁰ · 2²⁴ as an integer: rounding to double first would lose the tie's last bit.
    #expect(
      try convert([(1 << 54) + (1 << 30) + 1] as [UInt64], to: Float.self) == [
        Float(1 << 54) + Float(1 << 31)
      ])
  }
}

/// The conversion by its definition, in 128-bit integers where no float is involved.
private func converted<V: Voxel, W: Voxel>(_ value: V, to _: W.Type) -> W {
  guard let integers = W.self as? any FixedWidthInteger.Type else {
    if let float = W.self as? Float.Type, let integer = value.exactInteger {
      return float.init(integer) as? W ?? .zero
    }
    return W(nearestTo: value.asDouble)
  }
  guard let exact = value.exactInteger else { return W(nearestTo: value.asDouble) }
  func clamp<F: FixedWidthInteger>(_: F.Type) -> W { F(clamping: exact) as? W ?? .zero }
  return clamp(integers)
}
