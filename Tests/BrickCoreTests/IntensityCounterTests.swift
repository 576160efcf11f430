import BrickCore
import BrickTestSupport
import Testing

/// The exact mean of floats, by whole numbers of the smallest double's size: slow, and independent of how it is done.
private func exactMean<V: Voxel>(_ voxels: [V]) -> Double? {
  let numbers = voxels.filter { $0 == $0 }
  guard !numbers.isEmpty else { return nil }
  if let integers = numbers.map(\.exactInteger) as? [Int128] {
    let sum = integers.reduce(0, +)
    let (quotient, rest) = sum.quotientAndRemainder(dividingBy: Int128(numbers.count))
    // Close enough to be told from any neighbour: both parts are doubles, the second below 1.
    return Double(quotient) + Double(rest) / Double(numbers.count)
  }
  let doubles = numbers.map(\.asDouble)
  if doubles.contains(where: \.isInfinite) { return doubles.reduce(0, +) }
  return nil
}

@Suite struct IntensityCounterTests {
  private func counts(_ volume: any Volume, _ boxes: [Box3]) throws -> IntensityCounts {
    // Two counters by turns, as two workers have them.
    var counters = [IntensityCounter(type: volume.type), IntensityCounter(type: volume.type)]
    var scratch = VoxelBlock()
    for (place, box) in boxes.enumerated() {
      try volume.withVoxels(of: box, scratch: &scratch) { counters[place % 2].add($0) }
    }
    var first = counters[0]
    first.merge(counters[1])
    return first.take()
  }

  @Test(arguments: VoxelType.allCases) func aCounterCountsWhatAHistogramCounts(type: VoxelType)
    throws
  {
    func run<V: Voxel>(_: V.Type) throws {
      for seed in 0..<UInt64(12) {
        var random = SplitMix64(seed: seed)
        let size = Index3.random(in: 1...9, using: &random)
        let values = [V].random(count: size.volume, using: &random)
        let volume = ArrayVolume(values, size: size)
        let grid = BrickGrid(size: size, brick: .random(in: 2...9, using: &random))
        let boxes = (0..<grid.count).map { grid.box(at: grid.index(at: $0)) }
        let counts = try counts(volume, boxes)
        var histogram = VoxelHistogram(type: type)
        var scratch = VoxelBlock()
        try volume.withVoxels(of: volume.bounds, scratch: &scratch) { histogram.add($0) }
        #expect(counts.histogram == histogram, "seed \(seed)")
        let numbers = values.filter { $0 == $0 }
        #expect(counts.count == numbers.count && counts.nanCount == values.count - numbers.count)
        #expect(counts.minimum?.asDouble == numbers.min()?.asDouble)
        #expect(counts.maximum?.asDouble == numbers.max()?.asDouble)
        let doubles = numbers.map(\.asDouble)
        #expect(counts.negativeInfinities == doubles.count { $0 == -.infinity })
        #expect(counts.positiveInfinities == doubles.count { $0 == .infinity })
        let finite = doubles.filter(\.isFinite)
        #expect(counts.finiteRange?.lowerBound == finite.min())
        #expect(counts.finiteRange?.upperBound == finite.max())
        if let wanted = exactMean(values), let mean = counts.mean {
          #expect(
            mean == wanted || mean.isNaN && wanted.isNaN || abs(mean - wanted) <= abs(wanted).ulp,
            "seed \(seed)")
        }
      }
    }
    try run(type.swiftType)
  }

  @Test(
    arguments: [VoxelType.float32, .float64],
    [[Double.infinity], [-.infinity], [.nan, .infinity], [-.infinity, .infinity]])
  func infinitiesAreTheExtremesWhereNoVoxelIsFinite(type: VoxelType, voxels: [Double]) throws {
    var counter = IntensityCounter(type: type)
    let volume = ArrayVolume(voxels, size: Index3(z: 1, y: 1, x: voxels.count)).converted(to: type)
    let block = try volume.block(of: volume.bounds)
    counter.add(VoxelView(block))
    let counts = counter.take()
    let wanted = voxels.filter { !$0.isNaN }
    #expect(counts.histogram.minimum == wanted.min())
    #expect(counts.histogram.maximum == wanted.max())
    _ = try RadixSelection([0, 100], of: counts.histogram)
  }

  @Test func theMeanOfFloatsIsExact() throws {
    func mean<V: Voxel>(_ values: [V]) throws -> Double? {
      let volume = ArrayVolume(values, size: Index3(z: 1, y: 1, x: values.count))
      return try counts(volume, [volume.bounds]).mean
    }
    // What cancels out leaves the small ones, in any order.
    #expect(try mean([1e300, 1.5, -1e300, 0.5] as [Double]) == 0.5)
    #expect(try mean([1e30, 1, -1e30, 2] as [Float]) == 0.75)
    #expect(
      try mean([.leastNonzeroMagnitude, .leastNonzeroMagnitude] as [Double])
        == .leastNonzeroMagnitude)
    #expect(try mean([.leastNonzeroMagnitude, 0] as [Double]) == 0)
    #expect(
      try mean([.greatestFiniteMagnitude, .greatestFiniteMagnitude] as [Double])
        == .greatestFiniteMagnitude)
    #expect(
      try mean([.leastNonzeroMagnitude, -3 * Float.leastNonzeroMagnitude] as [Float])
        == -Double(Float.leastNonzeroMagnitude))
    #expect(try mean([-0.0, 0] as [Float]) == 0)
    #expect(try mean([1, .nan, 4] as [Float]) == 2.5)
    #expect(try mean([.infinity, 1] as [Double]) == .infinity)
    #expect(try mean([.infinity, -.infinity] as [Double])?.isNaN == true)
    #expect(try mean([.nan] as [Double]) == nil)
    // A third is rounded once.
    #expect(try mean([1, 0, 0] as [Double]) == 1.0 / 3)
    #expect(try mean([UInt64.max, UInt64.max - 1] as [UInt64]) == 0x1p64)
    #expect(try mean([Int64.min, Int64.max] as [Int64]) == -0.5)
  }

  @Test func largeIntegersAreInterpolatedExactly() throws {
    func percentile<V: Voxel>(_ p: Double, _ values: [V]) throws -> Double {
      let volume = ArrayVolume(values, size: Index3(z: 1, y: 1, x: values.count))
      let counts = try counts(volume, [volume.bounds])
      return try RadixSelection.percentiles([p], of: volume, first: counts.histogram) {
        try $0(volume.bounds)
      }[0]
    }
    // (2⁵³ + 1 + 2⁵³ + 3) / 2 is a double, though both neighbours are none.
    let odd: Int64 = 1 << 53 | 1
    #expect(try percentile(50, [odd, odd + 2]) == 0x1p53 + 2)
    #expect(try percentile(50, [Int64.min, Int64.max]) == -0.5)
    #expect(try percentile(50, [0 as UInt64, .max]) == 0x1p63)
    #expect(try percentile(25, [10 as UInt64, 20]) == 12.5)
    #expect(try percentile(75, [UInt64.max, UInt64.max]) == 0x1p64)
  }

  /// Guessed and narrowed, narrowed alone, collected: the same percentiles.
  @Test(arguments: [VoxelType.uint32, .int32, .float32, .uint64, .int64, .float64])
  func allWaysToAPercentileMeet(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      var random = SplitMix64(seed: 11)
      let size = Index3(z: 3, y: 20, x: 40)
      let values: [V] = (0..<size.volume).map { _ in
        V(nearestTo: Double.random(in: 100..<300, using: &random) * 7)
      }
      let volume = ArrayVolume(values, size: size)
      let block = try volume.block(of: volume.bounds)
      let percentiles: [Double] = [0, 1, 37.5, 99, 100]
      var sample = VoxelSample(type: type)
      sample.add(VoxelView(block), atMost: size.volume)
      let guess = try #require(RadixGuess(percentiles, from: sample))
      var guessing = IntensityCounter(type: type, guess: guess)
      guessing.add(VoxelView(block))
      let counts = guessing.take()
      var plain = IntensityCounter(type: type)
      plain.add(VoxelView(block))
      #expect(plain.take().histogram == counts.histogram)
      let wanted = try RadixSelection.percentiles(
        percentiles, of: volume, first: counts.histogram
      ) { try $0(volume.bounds) }
      var collected = try RadixSelection(percentiles, of: counts.histogram)
      var keys = collected.keys()
      keys.add(VoxelView(block))
      try collected.finish(with: keys)
      #expect(collected.values == wanted)
      var guessed = try RadixSelection(percentiles, of: counts.histogram)
      let tally = try #require(counts.guessed)
      let isAnswered = guessed.isAnswered(by: tally)
      try #require(isAnswered)
      try guessed.narrow(by: tally)
      while !guessed.isComplete {
        var next = guessed.tally()
        next.add(VoxelView(block))
        try guessed.narrow(by: next)
      }
      #expect(guessed.values == wanted)
    }
    try run(type.swiftType)
  }

  @Test(arguments: VoxelType.allCases) func binsAreThoseOfTheirEdges(type: VoxelType) throws {
    func run<V: Voxel>(_: V.Type) throws {
      for seed in 0..<UInt64(8) {
        var random = SplitMix64(seed: seed)
        let size = Index3.random(in: 1...9, using: &random)
        let values = [V].random(count: size.volume, using: &random)
        let volume = ArrayVolume(values, size: size)
        let counts = try counts(volume, [volume.bounds])
        guard let range = counts.finiteRange else { continue }
        let count = Int.random(in: 1...9, using: &random)
        var bins = BinCounts(range, bins: count)
        let block = try volume.block(of: volume.bounds)
        bins.add(VoxelView(block))
        let finite = values.map(\.asDouble).filter(\.isFinite)
        #expect(bins.counts.reduce(0, +) == finite.count)
        #expect(bins.edges == bins.edges.sorted() && bins.edges.count == count + 1)
        for i in 0..<count {
          let wanted = finite.count {
            $0 >= bins.edges[i] && ($0 < bins.edges[i + 1] || i == count - 1)
          }
          #expect(bins.counts[i] == wanted, "bin \(i) of \(count), seed \(seed)")
        }
        if counts.histogram.isExact {
          var same = BinCounts(range, bins: count)
          same.add(counts.histogram)
          #expect(same == bins)
        }
      }
    }
    try run(type.swiftType)
  }
}
