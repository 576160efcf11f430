import BrickCore
import BrickEngine
import BrickFiles
import BrickStitch
import BrickSurface
import BrickTestSupport
import Testing

@Suite struct SurfaceJobTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The images of one side, as numbers.
  private struct Images: Equatable {
    var intensity: [Double]
    var planes: [Int32]
    var thresholds: [UInt64]
    var found: Int
  }

  /// The definition, plane by plane: the mask, dilated five times by a 3×3 square, and the first plane where it is true.
  private func expected(
    _ voxels: [Double], _ size: Index3, _ side: SurfaceSide, thresholds: [Double]
  ) -> Images {
    let plane = size.y * size.x
    var planes = [Int32](repeating: -1, count: plane)
    for z in side == .bottom ? Array(0..<size.z) : Array((0..<size.z).reversed()) {
      var mask = (0..<plane).map { voxels[z * plane + $0] > thresholds[$0] }
      for _ in 0..<5 {
        mask = (0..<plane).map { column in
          let (y, x) = column.quotientAndRemainder(dividingBy: size.x)
          return (max(0, y - 1)...min(size.y - 1, y + 1)).contains { yy in
            (max(0, x - 1)...min(size.x - 1, x + 1)).contains { mask[yy * size.x + $0] }
          }
        }
      }
      for column in 0..<plane where mask[column] && planes[column] < 0 {
        planes[column] = Int32(z)
      }
    }
    return Images(
      intensity: planes.enumerated().map { $1 < 0 ? 0 : voxels[Int($1) * plane + $0] },
      planes: planes, thresholds: thresholds.map(\.bitPattern), found: planes.count { $0 >= 0 })
  }

  private func found(_ job: SurfaceJob) async throws -> [Images] {
    let surfaces = try await job.run()
    let limits = try surfaces.threshold.block(of: surfaces.threshold.bounds).values(Double.self)
    return try surfaces.surfaces.map { surface in
      let type = surface.intensity.type
      let block = try surface.intensity.converted(to: .float64).block(of: surface.intensity.bounds)
      #expect(type == surface.intensity.type)
      let planes = try surface.planes.block(of: surface.planes.bounds).values(Int32.self)
      let range = planes.filter { $0 >= 0 }
      #expect(surface.range?.lowerBound == range.min().map { Int($0) })
      #expect(surface.range?.upperBound == range.max().map { Int($0) })
      return Images(
        intensity: block.values(Double.self), planes: planes, thresholds: limits.map(\.bitPattern),
        found: surface.found)
    }
  }

  private func percentile(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let place = Double(sorted.count - 1) * (99.0 / 100)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    let (a, b, t) = (sorted[lower], sorted[upper], place - Double(lower))
    return a == b || t == 0 ? a : t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
  }

  @Test(arguments: VoxelType.allCases)
  func surfacesAreThoseOfTheDefinition(_ type: VoxelType) async throws {
    for seed in 0..<25 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      // Smaller than the reach of the dilation, and larger.
      let size = Index3(
        z: .random(in: 1...14, using: &random), y: .random(in: 1...30, using: &random),
        x: .random(in: 1...40, using: &random))
      let (tile, values) = RandomLayout.tile(type, size, using: &random)
      var (volume, voxels): (any Volume, [Double]) = (tile, values)
      if seed % 3 == 0 {
        // Empty and constant columns, and few bright voxels: surfaces that don't reach everywhere.
        let plane = size.y * size.x
        voxels = voxels.indices.map { place in
          place % plane % 7 == 3 ? 5 : Int.random(in: 0..<200, using: &random) == 0 ? 100 : 0
        }
        volume = ArrayVolume(voxels, size: size).converted(to: type)
      }
      let plane = size.y * size.x
      let limits: [Double]
      let threshold: SurfaceThreshold
      switch seed % 4 {
      case 0, 1:
        threshold = .usual
        limits = (0..<plane).map { column in
          percentile((0..<size.z).map { voxels[$0 * plane + column] }) / 3
        }
      case 2:
        threshold = .constant(2.5)
        limits = Array(repeating: 2.5, count: plane)
      default:
        limits = (0..<plane).map { _ in Double.random(in: -50...150, using: &random) }
        threshold = .image(ArrayVolume(limits, size: Index3(z: 1, y: size.y, x: size.x)))
      }
      let block = Index3(
        z: .random(in: 1...size.z, using: &random), y: .random(in: 1...size.y, using: &random),
        x: .random(in: 1...size.x, using: &random))
      let job = SurfaceJob(
        source: volume, sides: [.bottom, .top], threshold: threshold,
        budget: MemoryBudget(byteCount: 256 << 20), threads: 1 + Int(seed % 3),
        cache: PieceCache(capacity: 0), scratchFolder: folder.path, block: block,
        bandRows: .random(in: 1...size.y, using: &random))
      let wanted = [SurfaceSide.bottom, .top].map {
        expected(voxels, size, $0, thresholds: limits)
      }
      #expect(try await found(job) == wanted, "seed \(seed)")
    }
  }

  @Test func everyBudgetAndNumberOfThreadsGivesOneResult() async throws {
    var random = SplitMix64(seed: 5)
    let size = Index3(z: 150, y: 200, x: 300)
    let voxels = (0..<size.volume).map { place in
      // A tilted slab of signal in noise.
      let (z, column) = place.quotientAndRemainder(dividingBy: size.y * size.x)
      let middle = 40 + column / size.x / 5
      return UInt16.random(in: 0...40, using: &random) + (abs(z - middle) < 9 ? 400 : 0)
    }
    let volume = ArrayVolume(voxels, size: size)
    var first: [Images]?
    for (memory, threads) in [(1 << 30, 1), (80 << 20, 3), (64 << 20, 2)] {
      let job = SurfaceJob(
        source: volume, budget: MemoryBudget(byteCount: memory), threads: threads,
        cache: PieceCache(capacity: 0), scratchFolder: folder.path)
      let images = try await found(job)
      #expect(images == first ?? images, "\(memory >> 20) MiB, \(threads) threads")
      first = first ?? images
    }
  }

  @Test func aSearchStopsWhereEveryColumnIsFound() async throws {
    // The lowest plane is bright everywhere, and so is the highest one of two: little is read twice.
    let size = Index3(z: 400, y: 70, x: 90)
    let plane = size.y * size.x
    let voxels = (0..<size.volume).map { $0 / plane % 399 == 0 ? 90 : 1 as UInt8 }
    let surfaces = try await SurfaceJob(
      source: ArrayVolume(voxels, size: size), threshold: .constant(5),
      budget: MemoryBudget(byteCount: 128 << 20), threads: 1, cache: PieceCache(capacity: 0),
      scratchFolder: folder.path
    ).run()
    #expect(surfaces.surfaces.map(\.range) == [0...0, 399...399])
    #expect(surfaces.voxelBytesRead < size.volume / 2)
  }

  @Test func whatCannotBeSearchedIsRefused() async throws {
    func error(
      _ volume: any Volume, _ threshold: SurfaceThreshold = .usual, memory: Int = 128 << 20
    ) async -> BrickworkError.Code? {
      let error = await #expect(throws: BrickworkError.self) {
        try await SurfaceJob(
          source: volume, threshold: threshold, budget: MemoryBudget(byteCount: memory),
          threads: 1, cache: PieceCache(capacity: 0), scratchFolder: folder.path
        ).run()
      }
      return error?.code
    }
    let volume = ArrayVolume([1, 2] as [UInt8], size: Index3(z: 2, y: 1, x: 1))
    #expect(await error(ArrayVolume([] as [UInt8], size: .zero)) == .badRequest)
    #expect(await error(volume, .image(volume)) == .badRequest)
    #expect(await error(volume, .constant(.nan)) == .badRequest)
    #expect(await error(volume, .percentile(10, divisor: 3)) == .badRequest)
    #expect(await error(volume, .percentile(99, divisor: 0)) == .badRequest)
    #expect(await error(volume, memory: 1 << 20) == .outOfBudget)
  }
}
