import BrickCore
import BrickFiles
import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// Loops, types of voxels and orientations that the generator doesn't make.
@Suite struct ND2LoopTests {
  /// Opens a file of 2×1 voxels in uint16, frame n with the values n + 1 and 1000 + n.
  private func open(
    _ levels: [[TinyND2.Item]], frames: Int, more: (inout TinyND2) -> Void = { _ in }
  ) throws -> [ND2Image] {
    let folder = try TemporaryFolder()
    var file = TinyND2()
    if !levels.isEmpty { file.addLoops(levels) }
    more(&file)
    for frame in 0..<frames {
      file.addFrame(frame, TinyND2.number(frame + 1, 2) + TinyND2.number(1000 + frame, 2))
    }
    file.addAttributes(width: 2, height: 1, frames: frames)
    try Files.replace(folder("a.nd2"), with: file.finished())
    return try ND2File.open(folder("a.nd2"), cache: PieceCache(capacity: 0))
  }

  private func values(_ image: ND2Image, timepoint: Int) throws -> [Int] {
    let volume = try image.volume(channel: 0, timepoint: timepoint)
    let block = try volume.block(of: volume.bounds)
    let voxels = block.voxels(as: UInt16.self)
    return stride(from: 0, to: voxels.count, by: 2).map { Int(voxels[$0]) - 1 }
  }

  @Test func severalLoopsOfAKindAreOneAxis() throws {
    let points: [TinyND2.Item] = [
      .level("Points", (0..<2).map { .level("", [.f64("dPosX", Double($0)), .f64("dPosY", 0)]) })
    ]
    let images = try open(
      [
        TinyND2.loop(1, 2), TinyND2.loop(4, 2), TinyND2.loop(2, 2, points), TinyND2.loop(7, 3),
        TinyND2.loop(4, 2),
      ], frames: 48)
    #expect(images.count == 2)
    #expect(images[0].info.timepoints == 6)
    #expect(images[0].info.size == Index3(z: 4, y: 1, x: 2))
    for (position, image) in images.enumerated() {
      for timepoint in 0..<6 {
        // Time and custom loop, the two z loops, each the outer one first.
        let wanted = (0..<4).map { z in
          (((timepoint / 3 * 2 + z / 2) * 2 + position) * 3 + timepoint % 3) * 2 + z % 2
        }
        #expect(try values(image, timepoint: timepoint) == wanted)
      }
    }
  }

  @Test func periodsThatWereNotUsedDontCount() throws {
    let periods: [TinyND2.Item] = [
      .level("pPeriod", [2, 5, 3].map { .level("", [.u32("uiCount", $0)]) }),
      .bytes("pPeriodValid", [1, 0, 1]),
    ]
    let images = try open([TinyND2.loop(8, 99, periods)], frames: 5)
    #expect(images[0].info.timepoints == 5)
    #expect(images[0].info.notes == [])
  }

  @Test func theLongestOfTheStacksBelowASpectralLoopCounts() throws {
    let below: [TinyND2.Item] = [2, 4, 3].map { .level("", TinyND2.loop(4, $0)) }
    let images = try open(
      [TinyND2.loop(1, 2), TinyND2.loop(6, 3) + [.level("ppNextLevelEx", below)]], frames: 8)
    #expect(images[0].info.size.z == 4)
    #expect(images[0].info.timepoints == 2)
    #expect(try values(images[0], timepoint: 1) == [4, 5, 6, 7])
  }

  @Test func unknownLoopsAreRefusedOrTold() throws {
    let images = try open([TinyND2.loop(5, 2)], frames: 2)
    #expect(images[0].info.timepoints == 2)
    #expect(
      images[0].info.notes == [
        "The loops of the acquisition can't be read (has a loop of type 5, which is none known): "
          + "all frames are time points of one tile without a position"
      ])
  }

  @Test func framesBeyondTheLoopsAreTold() throws {
    let images = try open([TinyND2.loop(4, 3)], frames: 5)
    #expect(images[0].info.size.z == 3)
    #expect(
      images[0].info.notes == [
        "2 frames lie beyond the 3 that the loops make and are left out"
      ])
  }

  @Test func aStackWithoutStepTakesItFromItsEnds() throws {
    let ends: [TinyND2.Item] = [
      .f64("dZLow", -2), .f64("dZHigh", 4), .f64("dZLow", -2), .f64("dZStep", 0),
    ]
    let picture = TinyND2.Item.level("SLxPictureMetadata", [.f64("dCalibration", 0.25)])
    let images = try open([TinyND2.loop(4, 4, ends)], frames: 4) {
      $0.add("ImageMetadataSeqLV|0!", picture.encoded)
    }
    #expect(images[0].info.voxelSize == VoxelSize(x: 0.25, y: 0.25, z: 2))
  }

  @Test func aQuarterTurnOfTheCameraSwapsTheAxes() throws {
    let points: [TinyND2.Item] = [
      .level(
        "Points",
        [(10.0, 100.0), (30.0, 170.0)].map {
          .level("", [.f64("dPosX", $0.0), .f64("dPosY", $0.1), .f64("dPosZ", 7)])
        }), .bool("bUseZ", true), .bool("bRelativeXY", true), .f64("dReferenceX", 1000),
      .f64("dReferenceY", -2000),
    ]
    let picture = TinyND2.Item.level(
      "SLxPictureMetadata",
      [
        .f64("dCalibration", 0.5), .f64("dStgLgCT11", 0), .f64("dStgLgCT12", -1),
        .f64("dStgLgCT21", 1), .f64("dStgLgCT22", 0),
      ])
    let images = try open([TinyND2.loop(2, 2, points)], frames: 2) {
      $0.add("ImageMetadataSeqLV|0!", picture.encoded)
    }
    #expect(images.map(\.info.name) == ["a.nd2 #1", "a.nd2 #2"])
    #expect(images[1].info.position == Point3(x: -1030, y: -1830, z: 7))
    #expect(images[1].info.cameraPosition == Point3(x: 1830, y: -1030, z: 7))
    #expect(
      images[0].info.notes == [
        "By the orientation of the camera, tiles lie up to 50.0 µm in x and 90.0 µm in y from where the usual "
          + "rule (x negated) puts them: compare both before stitching"
      ])
  }

  private static let types: [(bits: Int, pixelType: Int?, type: VoxelType)] = [
    (8, 0, VoxelType.int8), (8, 1, .uint8), (8, nil, .uint8), (16, 0, .int16), (16, nil, .uint16),
    (32, 0, .int32), (32, 1, .uint32), (32, 2, .float32), (32, nil, .float32),
  ]

  @Test(arguments: types) func bitsAndPixelTypeMakeTheType(
    bits: Int, pixelType: Int?, type: VoxelType
  ) throws {
    let folder = try TemporaryFolder()
    var file = TinyND2()
    let row = (0..<6 * bits / 8).map { UInt8($0 * 7 % 64) }
    file.addFrame(0, row + [UInt8](repeating: 0xEE, count: (12 - row.count % 12) % 4))
    file.addAttributes(
      width: 3, height: 1, components: 2, bits: bits, pixelType: pixelType, frames: 1)
    try Files.replace(folder("a.nd2"), with: file.finished())
    let image = try ND2File.open(folder("a.nd2"), cache: PieceCache(capacity: 0))[0]
    #expect(image.info.type == type)
    for channel in 0..<2 {
      let volume = try image.volume(channel: channel, timepoint: 0)
      let width = bits / 8
      var wanted: [UInt8] = []
      for x in 0..<3 {
        let start = (2 * x + channel) * width
        wanted += row[start..<start + width]
      }
      #expect(try volume.block(of: volume.bounds).byteArray == wanted)
    }
  }

  @Test func lossyFilesAndOtherKindsOfVoxelsAreRefused() throws {
    let folder = try TemporaryFolder()
    for (bits, pixelType, compression, words) in [
      (16, 1, 1, "compressed with losses"), (16, 2, 2, "16 bits of pixel type 2"),
      (16, 1, 3, "compression 3"),
    ] {
      var file = TinyND2()
      file.addFrame(0, [1, 2, 3, 4])
      file.addAttributes(
        width: 2, height: 1, bits: bits, pixelType: pixelType, frames: 1, compression: compression)
      try Files.replace(folder("a.nd2"), with: file.finished())
      let error = #expect(throws: BrickworkError.self) {
        try ND2File.images(in: folder("a.nd2"), cache: PieceCache(capacity: 0))
      }
      #expect(error?.code == .unsupportedInput)
      #expect(error?.description.contains(words) ?? false)
    }
  }

  @Test func framesAreBelievedMoreThanTheFlagOfCompression() throws {
    let folder = try TemporaryFolder()
    let row = (0..<256).map { UInt8($0 & 15) }
    // A stored block in a zlib stream: header, length, complement, bytes, Adler-32.
    var (a, b) = (1, 0)
    for byte in row { (a, b) = ((a + Int(byte)) % 65521, (b + a + Int(byte)) % 65521) }
    let stream: [UInt8] =
      [0x78, 1, 1] + TinyND2.number(256, 2) + TinyND2.number(~256, 2) + row
      + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
    for (compression, pixels) in [(0, row), (2, row), (0, stream)] {
      var file = TinyND2()
      file.addFrame(0, pixels)
      file.addAttributes(width: 128, height: 1, frames: 1, compression: compression)
      try Files.replace(folder("a.nd2"), with: file.finished())
      let image = try ND2File.open(folder("a.nd2"), cache: PieceCache(capacity: 0))[0]
      let volume = try image.volume(channel: 0, timepoint: 0)
      let isRight = try volume.block(of: volume.bounds).byteArray == row
      #expect(isRight)
    }
  }

  @Test func legacyFilesAreToldApartAndRefused() throws {
    let folder = try TemporaryFolder()
    let start: [UInt8] = [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A]
    let tail = Array("LABORATORY IMAGING ND BOX MAP 00".utf8) + TinyND2.number(60, 8)
    try Files.replace(folder("old.nd2"), with: start + [UInt8](repeating: 0, count: 100) + tail)
    try Files.replace(folder("picture.jp2"), with: start + [UInt8](repeating: 0, count: 100))
    #expect(try ND2File.isLegacy(folder("old.nd2")))
    #expect(try !ND2File.isLegacy(folder("picture.jp2")))
    let error = #expect(throws: BrickworkError.self) {
      try ND2File.images(in: folder("old.nd2"), cache: PieceCache(capacity: 0))
    }
    #expect(
      error?.description
        == "\(folder("old.nd2")): is a legacy ND2 file (JPEG 2000 inside), which is not read. Open it in "
        + "NIS-Elements and save it as ND2 again, or export its frames as TIFF")
    #expect(error?.code == .unsupportedInput)
  }
}
