import BrickTestSupport
import Brickwork
import Testing

@Suite struct PlanePreviewTests {
  /// The mean of each square of voxels, voxel by voxel.
  private func oracle(_ values: [Double], _ size: Index3, z: Int, factor: Int) -> [Double] {
    var means: [Double] = []
    for y in stride(from: 0, to: size.y, by: factor) {
      for x in stride(from: 0, to: size.x, by: factor) {
        var (sum, count) = (0.0, 0.0)
        for v in y..<min(y + factor, size.y) {
          for u in x..<min(x + factor, size.x) {
            sum += values[(z * size.y + v) * size.x + u]
            count += 1
          }
        }
        means.append(sum / count)
      }
    }
    return means
  }

  @Test(arguments: 0..<40) func picturesAreTheMeansOfSquares(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let size = Index3(
      z: .random(in: 1...3, using: &random), y: .random(in: 1...150, using: &random),
      x: .random(in: 1...90, using: &random))
    let values = (0..<size.volume).map { _ in UInt16.random(in: 0...1000, using: &random) }
    let volume = ArrayVolume(values, size: size)
    let side = Int.random(in: 0...100, using: &random)
    let z = Int.random(in: 0..<size.z, using: &random)
    let picture = try PlanePreview.render(
      volume: volume, z: z, maxSide: side, contrast: .range(low: 0, high: 1000))
    let factor = side == 0 ? 1 : (max(size.x, size.y) + side - 1) / side
    #expect(side == 0 || max(picture.width, picture.height) <= side)
    let means = oracle(values.map(Double.init), size, z: z, factor: factor)
    let window = ContrastWindow(low: 0, high: 1000)
    #expect(picture.pixels == means.map { window.grey(Float($0)) })
  }

  @Test(arguments: VoxelType.allCases) func everyTypeIsDrawn(_ type: VoxelType) throws {
    let size = Index3(z: 1, y: 2, x: 3)
    let bytes = [UInt8](repeating: 0, count: size.volume * type.byteCount)
    let volume = ArrayVolume(bytes: bytes, type: type, size: size)
    let picture = try PlanePreview.render(volume: volume, z: 0, maxSide: 0, contrast: .automatic)
    #expect(picture.pixels == [0, 0, 0, 0, 0, 0])
  }

  @Test func automaticContrastIsThePercentiles() throws {
    let volume = ArrayVolume((0..<1001).map { Float($0) }, size: Index3(z: 1, y: 7, x: 143))
    let picture = try PlanePreview.render(volume: volume, z: 0, maxSide: 0, contrast: .automatic)
    #expect(abs(picture.window.low - 10) < 1e-9 && abs(picture.window.high - 999) < 1e-9)
  }

  @Test func numbersThatAreNoneAreBlack() {
    let window = ContrastWindow(low: 1, high: 3)
    #expect(
      [Float.nan, -.infinity, 0, 1, 2, 3, .infinity].map(window.grey) == [
        0, 0, 0, 0, 128, 255, 255,
      ])
    let flat = ContrastWindow(low: 2, high: 2)
    #expect([Float(1), 2, 3].map(flat.grey) == [0, 0, 255])
  }

  @Test func sixteenBitPicturesAndFailingRowsAreHandled() throws {
    let folder = try TemporaryFolder()
    try PNGWriter.write(folder("p.png"), width: 2, height: 1, depth: .bits16) { _, pixels in
      pixels = [1, 0, 0, 1]
    }
    #expect(Array(try Files.read(folder("p.png"))[16..<26]) == [0, 0, 0, 2, 0, 0, 0, 1, 16, 0])
    let failure = BrickworkError(.damagedInput, reason: "row 3 is damaged")
    #expect(throws: failure) {
      try PNGWriter.write(folder("q.png"), width: 2, height: 9) { y, _ in
        if y == 3 { throw failure }
      }
    }
    #expect(try Files.names(in: folder.path) == ["p.png"])
  }
}
