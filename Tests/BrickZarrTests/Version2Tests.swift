import BrickCore
import BrickFiles
import BrickTestSupport
@_spi(Fuzzing) import BrickZarr
import Testing

private let good: JSON = [
  "zarr_format": 2, "shape": [4, 5, 6], "chunks": [2, 3, 4], "dtype": "<u2",
  "compressor": ["id": "zlib", "level": 1], "fill_value": 0, "order": "C", "filters": nil,
]

private func write(_ json: JSON, _ folder: TemporaryFolder) throws {
  try Files.replace(folder(".zarray"), with: Array(json.text(pretty: false).utf8))
}

private func open(_ change: (inout JSON) -> Void) throws -> ArrayMetadata {
  let folder = try TemporaryFolder()
  var json = good
  change(&json)
  try write(json, folder)
  return try ArrayMetadata(folder.path)
}

private func refusal(_ change: (inout JSON) -> Void) -> BrickworkError? {
  do {
    _ = try open(change)
    return nil
  } catch { return error as? BrickworkError }
}

@Test func aZarrayIsRead() throws {
  let metadata = try open { _ in }
  #expect(metadata.format == .zarr2 && metadata.shape == [4, 5, 6])
  #expect(metadata.brickShape == [2, 3, 4] && metadata.fileShape == [2, 3, 4])
  #expect(metadata.chain.stages == [.zlib] && metadata.chain.order == nil)
  #expect(metadata.keys == .init(isVersion2: true, separator: "."))
  let other = try open {
    $0["dtype"] = ">f4"
    $0["order"] = "F"
    $0["dimension_separator"] = "/"
    $0["fill_value"] = "NaN"
    $0["compressor"] = nil
    $0["filters"] = [["id": "shuffle", "elementsize": 4]]
    $0["somebody's own"] = 1
  }
  #expect(other.chain.isBigEndian && other.chain.order == [2, 1, 0])
  #expect(other.chain.stages == [.shuffle(width: 4)] && other.keys.separator == "/")
  #expect(other.fill == [0, 0, 0xC0, 0x7F])
  #expect(try open { $0["fill_value"] = nil }.fill == [0, 0])
  #expect(try open { $0["fill_value"] = .null }.fill == [0, 0])
}

@Test func whatVersion2DoesNotKnowIsRefusedByName() {
  for type in ["|b1", "<f2", "<c8", "|S4", "<M8[ns]", "=u2", "|u2", "u2", ""] {
    let error = refusal { $0["dtype"] = .string(type) }
    #expect(error?.code == .unsupportedInput && error?.reason.contains(type) == true, "\(type)")
  }
  #expect(refusal { $0["dtype"] = [["r", "|u1"], ["g", "|u1"]] }?.code == .unsupportedInput)
  for filter in ["delta", "fixedscaleoffset", "packbits", "astype", "vlen-utf8", "crc32"] {
    let error = refusal { $0["filters"] = [["id": .string(filter)]] }
    #expect(error?.reason.contains("filter \"\(filter)\"") == true, "\(filter)")
  }
  #expect(
    refusal { $0["compressor"] = ["id": "lzf"] }?.reason.contains("compressor \"lzf\"") == true)
  #expect(refusal { $0["compressor"] = ["id": "lzma", "format": 3] }?.code == .unsupportedInput)
  #expect(refusal { $0["compressor"] = ["level": 3] }?.code == .damagedInput)
  #expect(refusal { $0["compressor"] = "zlib" }?.code == .damagedInput)
  #expect(refusal { $0["filters"] = 3 }?.code == .damagedInput)
  #expect(refusal { $0["order"] = "A" }?.code == .damagedInput)
  #expect(refusal { $0["dimension_separator"] = "-" }?.code == .damagedInput)
  #expect(refusal { $0["chunks"] = [2, 3] }?.code == .damagedInput)
  #expect(refusal { $0["chunks"] = [0, 3, 4] }?.code == .damagedInput)
  #expect(refusal { $0["chunks"] = [4096, 4096, 4096] }?.code == .unsupportedInput)
  #expect(refusal { $0["shape"] = [] }?.code == .damagedInput)
  #expect(refusal { $0["shape"] = [-1, 5, 6] }?.code == .damagedInput)
  #expect(refusal { $0["fill_value"] = 65536 }?.code == .damagedInput)
  #expect(refusal { $0["fill_value"] = "AAA=" }?.code == .damagedInput)
  #expect(refusal { $0["zarr_format"] = 3 }?.code == .unsupportedInput)
}

@Test func aDamagedZarrayThrowsOrReads() throws {
  var random = SplitMix64(seed: 18)
  var rich = good
  rich["filters"] = [["id": "shuffle", "elementsize": 2]]
  rich["dimension_separator"] = "/"
  let folder = try TemporaryFolder()
  let text = Array(rich.text(pretty: false).utf8)
  for round in 0..<1500 {
    let damaged = damagedText(text, using: &random)
    try overwrite(folder(".zarray"), damaged)
    if round.isMultiple(of: 3) {
      try overwrite(
        folder(".zattrs"), damagedText(Array(#"{"_ARRAY_DIMENSIONS": ["z"]}"#.utf8), using: &random)
      )
    }
    do {
      let volume = try ZarrVolume(folder.path, cache: PieceCache(capacity: 0))
      _ = try bytes(of: volume, Box3(size: volume.size.minimum(Index3(repeating: 3))))
    } catch let error as BrickworkError {
      #expect(error.path?.hasPrefix(folder.path) == true, "\(error)")
    }
  }
}

/// One to three bytes removed, changed or put in.
private func damagedText(_ text: [UInt8], using random: inout SplitMix64) -> [UInt8] {
  var damaged = text
  for _ in 0..<Int.random(in: 1...3, using: &random) {
    let at = Int.random(in: 0..<damaged.count, using: &random)
    switch Int.random(in: 0..<3, using: &random) {
    case 0: damaged.remove(at: at)
    case 1: damaged[at] = "0129-\"[]{},:eE.x<>|CF/".utf8.randomElement(using: &random) ?? 0
    default: damaged.insert("0129-".utf8.randomElement(using: &random) ?? 0, at: at)
    }
  }
  return damaged
}

@Test func bytesOfAnyKindThrowOrParse() {
  var random = SplitMix64(seed: 28)
  let array = ZarrArray(
    path: "", size: Index3(z: 4, y: 5, x: 6), type: .uint16, brick: Index3(repeating: 2),
    shard: Index3(repeating: 4), codec: .zstd(level: 1)
  ).metadata(dimensionNames: ["z", "y", "x"], dimensionUnits: nil)
  for document in [good, array] {
    let text = Array(document.text(pretty: false).utf8)
    for _ in 0..<1500 {
      var bytes = Bool.random(using: &random) ? text : damagedText(text, using: &random)
      bytes.append(0)
      for _ in 0..<Int.random(in: 0..<160, using: &random) {
        bytes.append(UInt8.random(in: 0...255, using: &random))
      }
      do { try ZarrBytes.parse(bytes) } catch { #expect(error is BrickworkError) }
    }
  }
}

@Test func plainBricksAreLentFromTheirFiles() throws {
  let folder = try TemporaryFolder()
  var json = good
  json["compressor"] = nil
  json["chunks"] = [4, 5, 6]
  try write(json, folder)
  let voxels = (0..<120).flatMap { [UInt8($0), UInt8(1)] }
  try Files.replace(folder("0.0.0"), with: voxels)
  let cache = PieceCache(capacity: 1 << 20)
  let volume = try ZarrVolume(folder.path, cache: cache)
  var scratch = VoxelBlock()
  let box = Box3(origin: Index3(z: 1, y: 2, x: 3), size: Index3(z: 2, y: 2, x: 2))
  try volume.withVoxels(of: box, scratch: &scratch) { view in
    var copy = VoxelBlock(view.box, type: view.type)
    copy.copy(from: view)
    #expect(copy.byteArray == cut(voxels, .uint16, volume.size, box))
  }
  #expect(scratch.byteCount == 0 && cache.decodedPieces == 0)
  #expect(volume.decodedBytes(reading: box) == 0)
  try overwrite(folder("0.0.0"), Array(voxels.dropLast()))
  #expect(throws: BrickworkError.self) { try bytes(of: volume, box) }
}

@Test func onlyBricksThatABoxCutsAreDecodedIntoTheCache() throws {
  let folder = try TemporaryFolder()
  var json = good
  json["shape"] = [16, 16, 20]
  json["chunks"] = [8, 8, 8]
  try write(json, folder)
  let volume = try ZarrVolume(folder.path, cache: PieceCache(capacity: 1 << 20))
  let brick = BlockStorage.footprint(of: 8 * 8 * 8 * 2)
  #expect(volume.decodedBytes(reading: volume.bounds) == 0)
  #expect(volume.decodedBytes(reading: Box3(size: Index3(z: 8, y: 8, x: 8))) == 0)
  #expect(volume.decodedBytes(reading: Box3(size: Index3(z: 8, y: 8, x: 9))) == brick)
  let inside = Box3(origin: Index3(z: 1, y: 0, x: 8), size: Index3(z: 15, y: 16, x: 12))
  #expect(volume.decodedBytes(reading: inside) == 4 * brick)
  #expect(volume.decodedBytes(reading: Box3(size: .zero)) == 0)
}
