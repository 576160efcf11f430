import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

private let codecs: [BrickCodec] = [.bloscZstd(level: 1), .zstd(level: 1), .none]

@Test(arguments: VoxelType.allCases, codecs)
func everyTypeAndCodecReadsBackAsWritten(_ type: VoxelType, _ codec: BrickCodec) throws {
  var random = SplitMix64(seed: 1)
  let folder = try TemporaryFolder()
  for round in 0..<4 {
    let size = Index3(repeating: 0).map { _ in Int.random(in: 1...11, using: &random) }
    let brick = Index3.zero.map { _ in Int.random(in: 1...4, using: &random) }
    let shard = brick.map { $0 * Int.random(in: 1...3, using: &random) }
    let content = pictureBytes(type, size, using: &random)
    let array = ZarrArray(
      path: folder("\(round)"), size: size, type: type, brick: brick, shard: shard, codec: codec)
    try store(ArrayVolume(bytes: content, type: type, size: size), as: array)
    let volume = try ZarrVolume(array.path, cache: PieceCache(capacity: 1 << 20))
    #expect(volume.type == type && volume.size == size && volume.brick == brick)
    #expect(try bytes(of: volume) == content, "size \(size), brick \(brick), shard \(shard)")
  }
}

@Test(arguments: 0..<20) func aBoxIsTheSameBoxCutFromTheWhole(seed: UInt64) throws {
  var random = SplitMix64(seed: seed)
  let folder = try TemporaryFolder()
  let size = Index3.zero.map { _ in Int.random(in: 1...13, using: &random) }
  let content = pictureBytes(.uint16, size, using: &random)
  let array = ZarrArray(
    path: folder("a"), size: size, type: .uint16, brick: Index3(z: 2, y: 3, x: 4),
    shard: Index3(z: 4, y: 6, x: 4), codec: .bloscZstd(level: 1))
  try store(ArrayVolume(bytes: content, type: .uint16, size: size), as: array)
  let volume = try ZarrVolume(
    array.path, cache: PieceCache(capacity: seed.isMultiple(of: 2) ? 100 : 9999))
  var scratch = VoxelBlock()
  for _ in 0..<30 {
    let box = randomBox(in: size, using: &random)
    let expected = cut(content, .uint16, size, box)
    volume.willRead(box)
    #expect(try bytes(of: volume, box) == expected, "\(box)")
    try volume.withVoxels(of: box, scratch: &scratch) { view in
      var copy = VoxelBlock(box, type: .uint16)
      copy.copy(from: view)
      #expect(unsafe copy.bytes.withUnsafeBytes { unsafe Array($0) } == expected, "\(box)")
    }
    volume.didRead(box)
  }
}

@Test func manyThreadsReadTheSameArray() async throws {
  var random = SplitMix64(seed: 7)
  let folder = try TemporaryFolder()
  let size = Index3(z: 16, y: 20, x: 24)
  let content = pictureBytes(.uint16, size, using: &random)
  let array = ZarrArray(
    path: folder("a"), size: size, type: .uint16, brick: Index3(repeating: 4),
    shard: Index3(repeating: 8), codec: .bloscZstd(level: 1))
  try store(ArrayVolume(bytes: content, type: .uint16, size: size), as: array)
  let volume = try ZarrVolume(array.path, cache: PieceCache(capacity: 2000))
  try await withThrowingTaskGroup(of: Void.self) { group in
    for seed in 0..<8 as Range<UInt64> {
      group.addTask {
        var random = SplitMix64(seed: seed)
        for _ in 0..<40 {
          let box = randomBox(in: size, using: &random)
          let read = try bytes(of: volume, box)
          #expect(read == cut(content, .uint16, size, box))
        }
      }
    }
    try await group.waitForAll()
  }
}

@Test func emptyBricksAndShardsAreLeftOut() throws {
  let folder = try TemporaryFolder()
  let size = Index3(z: 4, y: 4, x: 8)
  var voxels = [UInt16](repeating: 0, count: size.volume)
  voxels[0] = 9
  let array = ZarrArray(
    path: folder("a"), size: size, type: .uint16, brick: Index3(repeating: 2),
    shard: Index3(repeating: 4), codec: .none)
  try store(ArrayVolume(voxels, size: size), as: array)
  // One brick of 16 bytes and its checksum; an index of 8 bricks with its checksum.
  #expect(Files.size(array.shardPath(.zero)) == 16 + 4 + 8 * 16 + 4)
  #expect(!Files.exists(array.shardPath(Index3(z: 0, y: 0, x: 1))))
  let writer = ShardWriter(array: array, temporaryPath: folder("t"))
  #expect(writer.isEmpty)
  #expect(try writer.seal() == nil)
  #expect(!Files.exists(folder("t")))
}

@Test func aNegativeZeroIsNotTheFillValue() throws {
  let encoder = try BrickEncoder(codec: .none, type: .float32, brick: .one)
  for (value, isStored) in [(Float(0), false), (-0.0, true)] {
    var bytes: [UInt8] = []
    var scratch = VoxelBlock()
    try ArrayVolume([value], size: .one).withVoxels(of: Box3(size: .one), scratch: &scratch) {
      let range = try encoder.encode($0, into: &bytes)
      #expect((range != nil) == isStored)
    }
    #expect(bytes.count == (isStored ? 8 : 0))
  }
}

@Test(arguments: codecs) func encodingIsDeterministicAndAppends(_ codec: BrickCodec) throws {
  var random = SplitMix64(seed: 3)
  let size = Index3(repeating: 16)
  let volume = ArrayVolume(
    bytes: pictureBytes(.uint32, size, using: &random), type: .uint32, size: size)
  var scratch = VoxelBlock()
  var bytes: [UInt8] = [1, 2, 3]
  let encoder = try BrickEncoder(codec: codec, type: .uint32, brick: size)
  #expect(encoder.scratchBytes > 0)
  for _ in 0..<2 {
    try volume.withVoxels(of: volume.bounds, scratch: &scratch) {
      _ = try encoder.encode($0, into: &bytes)
    }
  }
  let half = (bytes.count - 3) / 2
  #expect(Array(bytes[3..<3 + half]) == Array(bytes[(3 + half)...]))
}

@Test func noiseIsStoredAsItIs() throws {
  var random = SplitMix64(seed: 5)
  let size = Index3(repeating: 8)
  let noise = (0..<size.volume).map { _ in UInt16.random(in: 0...(.max), using: &random) }
  let folder = try TemporaryFolder()
  let array = ZarrArray(
    path: folder("a"), size: size, type: .uint16, brick: size, shard: size,
    codec: .bloscZstd(level: 1))
  try store(ArrayVolume(noise, size: size), as: array)
  #expect(Files.size(array.shardPath(.zero)) == 16 + 1024 + 4 + 16 + 4)
  let volume = try ZarrVolume(array.path, cache: PieceCache(capacity: 0))
  #expect(try bytes(of: volume) == bytes(of: ArrayVolume(noise, size: size)))
}

@Test func codecNamesAreThoseOfTheCommandLine() {
  #expect(BrickCodec(name: "blosc-zstd", level: nil) == .bloscZstd(level: 1))
  #expect(BrickCodec(name: "zstd", level: -3) == .zstd(level: -3))
  #expect(BrickCodec(name: "none", level: nil) == BrickCodec.none)
  #expect(BrickCodec(name: "none", level: 1) == nil)
  #expect(BrickCodec(name: "lz4", level: nil) == nil)
  #expect(BrickCodec(name: "zstd", level: 23) == nil)
}

@Test func shardsThatWereClosedForOthersAreOpenedAgain() throws {
  // More shards in all than are kept open, read twice.
  let folder = try TemporaryFolder()
  let json: JSON = [
    "zarr_format": 3, "node_type": "array", "shape": [1, 1, 4], "data_type": "uint8",
    "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [1, 1, 2]]],
    "chunk_key_encoding": ["name": "default"], "fill_value": 0, "attributes": [:],
    "codecs": [
      [
        "name": "sharding_indexed",
        "configuration": [
          "chunk_shape": [1, 1, 1], "codecs": [["name": "bytes"]],
          "index_codecs": [["name": "bytes", "configuration": ["endian": "little"]]],
        ],
      ]
    ],
  ]
  try Files.makeFolder(folder("c/0/0"))
  try overwrite(folder("zarr.json"), Array(json.text(pretty: false).utf8))
  for shard in 0..<2 {
    let ranges = ShardIndex.serialise([0..<1, 1..<2]).dropLast(4)
    try overwrite(folder("c/0/0/\(shard)"), [UInt8(2 * shard + 1), UInt8(2 * shard + 2)] + ranges)
  }
  let cache = PieceCache(capacity: 0)
  let volumes = try (0..<2500).map { _ in try ZarrVolume(folder.path, cache: cache) }
  for _ in 0..<2 {
    for volume in volumes { #expect(try bytes(of: volume) == [1, 2, 3, 4]) }
  }
  guard Files.exists("/proc/self/maps") else { return }
  let maps = try withExtendedLifetime(volumes) {
    try String(decoding: Files.read("/proc/self/maps"), as: UTF8.self)
  }
  let open = maps.split(separator: "\n").count { $0.contains(folder.path) }
  #expect(open > 2000 && open <= 4096, "\(open) maps")
}
