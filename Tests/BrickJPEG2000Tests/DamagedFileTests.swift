import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickJPEG2000
import BrickTestSupport
import Foundation
import Testing

@Suite struct DamagedFileTests {
  /// Writes a file without waiting for the disk: there are thousands.
  private func write(_ path: String, _ bytes: [UInt8]) throws {
    try #require(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
  }

  /// A small stack, as a file.
  private func stack(_ folder: TemporaryFolder, _ name: String) throws -> [UInt8] {
    let volume = WriterTests.volume(.uint16, Index3(z: 4, y: 9, x: 11), seed: 9)
    try JPEG2000Writer.write(volume, to: folder(name))
    return try Files.read(folder(name))
  }

  /// Reads everything a file offers, as long as it claims no more than a test can hold.
  private func readAll(_ path: String) throws -> [UInt8] {
    try JPEG2000File.exercise(path)
    let volume = try RealFileTests.volume(path)
    guard let count = volume.size.checkedVolume, count < 1 << 16 else { return [] }
    return try volume.block(of: volume.bounds).byteArray
  }

  @Test(arguments: ["a.jp2", "a.j2k"]) func cuttingTheFileAnywhereGivesAnErrorOrTheVoxels(
    name: String
  ) throws {
    let folder = try TemporaryFolder()
    let bytes = try stack(folder, name)
    let whole = try readAll(folder(name))
    for count in 0..<bytes.count where count < 150 || count % 5 == 0 || count > bytes.count - 9 {
      try write(folder(name), Array(bytes[..<count]))
      // The two bytes of the end marker may be missing.
      if count >= bytes.count - 2 {
        #expect(try readAll(folder(name)) == whole)
      } else {
        #expect(throws: BrickworkError.self, "\(count) bytes") { _ = try readAll(folder(name)) }
      }
    }
  }

  @Test func aTilePartWithoutALengthThatWasCutIsNoticed() throws {
    let folder = try TemporaryFolder()
    let volume = WriterTests.volume(.uint8, Index3(z: 1, y: 30, x: 30), seed: 2)
    try JPEG2000Writer.write(volume, to: folder("a.j2k"))
    var bytes = try Files.read(folder("a.j2k"))
    let sot = try #require(
      (0..<bytes.count - 1).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0x90 })
    // The length 0 says: up to the end.
    bytes.replaceSubrange(sot + 6..<sot + 10, with: [0, 0, 0, 0])
    try write(folder("a.j2k"), bytes)
    let whole = try readAll(folder("a.j2k"))
    #expect(try whole == volume.block(of: volume.bounds).byteArray)
    for count in stride(from: bytes.count - 4, to: sot + 14, by: -7) {
      try write(folder("a.j2k"), Array(bytes[..<count]))
      #expect(throws: BrickworkError.self, "\(count) bytes") { _ = try readAll(folder("a.j2k")) }
    }
  }

  @Test func noByteValueMakesTheReaderCrash() throws {
    let folder = try TemporaryFolder()
    let bytes = try stack(folder, "a.jp2")
    // Headers and the beginning of the data; the rest is OpenJPEG's.
    for place in 0..<min(bytes.count, 260) {
      for value in [0, 1, 255, bytes[place] ^ 0x80, bytes[place] &+ 1] where value != bytes[place] {
        var damaged = bytes
        damaged[place] = value
        try write(folder("a.jp2"), damaged)
        do { _ = try readAll(folder("a.jp2")) } catch is BrickworkError {}
      }
    }
  }

  @Test(arguments: 0..<20) func randomDamageNeverCrashes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    let bytes = try stack(folder, "a.j2k")
    for _ in 0..<25 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        damaged += (0..<Int.random(in: 0...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      }
      try write(folder("a.j2k"), damaged)
      do { _ = try readAll(folder("a.j2k")) } catch is BrickworkError {}
    }
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared/data"))
  func damagedRealFilesNeverCrash() throws {
    var random = SplitMix64(seed: 1)
    let folder = try TemporaryFolder()
    for name in RealFileTests.whole {
      let bytes = try Files.read(SharedData.path(name))
      guard bytes.count < 20_000 else { continue }
      for _ in 0..<15 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<min(bytes.count, 400), using: &random)
          damaged[place] = UInt8.random(in: 0...255, using: &random)
        }
        try write(folder("a.jp2"), damaged)
        do { _ = try readAll(folder("a.jp2")) } catch is BrickworkError {}
      }
    }
  }

  @Test func aFileThatChangesAfterItWasOpenedIsNoticed() throws {
    let folder = try TemporaryFolder()
    let bytes = try stack(folder, "a.jp2")
    let volume = try RealFileTests.volume(folder("a.jp2"))
    try write(folder("a.jp2"), Array(bytes[..<(bytes.count - 100)]))
    let error = #expect(throws: BrickworkError.self) { _ = try volume.block(of: volume.bounds) }
    #expect(
      error?.reason == "has \(bytes.count - 100) bytes now, and \(bytes.count) when it was opened")
  }

  @Test func planesThatDifferAreRefused() throws {
    let folder = try TemporaryFolder()
    let cache = PieceCache(capacity: 0)
    for (name, type, size) in [
      ("0.jp2", VoxelType.uint8, Index3(z: 1, y: 4, x: 5)),
      ("1.jp2", .uint8, Index3(z: 1, y: 5, x: 4)), ("2.jp2", .int8, Index3(z: 1, y: 4, x: 5)),
      ("3.jp2", .uint8, Index3(z: 2, y: 4, x: 5)),
    ] {
      try JPEG2000Writer.write(WriterTests.volume(type, size, seed: 1), to: folder(name))
    }
    func reason(_ second: String) -> String? {
      let error = #expect(throws: BrickworkError.self) {
        try JPEG2000File.image(
          ofPlanes: [folder("0.jp2"), folder(second)], folder: folder.path, cache: cache)
      }
      return error?.reason.replacing(folder.path + "/", with: "")
    }
    #expect(reason("1.jp2") == "is 4 × 5 pixels of uint8, 0.jp2 is 5 × 4 pixels of uint8")
    #expect(reason("2.jp2") == "is 5 × 4 pixels of int8, 0.jp2 is 5 × 4 pixels of uint8")
    #expect(reason("3.jp2") == "has 2 components, where a plane has one")
  }
}
