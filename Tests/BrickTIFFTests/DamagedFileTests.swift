import BrickCore
import BrickTIFF
import BrickTestSupport
import Foundation
import Testing

/// A small TIFF made by hand: little-endian 16-bit pages, each of two strips.
struct TinyTIFF {
  var width = 5
  var height = 4
  var pages = 3
  var isPacked = false
  /// Where the last page's link to the next directory points.
  var lastLink: UInt32 = 0
  var description = ""

  var voxels: [UInt16] {
    (0..<pages * height * width).map { UInt16(truncatingIfNeeded: $0 &* 257 &+ 3) }
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
    var link = 4
    func put(_ value: Int, _ count: Int, at place: Int? = nil) {
      let parts = (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      if let place {
        bytes.replaceSubrange(place..<place + count, with: parts)
      } else {
        bytes += parts
      }
    }
    let values = voxels
    for page in 0..<pages {
      var strips: [(offset: Int, count: Int)] = []
      for strip in 0..<2 {
        let rows = height / 2
        let start = (page * height + strip * rows) * width
        let raw = values[start..<start + rows * width].flatMap {
          [UInt8($0 & 255), UInt8($0 >> 8)]
        }
        // PackBits without runs: a length byte before up to 128 literal ones.
        let data = isPacked ? [UInt8(raw.count - 1)] + raw : raw
        strips.append((bytes.count, data.count))
        bytes += data
      }
      let arrays = bytes.count
      for strip in strips { put(strip.offset, 4) }
      for strip in strips { put(strip.count, 4) }
      let text = bytes.count
      bytes += Array(description.utf8) + [0]
      put(bytes.count, 4, at: link)
      var entries: [(tag: Int, type: Int, count: Int, value: Int)] = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, isPacked ? 32773 : 1),
        (262, 3, 1, 1), (273, 4, 2, arrays), (277, 3, 1, 1), (278, 4, 1, height / 2),
        (279, 4, 2, arrays + 8), (339, 3, 1, 1),
      ]
      if !description.isEmpty {
        entries.insert((270, 2, description.utf8.count + 1, text), at: 5)
      }
      put(entries.count, 2)
      for entry in entries {
        put(entry.tag, 2)
        put(entry.type, 2)
        put(entry.count, 4)
        put(entry.value, 4)
      }
      link = bytes.count
      put(page == pages - 1 ? Int(lastLink) : 0, 4)
    }
    return bytes
  }
}

struct DamagedFileTests {
  /// Writes a file without waiting for the disk: there are thousands.
  private func write(_ path: String, _ bytes: [UInt8]) throws {
    try #require(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
  }

  /// Reads everything a file offers, as long as it claims no more than a test can hold.
  private func readAll(_ path: String) throws -> [UInt16] {
    var result: [UInt16] = []
    for image in try TIFFFile.images(in: path, cache: PieceCache(capacity: 1 << 16)) {
      for channel in image.info.channelNames.indices {
        let volume = try image.volume(channel: channel, timepoint: 0)
        guard let count = volume.size.checkedVolume, count < 1 << 20, volume.type == .uint16 else {
          continue
        }
        let block = try volume.block(of: volume.bounds)
        let voxels = block.voxels(as: UInt16.self)
        result += voxels.indices.map { voxels[$0] }
      }
    }
    return result
  }

  @Test(arguments: [false, true]) func aFileMadeByHandIsRead(isPacked: Bool) throws {
    let folder = try TemporaryFolder()
    let file = TinyTIFF(isPacked: isPacked)
    try write(folder("a.tif"), file.bytes)
    #expect(try readAll(folder("a.tif")) == file.voxels)
  }

  @Test(arguments: [false, true]) func cuttingTheFileAnywhereGivesAnErrorOrTheVoxels(isPacked: Bool)
    throws
  {
    let folder = try TemporaryFolder()
    let file = TinyTIFF(isPacked: isPacked)
    let bytes = file.bytes
    for count in 0..<bytes.count {
      try write(folder("a.tif"), Array(bytes[..<count]))
      #expect(throws: BrickworkError.self, "\(count) bytes") { try readAll(folder("a.tif")) }
    }
  }

  @Test(arguments: [false, true]) func noByteValueMakesTheReaderCrash(isPacked: Bool) throws {
    let folder = try TemporaryFolder()
    let bytes = TinyTIFF(
      pages: 2, isPacked: isPacked, description: "ImageJ=1.54\nimages=2\nslices=2\n"
    ).bytes
    for place in bytes.indices {
      for value in [0, 1, 255, bytes[place] ^ 0x80, bytes[place] &+ 1] where value != bytes[place] {
        var damaged = bytes
        damaged[place] = value
        try write(folder("a.tif"), damaged)
        do { _ = try readAll(folder("a.tif")) } catch is BrickworkError {}
      }
    }
  }

  @Test(arguments: 0..<20) func randomDamageNeverCrashes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    let bytes = TinyTIFF(isPacked: seed.isMultiple(of: 2), description: "{\"shape\": [3, 4, 5]}")
      .bytes
    for _ in 0..<50 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      try write(folder("a.tif"), damaged)
      do { _ = try readAll(folder("a.tif")) } catch is BrickworkError {}
    }
  }

  @Test func aLoopInTheChainOfDirectoriesEnds() throws {
    let folder = try TemporaryFolder()
    let plain = TinyTIFF(pages: 1).bytes
    // The only directory lies at the offset in the header.
    let first = UInt32(plain[4]) | UInt32(plain[5]) << 8
    try write(folder("a.tif"), TinyTIFF(pages: 1, lastLink: first).bytes)
    let error = #expect(throws: BrickworkError.self) { try readAll(folder("a.tif")) }
    #expect(error?.code == .damagedInput)
    #expect(error?.place == "page 1")
  }

  @Test func anImageJStackLongerThanItsFileSaysBothNumbers() throws {
    let folder = try TemporaryFolder()
    let bytes = TinyTIFF(pages: 1, description: "ImageJ=1.54\nimages=1000\nslices=1000\n").bytes
    try write(folder("a.tif"), bytes)
    let error = #expect(throws: BrickworkError.self) { try readAll(folder("a.tif")) }
    #expect(
      error?.description
        == "\(folder("a.tif")): ImageJ says 1000 planes of 40 bytes from 8 on, the file has \(bytes.count) bytes. "
        + "The file was cut: copy or export it again")
  }

  @Test func aStripPastTheEndSaysBothNumbers() throws {
    let folder = try TemporaryFolder()
    var bytes = TinyTIFF(pages: 1).bytes
    // The second strip's byte count stands after two offsets and one count, behind 40 bytes of voxels.
    bytes.replaceSubrange(60..<64, with: [0, 0, 1, 0])
    try write(folder("a.tif"), bytes)
    let error = #expect(throws: BrickworkError.self) { try readAll(folder("a.tif")) }
    #expect(
      error?.description
        == "\(folder("a.tif")), page 0, strip 1: spans 65536 bytes from 28 on, past the file's \(bytes.count) bytes. "
        + "The file was cut: copy or export it again")
  }

  @Test func anOMEFileNamesTheFileThatHoldsItsPlanes() throws {
    let folder = try TemporaryFolder()
    let text = """
      <OME UUID="urn:uuid:1"><Image Name="a"><Pixels DimensionOrder="XYZCT" Type="uint16" SizeX="5" SizeY="4" \
      SizeZ="1" SizeC="1" SizeT="1"><TiffData IFD="0"><UUID FileName="other.ome.tif">urn:uuid:2</UUID></TiffData>\
      </Pixels></Image></OME>
      """
    try write(folder("a.tif"), TinyTIFF(pages: 1, description: text).bytes)
    let error = #expect(throws: BrickworkError.self) { try readAll(folder("a.tif")) }
    #expect(error?.reason == "its OME-XML says that its planes are in other.ome.tif")
  }

  @Test func anOMEFileWithMoreVoxelsThanItsPagesIsRefused() throws {
    let folder = try TemporaryFolder()
    func document(_ sizes: String) -> String {
      "<OME><Image><Pixels DimensionOrder=\"XYZCT\" Type=\"uint16\" \(sizes) SizeT=\"1\"><TiffData/></Pixels></Image></OME>"
    }
    try write(
      folder("a.tif"),
      TinyTIFF(description: document("SizeX=\"6\" SizeY=\"4\" SizeZ=\"3\" SizeC=\"1\"")).bytes)
    let error = #expect(throws: BrickworkError.self) { try readAll(folder("a.tif")) }
    #expect(error?.reason == "its OME-XML says 6 × 4 voxels (x, y), its pages have 5 × 4")
    // One plane too many in a plain stack does no harm; with channels nobody knows which are meant.
    let stack = TinyTIFF(description: document("SizeX=\"5\" SizeY=\"4\" SizeZ=\"4\" SizeC=\"1\""))
    try write(folder("b.tif"), stack.bytes)
    #expect(try readAll(folder("b.tif")) == stack.voxels)
    try write(
      folder("c.tif"),
      TinyTIFF(description: document("SizeX=\"5\" SizeY=\"4\" SizeZ=\"2\" SizeC=\"2\"")).bytes)
    let second = #expect(throws: BrickworkError.self) { try readAll(folder("c.tif")) }
    #expect(second?.reason == "its OME-XML places 4 planes from directory 0 on, the file has 3")
  }

  @Test func filesOpenedWithCachesOfTheirOwnAreNotMixedUp() throws {
    let folder = try TemporaryFolder()
    // Each cache counts its sources from 1: idle handles must not be told apart by that number.
    let files = [TinyTIFF(isPacked: true), TinyTIFF(width: 7, height: 6, pages: 2, isPacked: true)]
    let volumes = try files.enumerated().map { number, file in
      try write(folder("\(number).tif"), file.bytes)
      return try TIFFFile.images(in: folder("\(number).tif"), cache: PieceCache(capacity: 0))[0]
        .volume(channel: 0, timepoint: 0)
    }
    for _ in 0..<3 {
      for (file, volume) in zip(files, volumes) {
        let block = try volume.block(of: volume.bounds)
        let voxels = block.voxels(as: UInt16.self)
        #expect(voxels.indices.map { voxels[$0] } == file.voxels)
      }
    }
  }

  @Test func manyThreadsReadTheSameVoxels() async throws {
    let folder = try TemporaryFolder()
    let file = TinyTIFF(width: 20, height: 6, pages: 40, isPacked: false)
    let packed = TinyTIFF(width: 20, height: 6, pages: 40, isPacked: true)
    try write(folder("a.tif"), file.bytes)
    try write(folder("b.tif"), packed.bytes)
    for name in ["a.tif", "b.tif"] {
      let image = try TIFFFile.images(in: folder(name), cache: PieceCache(capacity: 2000))[0]
      let volume = try image.volume(channel: 0, timepoint: 0)
      let oracle = ArrayVolume(file.voxels, size: volume.size)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for seed in 0..<4 {
          group.addTask {
            var random = SplitMix64(seed: UInt64(seed))
            for _ in 0..<200 {
              let origin = volume.size.map { Int.random(in: 0..<$0, using: &random) }
              let box = Box3(
                from: origin,
                to: origin.zip(volume.size) { Int.random(in: $0...$1, using: &random) })
              let expected = try oracle.block(of: box).byteArray
              #expect(try volume.block(of: box).byteArray == expected)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
