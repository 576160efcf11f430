import BrickCore
import BrickTestSupport
import Testing

/// Made-up volumes, which benchmarks take for tiles.
@Suite struct SyntheticVolumeTests {
  @Test func anyBoxOfACameraPictureReadsTheSame() throws {
    var random = SplitMix64(seed: 5)
    // Across several cells of both lattices, from a place between their points.
    let picture = CameraVolume(
      size: Index3(z: 20, y: 30, x: 120), origin: Index3(z: 25, y: 77, x: 83), exposure: 2)
    try checkVolumeLaws(of: picture, using: &random)
    try checkVolumeLaws(of: SphereLabels(size: Index3(z: 25, y: 41, x: 60)), using: &random)
  }

  /// Overlapping pictures show one sample, each with a noise of its own.
  @Test func picturesOfOnePlaceDifferByTheirNoiseAlone() throws {
    let (size, shift) = (Index3(z: 12, y: 64, x: 200), Index3(z: 3, y: 10, x: 50))
    let first = CameraVolume(size: size, origin: .zero, exposure: 0)
    let second = CameraVolume(size: size, origin: shift, exposure: 1)
    let shared = Box3(origin: shift, size: size - shift)
    let a = try first.block(of: shared).values(UInt16.self).map { Double($0) }
    let b = try second.block(of: shared.translated(by: .zero - shift)).values(UInt16.self).map {
      Double($0)
    }
    let differences = zip(a, b).map { $0 - $1 }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + $1 * $1 } / count
    // Two draws of √(2.17 signal + 12), with signals of some 30 to 600 counts.
    #expect(abs(mean) < 0.5)
    #expect(variance > 150 && variance < 1200, "\(variance)")
    #expect(a.allSatisfy { $0 > 50 && $0 < 2000 })
  }

  @Test func labelsAreSpheresOfManyNumbersOnBackground() throws {
    let labels = SphereLabels(size: Index3(repeating: 60))
    let values = try labels.block(of: labels.bounds).values(UInt32.self)
    let background = values.count { $0 == 0 }
    #expect(Set(values).count > 15)
    #expect(background * 2 > values.count && background < values.count)
  }
}
