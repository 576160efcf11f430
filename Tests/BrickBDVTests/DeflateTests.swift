import BrickCore
import BrickTestSupport
import Testing

@testable import BrickCodecs

@Suite struct DeflateTests {
  /// Bytes with some order in them, so that they shrink.
  static func bytes(_ count: Int, using random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0..<13, using: &random) }
  }

  @Test(arguments: [1, 2, 6, 9, 12], [false, true])
  func whatIsCompressedIsDecompressed(level: Int, igzip: Bool) throws {
    var random = SplitMix64(seed: UInt64(level))
    let encoder = try DeflateEncoder(level: level, usingIgzip: igzip)
    for count in [100, 1000, 4097, 65536, 300_001] {
      let source = Self.bytes(count, using: &random)
      var target: [UInt8] = [7]
      let written = try #require(try unsafe encoder.compress(source.span.bytes, into: &target))
      #expect(target.count == 1 + written && target[0] == 7 && written < count)
      // RFC 1950: method 8, and a header that is a multiple of 31.
      #expect(target[1] & 15 == 8 && (Int(target[1]) << 8 | Int(target[2])) % 31 == 0)
      var back = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: count)), type: .uint8)
      var room = back.mutableBytes
      let stream = Array(target[1...])
      #expect(try unsafe Deflate.decompress(stream.span.bytes, into: &room) == count)
      #expect(unsafe back.bytes.withUnsafeBytes { unsafe $0.elementsEqual(source) })
    }
  }

  @Test(arguments: [1, 6]) func noiseIsLeftAlone(level: Int) throws {
    var random = SplitMix64(seed: 1)
    let encoder = try DeflateEncoder(level: level)
    for count in [0, 1, 2, 10, 1000, 300_000] {
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      var target: [UInt8] = []
      #expect(try unsafe encoder.compress(noise.span.bytes, into: &target) == nil)
      #expect(target.isEmpty)
    }
  }

  @Test(arguments: [1, 6]) func theSameBytesGiveTheSameStreamWhateverCameBefore(level: Int) throws {
    var random = SplitMix64(seed: 2)
    let encoder = try DeflateEncoder(level: level)
    let source = Self.bytes(100_000, using: &random)
    var first: [UInt8] = []
    _ = try unsafe DeflateEncoder(level: level).compress(source.span.bytes, into: &first)
    for count in [10, 77_777, 200_000] {
      let other = Self.bytes(count, using: &random)
      var ignored: [UInt8] = []
      _ = try unsafe encoder.compress(other.span.bytes, into: &ignored)
      var again: [UInt8] = []
      _ = try unsafe encoder.compress(source.span.bytes, into: &again)
      #expect(again == first)
    }
  }

  @Test func damagedStreamsThrow() throws {
    var random = SplitMix64(seed: 3)
    let source = Self.bytes(5000, using: &random)
    var stream: [UInt8] = []
    _ = try unsafe DeflateEncoder(level: 6).compress(source.span.bytes, into: &stream)
    var block = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: 5000)), type: .uint8)
    for place in stream.indices {
      var damaged = stream
      damaged[place] ^= 0x10
      var room = block.mutableBytes
      #expect(throws: BrickworkError.self) {
        _ = try unsafe Deflate.decompress(damaged.span.bytes, into: &room)
      }
    }
    var small = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: 4999)), type: .uint8)
    var room = small.mutableBytes
    #expect(throws: BrickworkError.self) {
      _ = try unsafe Deflate.decompress(stream.span.bytes, into: &room)
    }
  }

  @Test(arguments: [0, 13, -1]) func otherLevelsAreRefused(level: Int) {
    #expect(throws: BrickworkError.self) { _ = try DeflateEncoder(level: level) }
  }
}
