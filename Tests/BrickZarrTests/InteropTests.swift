import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

@Test(
  .enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"), arguments: ["make", "make2"])
func whatZarrPythonAndTensorStoreWriteReadsTheSame(_ command: String) throws {
  let folder = try TemporaryFolder()
  let (status, output) = try runPython("zarr_interop.py", [command, folder.path])
  try #require(status == 0, "\(output)")
  let manifest = try JSON(parsing: try Files.read(folder("manifest.json")), path: "manifest.json")
  let cases = try #require(manifest.arrayValue)
  #expect(cases.count > 80)
  var random = SplitMix64(seed: 4)
  for item in cases {
    let name = try #require(item["path"]?.stringValue)
    let raw = try Files.read(folder(try #require(item["raw"]?.stringValue)))
    let shape = try #require(item["size"]?.intArrayValue)
    // All leading indices, one after the other, make up the whole.
    let lead = shape.dropLast(min(3, shape.count))
    var read: [UInt8] = []
    let cache = PieceCache(capacity: 1 << 20)
    for number in 0..<lead.reduce(1, *) {
      var (rest, indices) = (number, [Int]())
      for extent in lead.reversed() {
        indices.insert(rest % extent, at: 0)
        rest /= extent
      }
      let volume = try ZarrVolume(folder(name), leading: indices, cache: cache)
      do { try checkVolumeLaws(of: volume, using: &random, boxes: 4) } catch {
        Issue.record("\(name): \(error)")
      }
      read += try bytes(of: volume)
    }
    #expect(read == raw, "\(name)")
  }
}

@Test(.enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"))
func zarrPythonAndTensorStoreReadWhatWeWrite() throws {
  let folder = try TemporaryFolder()
  var random = SplitMix64(seed: 9)
  var manifest: [JSON] = []
  for type in VoxelType.allCases {
    for codec in [BrickCodec.bloscZstd(level: 1), .bloscZstd(level: -1), .zstd(level: 3), .none] {
      let name = "\(type.rawValue)-\(codec.name)\(codec.level.map(String.init) ?? "")"
      let size = Index3(z: 9, y: 22, x: 35)
      let content = pictureBytes(type, size, using: &random)
      let array = ZarrArray(
        path: folder(name), size: size, type: type, brick: Index3(repeating: 8),
        shard: Index3(z: 8, y: 16, x: 24), codec: codec)
      try store(ArrayVolume(bytes: content, type: type, size: size), as: array)
      try Files.replace(folder(name + ".raw"), with: content)
      manifest.append(["path": .string(name), "raw": .string(name + ".raw")])
    }
  }
  try Files.replace(
    folder("manifest.json"), with: Array(JSON.array(manifest).text(pretty: true).utf8))
  let (status, output) = try runPython("zarr_interop.py", ["check", folder.path])
  #expect(status == 0, "\(output)")
}

@Test(.enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"))
func damagedFilesOfOtherWritersNeverTrap() throws {
  let folder = try TemporaryFolder()
  for command in ["make", "make2"] {
    let (status, output) = try runPython("zarr_interop.py", [command, folder.path])
    try #require(status == 0, "\(output)")
  }
  let names = try Files.names(in: folder.path).filter { name in
    !name.hasSuffix(".raw")
      && ["ts-blosc", "ts-uint16", "ts-two", "zp-uint16-", "zp-shuffle"].contains {
        name.hasPrefix($0)
      }
  }
  #expect(names.count > 25)
  var random = SplitMix64(seed: 6)
  for name in names {
    // The first brick that the writer wrote.
    let found = ["c/0/0/0", "1.0.0", "1/0/0"].map { folder("\(name)/\($0)") }
    guard let file = found.first(where: Files.exists) else { continue }
    let whole = try Files.read(file)
    for round in 0..<80 {
      var damaged = whole
      // Half of the damage hits the header, where it hurts most.
      let reach = round.isMultiple(of: 2) ? min(64, damaged.count) : damaged.count
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: 0..<reach, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if round.isMultiple(of: 5) {
        damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
      }
      try overwrite(file, damaged)
      do {
        _ = try bytes(of: ZarrVolume(folder(name), cache: PieceCache(capacity: 0)))
      } catch let error as BrickworkError {
        #expect(error.code == .damagedInput && error.path == file, "\(error)")
      }
    }
  }
}
