import BrickCore
import BrickTestSupport
import Testing

/// The percentile of numbers by its definition: sorted, and interpolated between neighbours as NumPy does.
private func percentile<V: Voxel>(_ p: Double, of voxels: [V]) -> Double {
  let sorted = voxels.filter { $0 == $0 }.sorted()
  let place = Double(sorted.count - 1) * (p / 100)
  let lower = Int(place)
  let (a, b) = (sorted[lower].asDouble, sorted[min(lower + 1, sorted.count - 1)].asDouble)
  let t = place - Double(lower)
  if a == b || t == 0 { return a }
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
}

private func histogram(of volume: any Volume, in boxes: [Box3]) throws -> VoxelHistogram {
  var histogram = VoxelHistogram(type: volume.type)
  var scratch = VoxelBlock()
  for box in boxes {
    try volume.withVoxels(of: box, scratch: &scratch) { view in histogram.add(view) }
  }
  return histogram
}

private func random<V: Voxel>(_: V.Type, _ seed: UInt64) -> (ArrayVolume, [V], [Box3]) {
  var random = SplitMix64(seed: seed)
  let size = Index3.random(in: 1...9, using: &random)
  // Every other volume has few values, so that bins hold many voxels.
  let values: [V] =
    seed % 2 == 0
    ? .random(count: size.volume, using: &random)
    : (0..<size.volume).map { _ in V(nearestTo: Double.random(in: 0..<3, using: &random)) }
  let grid = BrickGrid(size: size, brick: .random(in: 3...9, using: &random))
  let boxes = (0..<grid.count).map { grid.box(at: grid.index(at: $0)) }
  return (ArrayVolume(values, size: size), values, boxes)
}

private func same(_ a: Double?, _ b: Double?) -> Bool {
  guard let a, let b else { return a == nil && b == nil }
  return a == b || (a.isNaN && b.isNaN)
}

@Suite struct HistogramTests {
  private static let percentiles: [Double] = [0, 37.5, 99]

  @Test(arguments: VoxelType.allCases) func percentilesAreThoseOfTheSortedVoxels(type: VoxelType)
    throws
  {
    func run<V: Voxel>(_: V.Type) throws {
      for seed in 0..<UInt64(4) {
        let (volume, values, boxes) = random(V.self, seed)
        let histogram = try histogram(of: volume, in: boxes)
        let numbers = values.filter { $0 == $0 }
        #expect(histogram.count == numbers.count)
        #expect(histogram.nanCount == values.count - numbers.count)
        #expect(histogram.minimum == numbers.min()?.asDouble)
        #expect(histogram.maximum == numbers.max()?.asDouble)
        guard !numbers.isEmpty else { continue }
        let found = try RadixSelection.percentiles(Self.percentiles, of: volume, first: histogram) {
          for box in boxes { try $0(box) }
        }
        for (p, value) in zip(Self.percentiles, found) {
          let wanted = percentile(p, of: values)
          // Between integers beyond 2⁵³ the oracle rounds first.
          let isLarge = (type == .int64 || type == .uint64) && abs(value - wanted) <= 8192
          #expect(same(value, wanted) || isLarge, "\(p) % of \(V.self), seed \(seed)")
          #expect(same(histogram.percentile(p), type.byteCount <= 2 ? wanted : nil))
        }
      }
    }
    try run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func mergedPartsAreTheWhole(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      for seed in 0..<UInt64(2) {
        let (volume, _, boxes) = random(V.self, seed)
        var merged = VoxelHistogram(type: type)
        for box in boxes { merged.merge(try histogram(of: volume, in: [box])) }
        #expect(try merged == histogram(of: volume, in: boxes))
      }
    }
    try run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func mergedTalliesGiveTheSamePercentiles(type: VoxelType)
    throws
  {
    func run<V: Voxel>(_: V.Type) throws {
      let (volume, values, boxes) = random(V.self, 5)
      var selection = try RadixSelection([50], of: histogram(of: volume, in: boxes))
      var passes = 0
      while !selection.isComplete {
        var sum = selection.tally()
        for box in boxes {
          var part = selection.tally()
          let block = try volume.block(of: box)
          part.add(VoxelView(block))
          sum.merge(part)
        }
        try selection.narrow(by: sum)
        passes += 1
      }
      #expect(selection.values == [percentile(50, of: values)])
      #expect(passes == max(0, type.byteCount / 2 - 1))
    }
    try run(type.swiftType)
  }

  @Test func changedVoxelsAreNoticed() throws {
    let volume = ArrayVolume([1, 2, 3] as [Float], size: Index3(z: 1, y: 1, x: 3))
    let first = try histogram(of: volume, in: [volume.bounds])
    let error = #expect(throws: BrickworkError.self) {
      try RadixSelection.percentiles([50], of: volume, first: first) {
        try $0(Box3(size: Index3(z: 1, y: 1, x: 1)))
      }
    }
    #expect(
      error?.description == "1 voxels lay in an intensity range at first, 0 in the next pass. "
        + "The files changed while they were read: run again when nothing writes to them")
  }

  @Test func thereIsNoPercentileOfNothing() throws {
    let empty = VoxelHistogram(type: .float32)
    #expect(empty.minimum == nil && empty.maximum == nil && empty.keyRange == nil)
    #expect(VoxelHistogram(type: .uint8).percentile(50) == nil)
    #expect(throws: BrickworkError.self) { try RadixSelection([50], of: empty) }
    let volume = ArrayVolume([1] as [UInt8], size: .one)
    let one = try histogram(of: volume, in: [volume.bounds])
    #expect(one.percentile(-1) == nil && one.percentile(101) == nil && one.percentile(.nan) == nil)
    let error = #expect(throws: BrickworkError.self) { try RadixSelection([101], of: one) }
    #expect(error?.description == "101.0 is no percentile. Give numbers from 0 to 100")
  }

  @Test func longRunsAreCountedInFull() throws {
    var voxels = [UInt16](repeating: 0, count: 50) + [UInt16](repeating: 7, count: 300)
    voxels += [UInt16](repeating: 65_535, count: 51) + [0, 0, 0]
    for size in [
      Index3(z: 1, y: 1, x: 404), Index3(z: 4, y: 1, x: 101), Index3(z: 2, y: 101, x: 2),
    ] {
      let volume = ArrayVolume(voxels, size: size)
      let histogram = try histogram(of: volume, in: [volume.bounds])
      #expect(histogram.count == 404)
      #expect(histogram.percentile(50) == 7)
      #expect(histogram.percentile(12) == 0)
      #expect(histogram.percentile(14) == 7)
      #expect(histogram.percentile(100) == 65_535)
    }
  }

  @Test(arguments: VoxelType.allCases) func aHistogramSurvivesItsBytes(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      #expect(
        VoxelHistogram(serialized: VoxelHistogram(type: type).serialized())
          == VoxelHistogram(type: type))
      for seed in 0..<UInt64(2) {
        let (volume, _, boxes) = random(V.self, seed)
        let histogram = try histogram(of: volume, in: boxes)
        #expect(VoxelHistogram(serialized: histogram.serialized()) == histogram)
      }
    }
    try run(type.swiftType)
  }

  @Test(arguments: [VoxelType.uint16, .float32]) func damagedBytesAreRefusedOrConsistent(
    type: VoxelType
  ) throws {
    func run<V: Voxel>(_: V.Type) throws {
      let volume = ArrayVolume(
        [1, 2, 2, 300].map { V(nearestTo: $0) }, size: Index3(z: 1, y: 2, x: 2))
      let bytes = try histogram(of: volume, in: [volume.bounds]).serialized()
      for cut in 0..<bytes.count {
        #expect(VoxelHistogram(serialized: Array(bytes[..<cut])) == nil)
      }
      #expect(VoxelHistogram(serialized: bytes + [0]) == nil)
      for place in bytes.indices {
        for bit in 0..<8 {
          var damaged = bytes
          damaged[place] ^= 1 << bit
          guard let read = VoxelHistogram(serialized: damaged) else { continue }
          #expect(read.serialized() == damaged)
        }
      }
    }
    try run(type.swiftType)
  }
}
