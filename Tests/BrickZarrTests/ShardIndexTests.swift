import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

private let layouts = [false, true].flatMap { start in
  [false, true].map { ShardIndex.Layout(hasChecksum: $0, isAtStart: start) }
}

@Test func theIndexOfTheFormatNotesReadsAndWrites() throws {
  // The worked example of a 2×2×2 shard with two bricks of 764 and 244 bytes, made by zarr-python.
  var ranges = [Range<Int>?](repeating: nil, count: 8)
  ranges[0] = 0..<764
  ranges[2] = 764..<1008
  let index = ShardIndex.serialise(ranges)
  #expect(Array(index.suffix(4)) == [0xD3, 0xF6, 0x3F, 0x65])
  let file = [UInt8](repeating: 0, count: 1008) + index
  #expect(file.count == 1140)
  #expect(try unsafe ShardIndex.parse(file: file.span.bytes, bricks: 8, path: "shard") == ranges)
}

@Test(arguments: layouts) func anyIndexIsReadOrRefused(_ layout: ShardIndex.Layout) throws {
  var random = SplitMix64(seed: 11)
  for _ in 0..<2000 {
    let bricks = Int.random(in: 0...4, using: &random)
    let count = Int.random(in: 0...100, using: &random)
    // Bytes of 0, 255 or anything make all kinds of entries likely.
    let file = (0..<count).map { _ in
      [0, 255, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
    }
    do {
      let ranges = try unsafe ShardIndex.parse(
        file: file.span.bytes, bricks: bricks, layout: layout, path: "shard")
      #expect(ranges.count == bricks)
      #expect(ranges.allSatisfy { $0.map { $0.upperBound <= count } ?? true })
    } catch let error as BrickworkError {
      #expect(error.code == .damagedInput && error.path == "shard")
    }
  }
}

@Test func halfAnAbsentEntryIsRefused() {
  var entries: [UInt8] = Array(repeating: 0xFF, count: 16)
  entries[15] = 0
  let layout = ShardIndex.Layout(hasChecksum: false)
  #expect(throws: BrickworkError.self) {
    try unsafe ShardIndex.parse(file: entries.span.bytes, bricks: 1, layout: layout, path: "s")
  }
}

@Test(arguments: [BrickCodec.bloscZstd(level: 1), .zstd(level: 1), .none])
func aDamagedShardThrowsOrReadsRight(_ codec: BrickCodec) throws {
  var random = SplitMix64(seed: 2)
  let folder = try TemporaryFolder()
  let size = Index3(z: 3, y: 5, x: 6)
  let content = pictureBytes(.uint16, size, using: &random)
  let array = ZarrArray(
    path: folder("a"), size: size, type: .uint16, brick: Index3(z: 2, y: 3, x: 3),
    shard: Index3(z: 4, y: 6, x: 6), codec: codec)
  try store(ArrayVolume(bytes: content, type: .uint16, size: size), as: array)
  let path = array.shardPath(.zero)
  let whole = try Files.read(path)
  let summary = try #require(try ShardSummary(existing: path, array: array))
  #expect(summary.byteCount == whole.count)
  let checked = try ZarrVolume(array.path, cache: PieceCache(capacity: 0)).check(shard: .zero)
  #expect(checked.bricks == 8 && checked.bytes == whole.count - 8 * 16 - 4)
  #expect(try ShardSummary(existing: path + "1", array: array) == nil)
  func check(_ damaged: [UInt8], mayBeRight: Bool, _ what: String) throws {
    try overwrite(path, damaged)
    do {
      let read = try bytes(of: ZarrVolume(array.path, cache: PieceCache(capacity: 0)))
      #expect(mayBeRight && read == content, "\(what) went unnoticed")
    } catch let error as BrickworkError {
      #expect(error.code == .damagedInput && error.path == path && error.remedy != nil, "\(error)")
    }
  }
  for at in stride(from: 0, to: whole.count, by: 3) {
    var flipped = whole
    flipped[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    try check(flipped, mayBeRight: false, "a flipped bit at \(at)")
  }
  for count in stride(from: 0, to: whole.count, by: 7) {
    try check(Array(whole[..<count]), mayBeRight: false, "a cut at \(count)")
  }
  try check(whole + [0], mayBeRight: false, "a byte at the end")
  try check([0] + whole, mayBeRight: false, "a byte at the start")
}
