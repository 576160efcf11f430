import BrickCore
import BrickSurface
import BrickTestSupport
import Testing

@Suite struct ColumnTests {
  /// The percentile as `numpy.percentile` defines it, by sorting; on a voxel it is that voxel, beside infinities too.
  private func percentile(_ values: [Double], _ p: Double) -> Double {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let last = sorted.last else { return .nan }
    let place = Double(sorted.count - 1) * (p / 100)
    let lower = Int(place)
    guard lower + 1 < sorted.count, sorted[lower] != sorted[lower + 1] else {
      return lower + 1 < sorted.count ? sorted[lower] : last
    }
    let (a, b, t) = (sorted[lower], sorted[lower + 1], place - Double(lower))
    if t == 0 { return a }
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
  }

  @Test(arguments: VoxelType.allCases)
  func thresholdsAreThoseOfSortedColumns(_ type: VoxelType) {
    func check<V: Voxel>(_: V.Type) {
      for seed in 0..<60 as Range<UInt64> {
        var random = SplitMix64(seed: seed)
        let size = Index3(
          z: .random(in: 1...(seed % 10 == 0 ? 300 : 12), using: &random),
          y: .random(in: 1...4, using: &random), x: .random(in: 1...70, using: &random))
        let voxels = [V].random(count: size.volume, using: &random)
        let percentiles: [Double] = [50, 75, 90, 99, 100]
        let p = percentiles.randomElement(using: &random) ?? 99
        let columns = Box3(size: size)
        var tops = ColumnTops(columns, type: type, percentile: p)
        // Planes come in any order.
        for z in Array(0..<size.z).shuffled(using: &random) {
          let plane = size.y * size.x
          let block = VoxelBlock(
            Array(voxels[z * plane..<(z + 1) * plane]),
            box: Box3(
              origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x)))
          tops.add(VoxelView(block))
        }
        let found = tops.thresholds(dividedBy: 3)
        for column in 0..<size.y * size.x {
          let own = (0..<size.z).map { voxels[$0 * size.y * size.x + column] }
          let wanted = percentile(own.map(\.asDouble), p) / 3
          let value = found.values[column]
          #expect(value == wanted || (value.isNaN && wanted.isNaN), "seed \(seed) column \(column)")
          if type.byteCount < 8 || type.isFloat {
            #expect(
              found.areExceeded[column] == own.contains { $0.asDouble > wanted }, "seed \(seed)")
          }
        }
      }
    }
    check(type.swiftType)
  }

  @Test func thresholdsBetweenVoxelsAreComparedExactly() {
    // 2⁵³ + 1 has no double; it is above 2⁵³ all the same.
    let odd = (1 << 53) + 1
    let box = Box3(size: Index3(z: 1, y: 1, x: 1))
    let block = VoxelBlock([Int64(odd)], box: box)
    let inputs: [(Double, [Int32])] = [
      (9_007_199_254_740_992, [0]), (9_007_199_254_740_994, [-1]), (-.infinity, [0]), (1e300, [-1]),
      (.nan, [-1]),
    ]
    for (threshold, planes) in inputs {
      var search = ColumnSearch(box, type: .int64, side: .bottom, thresholds: [threshold])
      if search.pending > 0 {
        var limits = VoxelBlock()
        search.copyLimits(into: &limits)
        search.note(ColumnSearch.hits(in: VoxelView(block), from: .bottom, limits: &limits))
      }
      #expect(search.planes == planes, "\(threshold)")
    }
  }

  @Test func dilatedPlanesAreTheFirstOfTheSquareAroundThem() {
    for seed in 0..<80 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let (height, width) = (
        Int.random(in: 1...20, using: &random), Int.random(in: 1...30, using: &random)
      )
      let reach = Int.random(in: 0...6, using: &random)
      let side: SurfaceSide = Bool.random(using: &random) ? .bottom : .top
      let planes = (0..<height).map { _ in
        (0..<width).map { _ in
          Int32.random(in: 0..<20, using: &random) < 18
            ? -1 : Int32.random(in: 0...9, using: &random)
        }
      }
      var dilation = PlaneDilation(width: width, side: side, reach: reach)
      var found = planes.compactMap { dilation.add($0) }
      found += dilation.finish()
      let wanted = (0..<height).map { y in
        (0..<width).map { x in
          var best: Int32 = -1
          for yy in max(0, y - reach)...min(height - 1, y + reach) {
            for xx in max(0, x - reach)...min(width - 1, x + reach) where planes[yy][xx] >= 0 {
              let plane = planes[yy][xx]
              best = best < 0 ? plane : side == .bottom ? min(best, plane) : max(best, plane)
            }
          }
          return best
        }
      }
      #expect(found == wanted, "seed \(seed)")
    }
  }
}
