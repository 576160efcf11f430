import BrickCodecs
import BrickCore
import BrickTestSupport
import Testing

@Suite struct InflateTests {
  /// Bytes with repeats and noise, so that streams hold both matches and literals.
  private func content(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    while bytes.count < count {
      if Bool.random(using: &random) {
        bytes += (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        bytes += [UInt8](repeating: 7, count: .random(in: 1...300, using: &random))
      }
    }
    return Array(bytes.prefix(count))
  }

  private func stream(_ content: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = []
    let encoder = try DeflateEncoder(level: 6)
    _ = try #require(unsafe try encoder.compress(content.span.bytes, into: &result))
    return result
  }

  private func inflate(_ stream: [UInt8], room: Int, wholeOnly: Bool) throws -> [UInt8] {
    var target = [UInt8](repeating: 0xA5, count: room)
    var span = target.mutableSpan
    var bytes = unsafe span.mutableBytes
    let decompressor = try ZlibDecompressor()
    let source = unsafe stream.span.bytes
    let count =
      wholeOnly
      ? try decompressor.decompress(source, into: &bytes)
      : try decompressor.decompressStart(of: source, into: &bytes)
    return Array(target.prefix(count))
  }

  @Test(arguments: [2000, 70_000, 1_000_000]) func aStreamComesOutWhole(count: Int) throws {
    let content = content(count, seed: 1)
    let stream = try stream(content)
    for wholeOnly in [true, false] {
      for (stream, room) in [(stream, count), (stream, count + 10), (stream + [1, 2, 3], count)] {
        let isRight = try inflate(stream, room: room, wholeOnly: wholeOnly) == content
        #expect(isRight)
      }
    }
  }

  @Test(arguments: [0, 1, 3, 999, 40_000, 69_999]) func aLongerStreamStopsWhereTheTargetIsFull(
    room: Int
  ) throws {
    let content = content(70_000, seed: 2)
    let stream = try stream(content)
    let isRight = try inflate(stream, room: room, wholeOnly: false) == Array(content.prefix(room))
    #expect(isRight)
    #expect {
      try inflate(stream, room: room, wholeOnly: true)
    } throws: {
      ($0 as? BrickworkError)?.description
        == "the zlib stream holds more than the \(room) bytes expected"
    }
  }

  @Test func aCutStreamFailsUnlessTheTargetIsFullBefore() throws {
    let content = content(70_000, seed: 3)
    let stream = Array(try stream(content).dropLast(2000))
    let isRight = try inflate(stream, room: 1000, wholeOnly: false) == Array(content.prefix(1000))
    #expect(isRight)
    for wholeOnly in [true, false] {
      let error = #expect(throws: BrickworkError.self) {
        try inflate(stream, room: 70_000, wholeOnly: wholeOnly)
      }
      #expect(error?.code == .damagedInput)
    }
  }

  @Test func damagedStreamsFailOrAreRightOneByteAtATime() throws {
    let content = content(3000, seed: 4)
    let stream = try stream(content)
    var failures = 0
    for place in stream.indices {
      var damaged = stream
      damaged[place] ^= 0x21
      for wholeOnly in [true, false] {
        do {
          let found = try inflate(damaged, room: 3000, wholeOnly: wholeOnly)
          // Damage can make a stream longer; its start carries no checksum.
          let isRight = wholeOnly ? found == content : found.count <= 3000
          #expect(isRight, "byte \(place)")
        } catch let error as BrickworkError {
          #expect(error.code == .damagedInput)
          failures += 1
        }
      }
    }
    #expect(failures > stream.count)
    #expect(throws: BrickworkError.self) { try inflate([], room: 10, wholeOnly: false) }
  }
}
