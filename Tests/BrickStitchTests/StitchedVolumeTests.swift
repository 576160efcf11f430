import BrickCore
import BrickStitch
import BrickTestSupport
import Testing

/// The definition of stitching, voxel by voxel and slowly.
struct Oracle {
  let layout: RandomLayout
  let placement: TilePlacement
  let fusion: Fusion

  /// The values and linear weights of the tiles that cover a voxel, in blending order.
  func covering(_ voxel: Index3) -> [(value: Double, weight: Double)] {
    (layout.order ?? Array(layout.tiles.indices)).compactMap { tile in
      let box = placement.boxes[tile]
      guard box.contains(Box3(origin: voxel, size: .one)) else { return nil }
      let place = voxel - box.origin
      let size = box.size
      var weight = 1.0
      if case .linear(let width) = fusion {
        for (i, n, w) in [
          (place.z, size.z, width.z), (place.y, size.y, width.y), (place.x, size.x, width.x),
        ] where w > 0 {
          weight *= min(1, Double(min(i, n - 1 - i) + 1) / (w + 1))
        }
      }
      return (layout.values[tile][(place.z * size.y + place.y) * size.x + place.x], weight)
    }
  }

  func value(at voxel: Index3) -> Double {
    let tiles = covering(voxel)
    guard let first = tiles.first else { return 0 }
    switch fusion {
    case .overwrite: return tiles.last { $0.value != 0 }?.value ?? 0
    case .maximum: return tiles.reduce(first.value) { max($0, $1.value) }
    case .minimum: return tiles.reduce(first.value) { min($0, $1.value) }
    case .average:
      let sum = tiles.reduce(0) { $0 + $1.value }
      let mean = sum / Double(tiles.count)
      if layout.type == .float32 { return Double(Float(mean)) }
      return layout.type.isFloat ? mean : (mean + 0.5).rounded(.down)
    case .linear:
      let sum = tiles.reduce(0) { $0 + $1.weight * $1.value }
      return sum / tiles.reduce(0) { $0 + $1.weight }
    }
  }

  /// How far a voxel may be from the oracle: nothing, but for the weighted mean, whose rounding and single
  /// precision are allowed one step of the type (or 1e-6 of the value where that is more than a step).
  func tolerance(_ value: Double) -> Double {
    guard case .linear = fusion else { return 0 }
    return layout.type.isFloat ? 1e-3 : max(1, abs(value) * 1e-6)
  }
}

@Test(arguments: 0..<250)
func everyMethodEqualsTheDefinitionVoxelByVoxel(seed: UInt64) throws {
  var random = SplitMix64(seed: seed)
  let type = VoxelType.allCases[Int(seed) % VoxelType.allCases.count]
  let layout = RandomLayout(type: type, using: &random)
  let placement = try TilePlacement(
    offsets: layout.offsets, sizes: layout.tiles.map(\.size))
  let width = BlendWidth(
    z: Double.random(in: 0...4, using: &random), y: Double(Int.random(in: 0...3, using: &random)),
    x: Double.random(in: 0...5, using: &random))
  for fusion in [Fusion.overwrite, .average, .linear(width), .maximum, .minimum] {
    let oracle = Oracle(layout: layout, placement: placement, fusion: fusion)
    let stitched = try StitchedVolume(
      layout.tiles, placement: placement, fusion: fusion, order: layout.order)
    let whole = try stitched.block(of: stitched.bounds)
    let values = doubles(whole)
    stitched.bounds.forEachPosition { voxel in
      let index = (voxel.z * stitched.size.y + voxel.y) * stitched.size.x + voxel.x
      let expected = oracle.value(at: voxel)
      #expect(
        abs(values[index] - expected) <= oracle.tolerance(expected),
        "\(fusion.name) \(type) at \(voxel): \(values[index]) instead of \(expected)")
    }
    try expectPartsEqualWhole(stitched, whole, using: &random)
  }
}

/// Reads random boxes and compares their bytes with the same boxes of the whole.
private func expectPartsEqualWhole(
  _ volume: StitchedVolume, _ whole: borrowing VoxelBlock, using random: inout SplitMix64
) throws {
  for _ in 0..<4 {
    func range(_ n: Int) -> (Int, Int) {
      let a = Int.random(in: 0..<n, using: &random)
      return (a, Int.random(in: 1...n - a, using: &random))
    }
    let (z, y, x) = (range(volume.size.z), range(volume.size.y), range(volume.size.x))
    let box = Box3(
      origin: Index3(z: z.0, y: y.0, x: x.0), size: Index3(z: z.1, y: y.1, x: x.1))
    let part = try volume.block(of: box)
    var cut = VoxelBlock(box, type: volume.type)
    cut.copy(from: VoxelView(whole))
    #expect(doublesBits(part) == doublesBits(cut))
  }
}

private func doublesBits(_ block: borrowing VoxelBlock) -> [UInt64] {
  doubles(block).map(\.bitPattern)
}

/// The voxels of a block of any type as doubles.
func doubles(_ block: borrowing VoxelBlock) -> [Double] {
  func list<V: Voxel>(_ type: V.Type, _ block: borrowing VoxelBlock) -> [Double] {
    let voxels = block.voxels(as: type)
    return voxels.indices.map { voxels[$0].asDouble }
  }
  return switch block.type {
  case .uint8: list(UInt8.self, block)
  case .uint16: list(UInt16.self, block)
  case .uint32: list(UInt32.self, block)
  case .uint64: list(UInt64.self, block)
  case .int8: list(Int8.self, block)
  case .int16: list(Int16.self, block)
  case .int32: list(Int32.self, block)
  case .int64: list(Int64.self, block)
  case .float32: list(Float.self, block)
  case .float64: list(Double.self, block)
  }
}

@Test func aTileMeantFor13StartsAt13AndTheReferenceAt12() throws {
  // 13 voxels of 0.1625 µm: the division gives 12.999999999999998.
  let offsets = [Point3.zero, Point3(x: 13 * 0.1625 / 0.1625 - 1e-12, y: 0, z: 0)]
  let sizes = [Index3(repeating: 4), Index3(repeating: 4)]
  let nearest = try TilePlacement(offsets: offsets, sizes: sizes)
  #expect(nearest.boxes[1].origin.x == 13)
  #expect(nearest.size.x == 17)
  let truncated = try TilePlacement(offsets: offsets, sizes: sizes, rounding: .truncate)
  #expect(truncated.boxes[1].origin.x == 12)
  #expect(truncated.size.x == 17)
}

@Test func offsetsThatAreNoPositionsAreRefusedByName() {
  #expect(throws: BrickworkError.self) {
    try TilePlacement(offsets: [.zero, Point3(x: .nan, y: 0, z: 0)], sizes: [.one, .one])
  }
  #expect(throws: BrickworkError.self) {
    try TilePlacement(offsets: [.zero, Point3(x: 1e300, y: 0, z: 0)], sizes: [.one, .one])
  }
  #expect(throws: BrickworkError.self) { try TilePlacement(offsets: [], sizes: []) }
  #expect(throws: BrickworkError.self) { try TilePlacement(offsets: [.zero], sizes: [.one, .one]) }
}

@Test func anOrderNamesEachTileAtMostOnceAndOnlyTilesThatExist() throws {
  let tile = ArrayVolume([UInt8(1)], size: .one)
  let placement = try TilePlacement(offsets: [.zero, .zero], sizes: [.one, .one])
  for order in [[0, 0], [2], [-1], []] {
    #expect(throws: BrickworkError.self) {
      try StitchedVolume([tile, tile], placement: placement, fusion: .average, order: order)
    }
  }
}

@Test func tilesOfDifferentTypesAreRefused() throws {
  let placement = try TilePlacement(offsets: [.zero, .zero], sizes: [.one, .one])
  #expect(throws: BrickworkError.self) {
    try StitchedVolume(
      [ArrayVolume([UInt8(1)], size: .one), ArrayVolume([UInt16(1)], size: .one)],
      placement: placement, fusion: .overwrite)
  }
}

@Test func theBoxIndexFindsWhatATestOfAllPairsFinds() {
  for seed in 0..<200 as Range<UInt64> {
    var random = SplitMix64(seed: seed)
    let boxes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
      Box3(
        origin: Index3(
          z: .random(in: -5...20, using: &random), y: .random(in: -50...50, using: &random),
          x: .random(in: 0...9, using: &random)),
        size: Index3(
          z: .random(in: 0...3, using: &random), y: .random(in: 0...60, using: &random),
          x: .random(in: 0...4, using: &random)))
    }
    let index = BoxIndex(boxes)
    let pairs = index.intersectingPairs().map { [$0.0, $0.1] }
    var expected: [[Int]] = []
    for i in boxes.indices {
      for j in boxes.indices where j > i && boxes[i].intersects(boxes[j]) {
        expected.append([i, j])
      }
    }
    #expect(pairs == expected)
  }
}

@Test func pairsOfAHundredThousandTilesAreFoundWithoutLookingAtAllPairs() {
  // A grid of tiles that overlap their neighbours by a tenth: 10¹⁰ pairs would take minutes.
  let boxes = (0..<100_000).map { n in
    Box3(
      origin: Index3(z: 0, y: n / 400 * 90, x: n % 400 * 90), size: Index3(z: 10, y: 100, x: 100))
  }
  let clock = ContinuousClock()
  var count = 0
  let time = clock.measure { count = BoxIndex(boxes).intersectingPairs().count }
  // Each tile has up to 4 neighbours behind it: right, and three below.
  #expect(count == 399 * 250 + 249 * 400 + 2 * 249 * 399)
  // A hang, not a slow machine, is what this catches.
  #expect(time < .seconds(30))
}

@Test func blendWidthsThatAreNoneFadeNothing() {
  let width = BlendWidth(z: -3, y: .nan, x: -.infinity)
  #expect(width == BlendWidth(z: 0, y: 0, x: 0))
  let huge = BlendWidth(z: .infinity, y: 1e300, x: 2.5)
  #expect(huge == BlendWidth(z: 0, y: BlendWidth.largest, x: 2.5))
}
