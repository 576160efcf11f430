import BrickCore
import BrickFiles
import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// What becomes of each kind of damage that the generator knows.
@Suite(.enabled(if: ND2Oracle.canGenerate, ND2Oracle.whyNot))
struct ND2CorruptTests {
  /// What must come out of a damaged file.
  enum Outcome {
    /// No tile, for this reason.
    case fails(BrickworkError.Code, String)
    /// All frames but these, which read as zeros, and those, whose reading fails; a note that says so.
    case reads(zeros: Set<Int> = [], failing: Set<Int> = [], note: String?)
    /// All frames as time points of one tile.
    case flat(String)
    /// Tiles without planes.
    case empty
  }

  // Files have 4 positions of 5 planes: 20 frames, of which 10 is the middle one, where damage goes by default.
  static let outcomes: [String: Outcome] = [
    "absurd-dims": .fails(.damagedInput, "too few for 2147483647 pixels"),
    "absurd-frames": .reads(note: nil),
    "absurd-positions": .reads(note: nil),
    "absurd-z": .reads(note: "The z loop claims 2147483647 turns; the 20 frames leave room for 5"),
    "zero-dims": .fails(.damagedInput, "0×0 pixels"),
    "width-bytes-small": .fails(.damagedInput, "rows of 64 bytes, too few"),
    "odd-bits": .fails(.damagedInput, "13 bits"),
    "zero-comp": .fails(.damagedInput, "0 components"),
    "huge-comp": .fails(.damagedInput, "1073741824 components"),
    "zero-frames": .empty,
    "missing-frame": .reads(zeros: [10], note: "1 of 5 frames are missing and read as zeros: 10"),
    "missing-entry": .reads(
      note: "1 frames that the chunk map doesn't list were found in the file"),
    "zlib-garbage": .reads(failing: [10], note: nil),
    "zlib-truncated": .reads(failing: [10], note: nil),
    "zlib-short": .reads(failing: [10], note: nil),
    // Its first bytes are zeros, and no more is inflated.
    "zlib-bomb": .reads(zeros: [10], note: nil),
    "short-frame": .reads(failing: [10], note: nil),
    "lv-huge-count": .fails(.damagedInput, "4294967295 values"),
    "lv-huge-length": .fails(.damagedInput, "4611686018427387904 bytes"),
    "lv-bad-type": .flat("unknown type 200"),
    "lv-unterminated": .reads(note: "ImageTextInfoLV"),
    "lv-truncated": .flat("ImageMetadataLV"),
    "lv-deep": .flat("deeper than 64 levels"),
    "lv0z-bomb": .reads(note: "ImageTextInfoLV can't be read"),
    "truncate-frame": .fails(.damagedInput, "no image attributes"),
    "truncate-header": .fails(.damagedInput, "no image attributes"),
    "no-map": .reads(note: "the file was searched, and 20 frames were found"),
    "zero-tail": .reads(note: "the file was searched, and 20 frames were found"),
    "bad-tail-signature": .reads(note: "the file was searched, and 20 frames were found"),
    "map-offset": .reads(note: "the file was searched, and 20 frames were found"),
    "map-beyond-eof": .reads(note: "the file was searched, and 20 frames were found"),
    "map-to-frame": .reads(note: "the file was searched, and 20 frames were found"),
    "bad-map-magic": .reads(note: "the file was searched, and 20 frames were found"),
    "bad-frame-magic": .reads(
      failing: [10], note: "1 of 5 frames are listed and nowhere in the file"),
    "shift": .reads(failing: [10], note: "the file was searched, and 20 frames were found"),
    "entry-beyond-eof": .reads(note: "The chunk map is wrong about frame 10"),
    "entry-swap": .reads(note: "The chunk map is wrong about frame 0"),
    "entry-duplicate": .reads(note: nil),
    "entry-unterminated": .reads(note: "The chunk map is missing or damaged"),
    "huge-data-len": .reads(note: nil),
    "huge-name-len": .reads(failing: [10], note: "nowhere in the file"),
    "empty": .fails(.damagedInput, "is empty: 0 bytes"),
    "header-only": .fails(.damagedInput, "112 bytes are left"),
    "tiny": .fails(.damagedInput, "20 bytes are left"),
    "not-nd2": .fails(.damagedInput, "is no ND2 file"),
    "legacy-magic": .fails(.unsupportedInput, "JPEG 2000"),
  ]

  @Test func eachKindOfDamageComesOutAsDocumented() throws {
    let modes = Self.outcomes.keys.sorted()
    let folder = try ND2Oracle.generate(
      modes.map { "--corrupt \($0)" + ($0.hasPrefix("zlib") ? " --compress" : "") })
    // The generator knows no mode that isn't here.
    try SharedData.runPython(
      """
      import sys, os
      sys.path.insert(0, os.path.dirname(sys.argv[1]))
      import make_nd2
      assert sorted(make_nd2.CORRUPT) == sys.argv[2:], set(make_nd2.CORRUPT) ^ set(sys.argv[2:])
      """, [ND2Oracle.generator] + modes)
    for (number, mode) in modes.enumerated() {
      let before = BlockStorage.usage.peak
      let outcome = try #require(Self.outcomes[mode])
      try expect(folder("\(number).nd2"), outcome, mode)
      #expect(BlockStorage.usage.peak - before < 1 << 20, "\(mode) takes much memory")
    }
  }

  @Test func interruptedAcquisitionsAreReadIfFramesAreSquareOrAttributesCameFirst() throws {
    let folder = try ND2Oracle.generate([
      "--size 48x48 --corrupt truncate-frame",
      "--size 48x48 --channels 2 --corrupt truncate-header",
      "--attributes-first --corrupt truncate-frame",
      "--attributes-first --compress --corrupt truncate-frame:13",
      "--size 31x31 --dtype uint8 --corrupt truncate-frame",
    ])
    let squares = "pixels of uint16 were taken from the size of the frames"
    try expect(folder("0.nd2"), .reads(zeros: Set(10..<20), note: squares), "square")
    try expect(folder("1.nd2"), .reads(zeros: Set(10..<20), note: squares), "square channels")
    try expect(
      folder("2.nd2"), .reads(zeros: Set(10..<20), note: "The file ends within a frame"), "first")
    try expect(
      folder("3.nd2"), .reads(zeros: Set(13..<20), note: "The file ends within a frame"), "zlib")
    try expect(
      folder("4.nd2"), .reads(zeros: Set(10..<20), note: "31×31 pixels of uint8"), "8 bits")
  }

  @Test func damageInDifferentPlacesIsSurvivedToo() throws {
    let lines = [
      "--compact --corrupt shift:3,100", "--compact --corrupt no-map", "--corrupt shift:0,4095",
      "--corrupt shift:19,17 --compress --pattern noise", "--version 2.1 --corrupt zero-tail",
      "--corrupt entry-swap:3,17", "--corrupt entry-swap:18,19 --compress",
      "--corrupt missing-frame:0,1,2,3,4",
      "--corrupt missing-entry:0", "--corrupt missing-entry:19",
      "--compact --corrupt missing-entry:7",
      "--corrupt missing-entry:4 --map-size-is-offset", "--compress --corrupt missing-entry:4",
      "--corrupt bad-frame-magic:0 --corrupt zero-tail",
      "--corrupt huge-data-len:5 --corrupt zero-tail",
      "--corrupt huge-name-len:5 --corrupt zero-tail",
      "--corrupt huge-data-len:19 --corrupt no-map",
      "--size 64x48 --corrupt short-frame:0", "--compress --corrupt zlib-bomb:3,64",
    ]
    let folder = try ND2Oracle.generate(lines)
    let searched = "the file was searched"
    let expected: [Outcome] = [
      .reads(failing: [3], note: searched), .reads(note: searched),
      .reads(failing: [0], note: searched),
      .reads(failing: [19], note: searched), .reads(note: searched), .reads(note: searched),
      .reads(note: searched), .reads(zeros: [0, 1, 2, 3, 4], note: "5 of 5 frames are missing"),
      .reads(note: "doesn't list"), .reads(note: "doesn't list"), .reads(note: "doesn't list"),
      .reads(note: "doesn't list"), .reads(note: "doesn't list"),
      .reads(zeros: [0], note: searched),
      .reads(note: searched), .reads(zeros: [5], note: searched), .reads(note: searched),
      .reads(failing: [0], note: nil), .reads(zeros: [3], note: nil),
    ]
    for (number, outcome) in expected.enumerated() {
      try expect(folder("\(number).nd2"), outcome, lines[number])
    }
  }

  @Test func framesBeyondTheSampleAreCheckedWhenTheyAreRead() throws {
    let many = "--no-xy --z 0 --time 200 --size 32x32"
    let lines = ["entry-swap:100,101", "bad-frame-magic:100", "entry-beyond-eof:100"].map {
      "\(many) --corrupt \($0)"
    }
    let folder = try ND2Oracle.generate(lines)
    try expect(folder("0.nd2"), .reads(note: nil), "swapped")
    try expect(folder("1.nd2"), .reads(failing: [100], note: nil), "lost")
    try expect(folder("2.nd2"), .reads(note: nil), "beyond")
  }

  private func expect(_ path: String, _ outcome: Outcome, _ mode: String) throws {
    let images: [ND2Image]
    do { images = try ND2File.open(path, cache: PieceCache(capacity: 1 << 20)) } catch {
      let error = try #require(error as? BrickworkError)
      guard case .fails(let code, let words) = outcome else {
        Issue.record("\(mode): \(error)")
        return
      }
      #expect(error.code == code, "\(mode)")
      #expect(error.description.contains(words), "\(mode): \(error)")
      #expect(error.path == path, "\(mode)")
      return
    }
    let truth = try ND2Truth(path)
    let notes = images.flatMap(\.info.notes)
    switch outcome {
    case .fails: Issue.record("\(mode) opens")
    case .empty:
      #expect(images.map(\.info.size) == Array(repeating: Index3(z: 0, y: 48, x: 64), count: 4))
      #expect(notes.allSatisfy { $0.contains("holds no frames") })
    case .flat(let words):
      #expect(
        images.count == 1 && images[0].info.timepoints == 20 && images[0].info.position == nil)
      #expect(notes.contains { $0.contains(words) }, "\(mode): \(notes)")
      for (number, frame) in truth.frames.enumerated() {
        let found = try ND2Oracle.crc(images[0], channel: 0, timepoint: number, z: 0)
        #expect(found == frame.crc?[0], "\(mode), frame \(number)")
      }
    case .reads(let zeros, let failing, let note):
      try #require(images.count == truth.counts["P"] ?? 1, "\(mode)")
      if let note {
        #expect(notes.contains { $0.contains(note) }, "\(mode): \(notes)")
      } else {
        #expect(notes == [], "\(mode)")
      }
      for (number, frame) in truth.frames.enumerated() {
        for channel in 0..<truth.components {
          let found = Result {
            try ND2Oracle.crc(
              images[frame.position], channel: channel, timepoint: frame.timepoint, z: frame.z)
          }
          switch found {
          case .failure(let error):
            let error = try #require(error as? BrickworkError)
            #expect(failing.contains(number), "\(mode), frame \(number): \(error)")
            #expect(error.code == .damagedInput && error.place == "frame \(number)")
          case .success(let crc):
            let bytes = truth.width * truth.height * (truth.type == "uint8" ? 1 : 2)
            let isZero = crc == ND2Oracle.crc([UInt8](repeating: 0, count: bytes))
            #expect(!failing.contains(number), "\(mode), frame \(number) is read")
            #expect(
              zeros.contains(number) ? isZero : crc == frame.crc?[channel],
              "\(mode), frame \(number), channel \(channel)")
          }
        }
      }
    }
  }
}
