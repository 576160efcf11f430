import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// Small files with every byte wrong once, cut and lengthened: each opens or fails with a reason, and never traps.
@Suite struct ND2DamageTests {
  /// Two positions of two planes in two channels, with what a picture's metadata hold; frames are noise.
  private func sample(compressed: Bool) -> [UInt8] {
    var file = TinyND2()
    let points = TinyND2.Item.level(
      "Points",
      (0..<2).map {
        .level("", [.f64("dPosX", Double($0)), .f64("dPosY", 5), .text("dPosName", "p")])
      })
    file.addLoops([TinyND2.loop(2, 2, [points]), TinyND2.loop(4, 2, [.f64("dZStep", 0.5)])])
    let plane = TinyND2.Item.level("a0", [.text("sDescription", "one"), .u32("uiCompCount", 1)])
    file.add(
      "ImageMetadataSeqLV|0!",
      TinyND2.Item.level(
        "SLxPictureMetadata",
        [
          .f64("dCalibration", 0.5), .f64("dXPos", 1), .f64("dYPos", 2),
          .level("sPicturePlanes", [.u32("uiCount", 1), .level("sPlaneNew", [plane, plane])]),
        ]
      ).encoded)
    for frame in 0..<4 {
      file.addFrame(frame, (0..<48).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ frame) }, time: 3)
    }
    file.addAttributes(
      width: 4, height: 3, components: 2, frames: 4, compression: compressed ? 0 : 2)
    return file.finished()
  }

  private func exercise(_ path: String, _ what: String) throws {
    do { try ND2File.exercise(path) } catch let error as BrickworkError {
      #expect(!error.reason.isEmpty, "\(what)")
    } catch { Issue.record("\(what): \(error)") }
  }

  @Test(arguments: [false, true]) func wrongBytesGiveReasons(compressed: Bool) throws {
    let folder = try TemporaryFolder()
    let good = sample(compressed: compressed)
    try Files.replace(folder("a.nd2"), with: good)
    try ND2File.exercise(folder("a.nd2"))
    // Bytes are changed in place: a new file for each would be written to the disk thousands of times.
    let file = try #require(FileHandle(forUpdatingAtPath: folder("a.nd2")))
    func set(_ place: Int, _ byte: UInt8) throws {
      try file.seek(toOffset: UInt64(place))
      try file.write(contentsOf: [byte])
    }
    // Zeros between chunks are left alone, except a few: most of the file is padding.
    for place in good.indices where good[place] != 0 || place % 97 == 0 {
      for change: UInt8 in [0xFF, 0x80, 0x01] {
        try set(place, good[place] ^ change)
        try exercise(folder("a.nd2"), "byte \(place) ^ \(change)")
      }
      try set(place, good[place])
    }
    try file.close()
    let isRestored = try Files.read(folder("a.nd2")) == good
    #expect(isRestored)
  }

  @Test func cutAndLengthenedFilesGiveReasons() throws {
    let folder = try TemporaryFolder()
    let good = sample(compressed: false)
    for count in stride(from: 0, to: good.count, by: 131) {
      let (start, rest) = (good[..<count], good[count...])
      for (bytes, what) in [
        (start, "cut"), (start + rest.dropFirst(5), "5 bytes lost"),
        (start + [0xDA, 0xCE, 0xBE, 0x0A, 0xFF] + rest, "5 bytes added"),
      ] {
        try Data(bytes).write(to: URL(fileURLWithPath: folder("\(count) \(what)")))
        try exercise(folder("\(count) \(what)"), "\(what) at \(count)")
      }
    }
  }

  @Test func metadataOfAnyBytesGiveReasons() throws {
    var random = SplitMix64(seed: 11)
    let tree = TinyND2.Item.level(
      "R", [.u32("b", 7), .f64("a", 0.25), .level("L", [.text("n", "x")]), .bytes("v", [1, 0])])
    let xml = Array(
      #"<variant version="1.0"><no_name runtype="R"><b runtype="lx_uint32" value="7"/></no_name></variant>"#
        .utf8)
    for good in [tree.encoded, xml] {
      try ND2File.exercise(metadata: good)
      for _ in 0..<4000 {
        var bad = good
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bad[Int.random(in: 0..<bad.count, using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
        if Bool.random(using: &random) {
          bad.removeLast(Int.random(in: 0..<bad.count, using: &random))
        }
        do { try ND2File.exercise(metadata: bad) } catch { #expect(error is BrickworkError) }
      }
    }
  }

  @Test func aHundredThousandFramesOpenInASecond() throws {
    // The frames themselves are holes in the file: opening must not need them.
    let folder = try TemporaryFolder()
    let count = 100_000
    var file = TinyND2()
    file.addLoops([TinyND2.loop(1, count)])
    file.addAttributes(width: 16, height: 16, frames: count)
    let first = file.bytes.count
    let step = 8192
    var map: [UInt8] = []
    for number in (0..<count).reversed() {
      map += Array("ImageDataSeq|\(number)!".utf8)
      map += TinyND2.number(first + number * step, 8) + TinyND2.number(520, 8)
    }
    let short = file.finished()
    // What the short file's map lists, without its end.
    let listed = Array(short[(first + 48)...])
    let attributes = "ImageMetadataLV!".utf8.count + "ImageAttributesLV!".utf8.count + 32
    map += listed.prefix(attributes)
    let offset = first + count * step
    let tail = Array("ND2 CHUNK MAP SIGNATURE 0000001!".utf8) + TinyND2.number(offset, 8)
    map += tail + tail
    try Files.replace(folder("a.nd2"), with: file.bytes)
    let handle = try #require(FileHandle(forWritingAtPath: folder("a.nd2")))
    for number in 0..<count {
      try handle.seek(toOffset: UInt64(first + number * step))
      let name = "ImageDataSeq|\(number)!"
      var head = TinyND2.number(0x0ABE_CEDA, 4) + TinyND2.number(4072, 4) + TinyND2.number(520, 8)
      head += Array(name.utf8)
      try handle.write(contentsOf: Data(head))
    }
    try handle.seek(toOffset: UInt64(offset))
    let head = TinyND2.number(0x0ABE_CEDA, 4) + TinyND2.number(32, 4) + TinyND2.number(map.count, 8)
    try handle.write(
      contentsOf: Data(head + Array("ND2 FILEMAP SIGNATURE NAME 0001!".utf8) + map))
    try handle.close()
    var images: [ND2Image] = []
    let time = try ContinuousClock().measure {
      images = try ND2File.open(folder("a.nd2"), cache: PieceCache(capacity: 0))
    }
    #expect(images[0].info.timepoints == count)
    #expect(images[0].info.notes == [])
    #expect(time < .seconds(1), "opening took \(time)")
    let block = try images[0].volume(channel: 0, timepoint: count - 1).block(
      of: Box3(size: Index3(z: 1, y: 16, x: 16)))
    let isZero = block.isAllZero
    #expect(isZero)
  }
}
