import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickN5
import BrickTestSupport
import Foundation
import Testing

/// Runs a part of Tests/Python/zarr_interop.py.
func makeN5(_ command: String, _ folder: TemporaryFolder) throws {
  let script = SharedData.packageRoot + "/Tests/Python/zarr_interop.py"
  try SharedData.runPython(
    "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
    [script, command, folder.path])
}

/// The bytes of a volume, x fastest.
func bytes(of volume: any Volume) throws -> [UInt8] {
  try volume.block(of: volume.bounds).byteArray
}

/// Writes a file without waiting for the disk.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  try FileManager.default.createDirectory(
    atPath: Files.folder(of: path), withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

@Test(.enabled(if: SharedData.hasPython, "needs Python: set BRICKWORK_PYTHON"))
func whatTensorStoreWritesAsN5ReadsTheSame() throws {
  let folder = try TemporaryFolder()
  try makeN5("n5", folder)
  let manifest = try JSON(parsing: try Files.read(folder("manifest.json")), path: "manifest.json")
  let cases = try #require(manifest.arrayValue)
  #expect(cases.count > 80)
  var random = SplitMix64(seed: 14)
  let cache = PieceCache(capacity: 1 << 20)
  for item in cases {
    let name = try #require(item["path"]?.stringValue)
    let raw = try Files.read(folder(try #require(item["raw"]?.stringValue)))
    let image = try N5Image(folder(name), cache: cache)
    var read: [UInt8] = []
    for channel in image.info.channelNames.indices {
      let volume = try image.volume(channel: channel, timepoint: 0)
      do { try checkVolumeLaws(of: volume, using: &random, boxes: 4) } catch {
        Issue.record("\(name): \(error)")
      }
      read += try bytes(of: volume)
    }
    #expect(read == raw, "\(name)")
    #expect(N5Images.isN5(folder(name)))
  }
}

@Test(.enabled(if: SharedData.hasPython, "needs Python: set BRICKWORK_PYTHON"))
func damagedBlocksNeverTrap() throws {
  let folder = try TemporaryFolder()
  try makeN5("n5", folder)
  let names = try Files.names(in: folder.path).filter { name in
    !name.hasSuffix(".raw") && (name.hasPrefix("ts-uint16-") || name.hasPrefix("hand-uint16"))
  }
  #expect(names.count > 9)
  var random = SplitMix64(seed: 6)
  for name in names {
    let file = folder("\(name)/1/1/1")
    let whole = try Files.read(file)
    for round in 0..<60 {
      var damaged = whole
      // Half of the damage hits the header, where it hurts most.
      let reach = round.isMultiple(of: 2) ? min(48, damaged.count) : damaged.count
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: 0..<reach, using: &random)] = .random(in: 0...255, using: &random)
      }
      if round.isMultiple(of: 5) {
        damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
      }
      if round.isMultiple(of: 7) { damaged += [1, 2, 3] }
      try overwrite(file, damaged)
      do {
        let image = try N5Image(folder(name), cache: PieceCache(capacity: 0))
        _ = try bytes(of: image.volume(channel: 0, timepoint: 0))
      } catch let error as BrickworkError {
        #expect([.damagedInput, .unsupportedInput].contains(error.code) && error.path == file)
      }
    }
  }
}

private let good: JSON = [
  "dimensions": [6, 5, 4], "blockSize": [4, 3, 2], "dataType": "uint16",
  "compression": ["type": "gzip", "level": -1],
]

private func refusal(_ change: (inout JSON) -> Void) throws -> BrickworkError? {
  let folder = try TemporaryFolder()
  var json = good
  change(&json)
  try overwrite(folder("attributes.json"), Array(json.text(pretty: false).utf8))
  do {
    _ = try N5Image(folder.path, cache: PieceCache(capacity: 0))
    return nil
  } catch let error as BrickworkError { return error }
}

@Test func whatN5DoesNotKnowIsRefusedByName() throws {
  #expect(try refusal { _ in } == nil)
  #expect(try refusal { $0["compression"] = nil } == nil)
  #expect(try refusal { $0["compressionType"] = "raw" } == nil)
  #expect(try refusal { $0["dataType"] = "string" }?.reason.contains("string") == true)
  #expect(try refusal { $0["dataType"] = nil }?.code == .damagedInput)
  let brotli = try refusal { $0["compression"] = ["type": "brotli"] }
  #expect(brotli?.code == .unsupportedInput && brotli?.reason.contains("brotli") == true)
  #expect(try refusal { $0["compression"] = [:] }?.code == .damagedInput)
  #expect(try refusal { $0["blockSize"] = [4, 3] }?.code == .damagedInput)
  #expect(try refusal { $0["blockSize"] = [4, 0, 3] }?.code == .damagedInput)
  #expect(try refusal { $0["blockSize"] = [4096, 4096, 4096] }?.code == .unsupportedInput)
  #expect(try refusal { $0["dimensions"] = [6, -5, 4] }?.code == .damagedInput)
  #expect(try refusal { $0["dimensions"] = [] }?.code == .damagedInput)
  #expect(try refusal { $0["dimensions"] = nil }?.code == .missingInput)
  #expect(
    try refusal { $0["dimensions"] = [JSON(1 << 40), JSON(1 << 40), 4] }?.code == .damagedInput)
  #expect(
    try refusal {
      $0["dimensions"] = [6, 5, 4, JSON(1 << 30)]
      $0["blockSize"] = [1, 1, 1, 1]
    }?.code == .unsupportedInput)
}

@Test func bytesOfAnyKindThrowOrParse() {
  var random = SplitMix64(seed: 38)
  let text = Array(good.text(pretty: false).utf8)
  for round in 0..<3000 {
    var bytes = text
    if round.isMultiple(of: 2) {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        bytes[at] = "0129-\"[]{},:eE.x".utf8.randomElement(using: &random) ?? 0
      }
    }
    bytes += [0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2]
    for _ in 0..<Int.random(in: 0..<80, using: &random) {
      bytes.append(.random(in: 0...255, using: &random))
    }
    do { try N5Bytes.parse(bytes) } catch { #expect(error is BrickworkError) }
  }
}

/// A raw block of 8-bit voxels, dimensions x first.
func rawBlock(_ dimensions: [Int], _ voxels: [UInt8]) -> [UInt8] {
  var block: [UInt8] = [0, 0, 0, UInt8(dimensions.count)]
  for extent in dimensions { block += [0, 0, 0, UInt8(extent)] }
  return block + voxels
}

/// A dataset of one block whose voxels count up from `first`.
func writeDataset(_ path: String, _ dimensions: [Int] = [4, 3, 2], first: UInt8) throws {
  let json: JSON = [
    "dimensions": .array(dimensions.map { JSON($0) }),
    "blockSize": .array(dimensions.map { JSON($0) }), "dataType": "uint8",
    "compression": ["type": "raw"],
  ]
  try overwrite(path + "/attributes.json", Array(json.text(pretty: false).utf8))
  let voxels = (0..<dimensions.reduce(1, *)).map { first &+ UInt8($0) }
  try overwrite(
    path + dimensions.map { _ in "/0" }.joined(), rawBlock(dimensions, voxels))
}

@Test func aBlockThatDoesNotCoverItsPlaceIsDamaged() throws {
  let folder = try TemporaryFolder()
  try writeDataset(folder("a"), first: 1)
  let image = try N5Image(folder("a"), cache: PieceCache(capacity: 0))
  let volume = try image.volume(channel: 0, timepoint: 0)
  #expect(volume.size == Index3(z: 2, y: 3, x: 4))
  #expect(try bytes(of: volume) == Array(1...24))
  for (dimensions, count) in [([3, 3, 2], 18), ([4, 3, 3], 36), ([4, 3], 12), ([0, 3, 2], 0)] {
    try overwrite(folder("a/0/0/0"), rawBlock(dimensions, Array(repeating: 1, count: count)))
    #expect(throws: BrickworkError.self, "\(dimensions)") { try bytes(of: volume) }
  }
}

@Test func bigDataViewersLayoutOpensAsOneImagePerSetup() throws {
  let folder = try TemporaryFolder()
  try overwrite(folder("attributes.json"), Array(#"{"n5": "2.5.1"}"#.utf8))
  for setup in [0, 2, 10] {
    try overwrite(
      folder("setup\(setup)/attributes.json"),
      Array(#"{"downsamplingFactors": [[1,1,1],[2,2,1]], "dataType": "uint8"}"#.utf8))
    for timepoint in [0, 3] {
      let levels = folder("setup\(setup)/timepoint\(timepoint)")
      try writeDataset(levels + "/s0", first: UInt8(10 * setup + timepoint))
      try writeDataset(levels + "/s1", [2, 2, 2], first: 0)
    }
  }
  #expect(N5Images.isN5(folder.path) && N5Images.isN5(folder("setup2")))
  #expect(N5Images.isN5(folder("setup2/timepoint3")) && !N5Images.isN5(folder("setup2/no")))
  let cache = PieceCache(capacity: 1 << 20)
  try Files.remove(folder("attributes.json"))
  #expect(N5Images.isN5(folder.path))
  let images = try N5Images.images(in: folder.path, cache: cache)
  #expect(images.map(\.info.name) == ["setup0", "setup2", "setup10"])
  #expect(images.allSatisfy { $0.info.timepoints == 2 && $0.info.details["levels"] == 2 })
  #expect(try bytes(of: images[2].volume(channel: 0, timepoint: 1)).first == 103)
  #expect(throws: BrickworkError.self) { try images[0].volume(channel: 0, timepoint: 2) }
  #expect(throws: BrickworkError.self) { try images[0].volume(channel: 1, timepoint: 0) }
  let one = try N5Images.images(in: folder("setup2/timepoint3"), cache: cache)
  #expect(one.count == 1 && one[0].info.size == Index3(z: 2, y: 3, x: 4))
}
