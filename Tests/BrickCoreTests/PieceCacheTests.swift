import BrickCore
import BrickTestSupport
import Dispatch
import Testing

/// A piece of some bytes that all hold one number.
private func piece(_ number: UInt8, bytes: Int = 4096) -> PieceCache.Piece {
  let box = Box3(size: Index3(z: 1, y: 1, x: bytes))
  return PieceCache.Piece(VoxelBlock([UInt8](repeating: number, count: bytes), box: box))
}

private struct Broken: Error {}

@Suite struct PieceCacheTests {
  @Test func aPieceIsDecodedOnceWhileItStays() throws {
    let cache = PieceCache(capacity: 3 * 4096)
    let source = cache.newSource()
    for _ in 0..<3 {
      for i in 0..<3 {
        let found = try cache.piece(.init(source: source, piece: i)) { piece(UInt8(i)) }
        #expect(found.block.byteArray.first == UInt8(i))
      }
    }
    #expect(cache.decodedPieces == 3)
  }

  @Test func theLeastRecentlyUsedPieceGoes() throws {
    let cache = PieceCache(capacity: 3 * 4096)
    func use(_ i: Int) throws {
      _ = try cache.piece(.init(source: 1, piece: i)) { piece(UInt8(i)) }
    }
    for i in [0, 1, 2, 0, 3] { try use(i) }
    #expect(cache.decodedPieces == 4)
    for i in [0, 2, 3] { try use(i) }
    #expect(cache.decodedPieces == 4)
    try use(1)
    #expect(cache.decodedPieces == 5)
  }

  @Test func aPieceBeyondTheCapacityDisplacesNoOther() throws {
    let cache = PieceCache(capacity: 10_000)
    func use(_ i: Int, bytes: Int) throws {
      _ = try cache.piece(.init(source: 1, piece: i)) { piece(UInt8(i), bytes: bytes) }
    }
    try use(0, bytes: 4096)
    try use(1, bytes: 4096)
    try use(2, bytes: 10_001)
    try use(2, bytes: 10_001)
    #expect(cache.decodedPieces == 4)
    try use(0, bytes: 4096)
    try use(1, bytes: 4096)
    #expect(cache.decodedPieces == 4)
  }

  @Test func aFailedDecodingIsTriedAgain() throws {
    let cache = PieceCache(capacity: 3 * 4096)
    let key = PieceCache.Key(source: 1, piece: 1)
    #expect(throws: Broken.self) { try cache.piece(key) { throw Broken() } }
    let found = try cache.piece(key) { piece(9) }
    #expect(found.block.byteArray.first == 9)
    #expect(cache.decodedPieces == 1)
  }

  @Test func aPieceThatIsBeingMadeIsNotWaitedFor() throws {
    let cache = PieceCache(capacity: 3 * 4096)
    let key = PieceCache.Key(source: 1, piece: 1)
    _ = try cache.piece(key) {
      // Another thread asks meanwhile.
      let asked = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        do {
          if try cache.pieceUnlessBusy(key, decode: { piece(8) }) != nil {
            Issue.record("it did not say that the piece is being made")
          }
        } catch { Issue.record(error) }
        asked.signal()
      }
      asked.wait()
      return piece(9)
    }
    #expect(try cache.pieceUnlessBusy(key) { piece(8) }?.block.byteArray.first == 9)
  }

  @Test func droppingAtRandomFindsMostOfWhatFitsWhereDroppingTheOldestFindsNothing() throws {
    func decodings(atRandom: Bool) throws -> Int {
      let cache = PieceCache(capacity: 9 * 4096)
      cache.dropsAtRandom = atRandom
      for _ in 0..<20 {
        for i in 0..<10 { _ = try cache.piece(.init(source: 1, piece: i)) { piece(UInt8(i)) } }
      }
      return cache.decodedPieces
    }
    #expect(try decodings(atRandom: false) == 200)
    #expect(try decodings(atRandom: true) < 100)
  }

  @Test func sourcesHaveDifferentNumbers() {
    let cache = PieceCache(capacity: 0)
    #expect(cache.newSource() != cache.newSource())
  }

  @Test func manyThreadsGetTheRightPieces() {
    let cache = PieceCache(capacity: 5 * 4096)
    DispatchQueue.concurrentPerform(iterations: 8) { worker in
      var random = SplitMix64(seed: UInt64(worker))
      for _ in 0..<300 {
        let i = Int.random(in: 0..<12, using: &random)
        let fails = Int.random(in: 0..<10, using: &random) == 0
        let found = try? cache.piece(.init(source: 1, piece: i)) {
          if fails { throw Broken() }
          return piece(UInt8(i))
        }
        if let found, found.block.byteArray.first != UInt8(i) { Issue.record("wrong piece") }
      }
    }
    // Nothing that failed counts as kept: the cache still holds five pieces.
    cache.capacity = 5 * 4096
    let before = cache.decodedPieces
    for _ in 0..<2 {
      for i in 20..<25 { _ = try? cache.piece(.init(source: 1, piece: i)) { piece(UInt8(i)) } }
    }
    #expect(cache.decodedPieces == before + 5)
  }
}
