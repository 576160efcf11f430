import BrickCodecs
import BrickCore
import BrickTestSupport
import Testing

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
      let result = try unsafe encoder.compress(source.span.bytes, into: &target)
      let written = try #require(result)
      #expect(target.count == 1 + written && target[0] == 7 && written < count)
      // RFC 1950: method 8, and a header that is a multiple of 31.
      #expect(target[1] & 15 == 8 && (Int(target[1]) << 8 | Int(target[2])) % 31 == 0)
      var back = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: count)), type: .uint8)
      var room = back.mutableBytes
      let stream = Array(target[1...])
      let read = try unsafe Deflate.decompress(stream.span.bytes, into: &room)
      let bytes = unsafe back.bytes.withUnsafeBytes { unsafe Array($0) }
      let isSame = read == count && bytes == source
      #expect(isSame)
    }
  }

  @Test(arguments: [1, 6]) func noiseIsLeftAlone(level: Int) throws {
    var random = SplitMix64(seed: 1)
    let encoder = try DeflateEncoder(level: level)
    for count in [0, 1, 2, 10, 1000, 300_000] {
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      var target: [UInt8] = []
      let written = try unsafe encoder.compress(noise.span.bytes, into: &target)
      #expect(written == nil && target.isEmpty)
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
      let isSame = again == first
      #expect(isSame)
    }
  }

  @Test func damagedStreamsThrow() throws {
    var random = SplitMix64(seed: 3)
    let source = Self.bytes(5000, using: &random)
    var stream: [UInt8] = []
    _ = try unsafe DeflateEncoder(level: 6).compress(source.span.bytes, into: &stream)
    var unnoticed = 0
    for place in stream.indices {
      var damaged = stream
      damaged[place] ^= 0x10
      // Adler-32 is weak: changes of −1, +2, −1 in a row leave it as it was.
      if let bytes = try? decompress(damaged, count: 5000), bytes != source { unnoticed += 1 }
    }
    #expect(unnoticed < stream.count / 500)
    let isSame = try decompress(stream, count: 5000) == source
    #expect(isSame)
    #expect(throws: BrickworkError.self) { try decompress(stream.dropLast(), count: 5000) }
    #expect(throws: BrickworkError.self) { try decompress(stream, count: 4999) }
  }

  private func decompress(_ stream: [UInt8], count: Int) throws -> [UInt8] {
    var block = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: count)), type: .uint8)
    var room = block.mutableBytes
    let read = try unsafe Deflate.decompress(stream.span.bytes, into: &room)
    let bytes = unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
    return Array(bytes.prefix(read))
  }

  @Test(arguments: [0, 13, -1]) func otherLevelsAreRefused(level: Int) {
    #expect(throws: BrickworkError.self) { _ = try DeflateEncoder(level: level) }
  }
}
