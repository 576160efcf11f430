import BrickCore
import BrickFiles
import BrickJPEG2000
import BrickTestSupport
import Foundation
import Testing

/// Every JPEG 2000 file of the catalogue, against what glymur reads.
@Suite(.enabled(if: SharedData.isThere, "no ../shared/data"))
struct RealFileTests {
  static let names = SharedData.expectedPixels.keys.filter {
    $0.hasPrefix("jp2") || $0.hasSuffix(".jp2")
  }.sorted()
  static let whole = names.filter { SharedData.expectedPixels[$0]?.sha256 != nil }
  /// Files that can't be read, and words their sentence must contain.
  static let refused: [String: (BrickworkError.Code, String)] = [
    "jp2/broken2.jp2": (.damagedInput, "has the bytes aa14 and a length"),
    "jp2/edf_c2_1013627.jp2": (
      .unsupportedInput, "component 2 is subsampled: one sample for 1 columns and 17 rows"
    ),
    "jp2/huge-tile-size.jp2": (
      .damagedInput, "image of 8 × 8 pixels is cut into tiles of 3430191490 × 4204612732"
    ),
    "jp2/issue427-null-image-size.jp2": (.damagedInput, "its image is 0 × 4 pixels"),
    "jp2/not_enough_data.jp2": (.damagedInput, "holds no codestream"),
    "truncated/50_file4.jp2": (
      .damagedInput, "a tile-part of 220272 bytes begins 110052 bytes before the codestream's end"
    ),
  ]

  static func volume(_ path: String, rows: JPEG2000File.Rows = .y, cache: Int = 1 << 20) throws
    -> any Volume
  {
    try JPEG2000File.image(in: path, rows: rows, cache: PieceCache(capacity: cache))
      .volume(channel: 0, timepoint: 0)
  }

  /// The voxels with components last, as NumPy readers order them.
  static func interleaved(_ volume: any Volume) throws -> [UInt8] {
    let bytes = try volume.block(of: volume.bounds).byteArray
    let (size, width) = (volume.size, volume.type.byteCount)
    let plane = size.y * size.x
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for place in 0..<plane {
      for z in 0..<size.z {
        let start = (z * plane + place) * width
        result += bytes[start..<start + width]
      }
    }
    return result
  }

  @Test(arguments: whole) func aFileDecodesToTheSamePixelsAsElsewhere(name: String) throws {
    let expected = try #require(SharedData.expectedPixels[name])
    let volume = try Self.volume(SharedData.path(name))
    #expect(volume.type.rawValue == expected.type)
    let (size, shape) = (volume.size, expected.shape)
    #expect([size.y, size.x] == shape.prefix(2).map { $0 })
    #expect(size.z == (shape.count == 3 ? shape[2] : 1))
    #expect(sha256(try Self.interleaved(volume)) == expected.sha256)
  }

  @Test func everyFileOfTheCatalogueIsReadOrRefused() {
    #expect(Set(Self.names) == Set(Self.whole).union(Self.refused.keys))
  }

  @Test(.timeLimit(.minutes(1)), arguments: refused.keys.sorted())
  func aBrokenFileIsRefusedWithTheReason(name: String) throws {
    let (code, words) = try #require(Self.refused[name])
    let error = #expect(throws: BrickworkError.self) {
      let volume = try Self.volume(SharedData.path(name))
      _ = try volume.block(of: volume.bounds)
    }
    #expect(error?.code == code)
    #expect(error?.path == SharedData.path(name))
    #expect(error?.description.contains(words) == true, "\(error.map(\.description) ?? "")")
  }

  @Test(
    arguments: ["ovule_u8_32z_glymur", "ovule_u8_32z_opj", "em_u16_17z_glymur", "em_u16_17z_opj"],
    [JPEG2000File.Rows.y, .x])
  func aStackOfComponentsIsTheTruth(name: String, rows: JPEG2000File.Rows) throws {
    let stem = name.components(separatedBy: "z_")[0]
    let file = try Files.read(SharedData.path("jp2_zstack/\(stem)z.truth.npy"))
    let volume = try Self.volume(SharedData.path("jp2_zstack/\(name).jp2"), rows: rows)
    let width = volume.type.byteCount
    let truth = Array(file[(file.count - volume.size.volume * width)...])
    let found = try volume.block(of: volume.bounds).byteArray
    guard rows == .x else { return #expect(found == truth) }
    var turned: [UInt8] = []
    let size = volume.size
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          // Rows of the file run along y, one for each x.
          let start = ((z * size.x + x) * size.y + y) * width
          turned += truth[start..<start + width]
        }
      }
    }
    #expect(found == turned)
  }

  @Test(arguments: whole) func boxesKeepTheLawsOfVolumes(name: String) throws {
    var random = SplitMix64(seed: 7)
    for (rows, cache) in [(JPEG2000File.Rows.y, 1 << 26), (.x, 1 << 26), (.y, 0)] {
      let volume = try Self.volume(SharedData.path(name), rows: rows, cache: cache)
      guard volume.size.volume < 4 << 20 || cache > 0 else { continue }
      try checkVolumeLaws(of: volume, using: &random, boxes: cache > 0 ? 4 : 2)
    }
  }
}
