import BrickBDV
import BrickCodecs
import BrickCore
import BrickTestSupport
import Testing

/// Prints what one core encodes; run it with BRICKWORK_MEASURE=1 and `-c release`.
@Suite(
  .enabled(
    if: BDVEnvironment.measures,
    "a measurement (BRICKWORK_MEASURE)"))
struct EncodingSpeedTests {
  @Test func megabytesPerSecondOfCameraLikeChunks() throws {
    var random = SplitMix64(seed: 42)
    let size = Index3(repeating: 64)
    let chunks = (0..<4).map { _ in
      ArrayVolume(BDVSample.camera(size: size, using: &random), size: size)
    }
    for (name, level, igzip, shuffle) in [
      ("shuffle + igzip 1", 1, true, true), ("shuffle + libdeflate 1", 1, false, true),
      ("shuffle + libdeflate 6", 6, false, true), ("igzip 1", 1, true, false),
      ("libdeflate 1", 1, false, false),
    ] {
      let encoder = try DeflateEncoder(level: level, usingIgzip: igzip)
      var shuffled = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: size.volume * 2)), type: .uint8)
      var (best, bytes) = (Double.infinity, 0)
      for _ in 0..<7 {
        let start = ContinuousClock.now
        bytes = 0
        for chunk in chunks {
          let block = try chunk.block(of: chunk.bounds)
          var target = shuffled.mutableBytes
          Shuffle.shuffle(block.bytes, width: shuffle ? 2 : 1, into: &target)
          var stream: [UInt8] = []
          bytes += try encoder.compress(shuffled.bytes, into: &stream) ?? 0
        }
        best = min(best, (ContinuousClock.now - start) / .seconds(1))
      }
      let raw = Double(chunks.count * size.volume * 2)
      print(
        "\(name): \(Int(raw / best / 1e6)) MB/s, ratio \(Double(Int(raw / Double(bytes) * 100)) / 100)"
      )
    }
  }
}
