import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

private let good = ZarrArray(
  path: "", size: Index3(z: 4, y: 5, x: 6), type: .uint16, brick: Index3(repeating: 2),
  shard: Index3(repeating: 4), codec: .bloscZstd(level: 1)
).metadata(dimensionNames: ["z", "y", "x"], dimensionUnits: ["1 um", "1 um", "1 um"])

private func open(_ json: JSON) throws -> ArrayMetadata {
  let folder = try TemporaryFolder()
  try Files.replace(folder("zarr.json"), with: Array(json.text(pretty: false).utf8))
  return try ArrayMetadata(folder.path)
}

private func refusal(_ change: (inout JSON) -> Void) throws -> BrickworkError? {
  var json = good
  change(&json)
  do {
    _ = try open(json)
    return nil
  } catch let error as BrickworkError {
    return error
  }
}

@Test func whatWeWriteIsRead() throws {
  let metadata = try open(good)
  #expect(metadata.shape == [4, 5, 6] && metadata.brickShape == [2, 2, 2])
  #expect(metadata.fileShape == [4, 4, 4] && metadata.bricksPerFile == 8)
  #expect(metadata.chain.stages == [.blosc, .crc32c] && metadata.fill == [0, 0])
  #expect(metadata.dimensionNames == ["z", "y", "x"])
  #expect(metadata.attributes["dimension_units"]?.stringArrayValue == ["1 um", "1 um", "1 um"])
}

@Test func whatIsNotKnownIsRefusedByName() throws {
  #expect(try refusal { $0["data_type"] = "complex64" }?.code == .unsupportedInput)
  #expect(try refusal { $0["data_type"] = "float16" }?.description.contains("float16") == true)
  #expect(try refusal { $0["data_type"] = "bool" }?.code == .unsupportedInput)
  let unknown: JSON = [["name": "bytes"], ["name": "shrink-ray"]]
  #expect(try refusal { $0["codecs"] = unknown }?.description.contains("shrink-ray") == true)
  #expect(try refusal { $0["sparkle"] = [:] }?.description.contains("sparkle") == true)
  #expect(try refusal { $0["sparkle"] = ["must_understand": false] } == nil)
  #expect(try refusal { $0["storage_transformers"] = [] } == nil)
  #expect(try refusal { $0["storage_transformers"] = [["name": "x"]] }?.code == .unsupportedInput)
  #expect(try refusal { $0["fill_value"] = nil }?.code == .damagedInput)
  #expect(try refusal { $0["fill_value"] = 65536 }?.code == .damagedInput)
  #expect(try refusal { $0["zarr_format"] = 2 }?.code == .unsupportedInput)
  #expect(try refusal { $0["shape"] = [4, 5] }?.code == .damagedInput)
  #expect(try refusal { $0["shape"] = [-1, 5, 6] }?.code == .damagedInput)
  #expect(try refusal { $0["shape"] = [JSON(1 << 40), JSON(1 << 40), 6] }?.code == .damagedInput)
  let huge: JSON = ["name": "regular", "configuration": ["chunk_shape": [4096, 4096, 4096]]]
  #expect(
    try refusal {
      $0["chunk_grid"] = huge
      $0["codecs"] = [["name": "bytes", "configuration": ["endian": "little"]]]
    }?.code == .unsupportedInput)
}

@Test func shardsOfTooManyBricksAreRefused() throws {
  func shards(of extent: Int) throws -> BrickworkError? {
    try refusal {
      let shape: JSON = [JSON(extent), JSON(extent), JSON(extent)]
      $0["chunk_grid"] = ["name": "regular", "configuration": ["chunk_shape": shape]]
    }
  }
  // 161³ bricks of 2³ voxels are fewer than 2²², 162³ are more.
  #expect(try shards(of: 322) == nil)
  let error = try shards(of: 324)
  #expect(error?.code == .unsupportedInput)
  #expect(error?.description.contains("[162, 162, 162] bricks, more than 4194304 in all") == true)
}

@Test func fillValuesAreExact() throws {
  func fill(_ type: String, _ value: JSON) throws -> [UInt8] {
    var json = good
    json["data_type"] = .string(type)
    json["fill_value"] = value
    return try open(json).fill
  }
  #expect(try fill("uint64", .unsigned(.max)) == Array(repeating: 255, count: 8))
  #expect(try fill("int64", .integer(.min)) == [0, 0, 0, 0, 0, 0, 0, 128])
  #expect(try fill("int8", -1) == [255])
  #expect(try fill("float32", "0x7fc00001") == [1, 0, 0xC0, 0x7F])
  #expect(try fill("float64", "-Infinity") == [0, 0, 0, 0, 0, 0, 0xF0, 0xFF])
  #expect(try fill("float32", "NaN") == [0, 0, 0xC0, 0x7F])
  #expect(throws: BrickworkError.self) { try fill("float32", "0x7fc0") }
  #expect(throws: BrickworkError.self) { try fill("uint8", -1) }
  #expect(throws: BrickworkError.self) { try fill("int64", .unsigned(.max)) }
}

@Test func aDamagedDocumentThrowsOrReads() throws {
  var random = SplitMix64(seed: 8)
  let text = Array(good.text(pretty: false).utf8)
  let folder = try TemporaryFolder()
  for _ in 0..<1500 {
    var damaged = text
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let at = Int.random(in: 0..<damaged.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: damaged.remove(at: at)
      case 1: damaged[at] = "0129-\"[]{},:eE.x".utf8.randomElement(using: &random) ?? 0
      default: damaged.insert("0129-".utf8.randomElement(using: &random) ?? 0, at: at)
      }
    }
    try overwrite(folder("zarr.json"), damaged)
    do {
      let volume = try ZarrVolume(folder.path, cache: PieceCache(capacity: 0))
      let box = Box3(size: volume.size.minimum(Index3(repeating: 3)))
      _ = try bytes(of: volume, box)
    } catch let error as BrickworkError {
      #expect(error.path?.hasPrefix(folder.path) == true, "\(error)")
    }
  }
}

@Test func missingFoldersAndDocumentsAreNamed() throws {
  let folder = try TemporaryFolder()
  func code(_ path: String) throws -> BrickworkError.Code? {
    do {
      _ = try ZarrVolume(path, cache: PieceCache(capacity: 0))
      return nil
    } catch let error as BrickworkError { return error.code }
  }
  #expect(try code(folder("nothing")) == .missingInput)
  #expect(try code(folder.path) == .missingInput)
  try Files.replace(folder(".zgroup"), with: Array(#"{"zarr_format": 2}"#.utf8))
  #expect(try code(folder.path) == .unsupportedInput)
  try Files.replace(folder(".zarray"), with: [])
  #expect(try code(folder.path) == .damagedInput)
}

@Test func aShardWithoutBytesIsDamaged() throws {
  let folder = try TemporaryFolder()
  try Files.replace(folder("zarr.json"), with: Array(good.text(pretty: true).utf8))
  try Files.makeFolder(folder("c/0/0"))
  let volume = try ZarrVolume(folder.path, cache: PieceCache(capacity: 0))
  try Files.replace(folder("c/0/0/0"), with: [])
  do {
    _ = try bytes(of: volume)
    Issue.record("an empty shard was read")
  } catch let error as BrickworkError {
    #expect(error.code == .damagedInput && error.path == folder("c/0/0/0"))
  }
}
