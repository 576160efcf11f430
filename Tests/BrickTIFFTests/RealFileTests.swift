import BrickCore
import BrickTIFF
import BrickTestSupport
import Testing

/// Every TIFF file of the catalogue, against what tifffile reads.
@Suite(.enabled(if: SharedData.isThere, "no ../shared/data"))
struct RealFileTests {
  static let names = SharedData.expectedPixels.keys.filter {
    $0.hasSuffix(".tif") || $0.hasSuffix(".tiff")
  }.sorted()
  static let broken = names.filter { $0.hasPrefix("tiff_corrupt/") || $0.hasPrefix("truncated/") }
  /// Pictures, and words the refusal must contain.
  static let refused = [
    "tiff/rgb.u1.tif": "is RGB, 3 samples per pixel",
    "tiff/rgb_grey_identical_channels.tif": "is RGB, 3 samples per pixel",
    "tiff/no_rows_per_strip.tiff": "is RGB, 3 samples per pixel",
    "tiff/BigTIFF.tif": "is RGB, 3 samples per pixel",
    "tiff/BigTIFFLong.tif": "is RGB, 3 samples per pixel",
    "tiff/BigTIFFMotorola.tif": "is RGB, 3 samples per pixel",
    "tiff/gray.separate.u1.tif": "has 5 samples per pixel in separate planes",
    "tiff/gray.depth.deflate.u1.tif": "has tiles of 8 planes (TileDepth tag)",
  ]

  static func wholePixels(_ path: String) throws -> (type: VoxelType, bytes: [UInt8]) {
    let images = try TIFFFile.images(in: path, cache: PieceCache(capacity: 1 << 20))
    var bytes: [UInt8] = []
    for image in images {
      for timepoint in 0..<image.info.timepoints {
        for channel in image.info.channelNames.indices {
          let volume = try image.volume(channel: channel, timepoint: timepoint)
          guard volume.size.volume < 64 << 20 else {
            throw BrickworkError(
              .badRequest, reason: "the test reads no such volume: \(volume.size)")
          }
          bytes += try volume.block(of: volume.bounds).byteArray
        }
      }
    }
    return (images[0].info.type, bytes)
  }

  @Test(arguments: names.filter { !broken.contains($0) && refused[$0] == nil })
  func aFileDecodesToTheSamePixelsAsElsewhere(name: String) throws {
    let expected = try #require(SharedData.expectedPixels[name])
    let (type, bytes) = try Self.wholePixels(SharedData.path(name))
    #expect(type.rawValue == expected.type)
    #expect(bytes.count == expected.shape.reduce(type.byteCount, *))
    #expect(sha256(bytes) == expected.sha256)
  }

  @Test(arguments: refused.keys.sorted()) func aPictureIsRefusedWithTheReason(name: String) throws {
    let words = try #require(Self.refused[name])
    let error = #expect(throws: BrickworkError.self) { try Self.wholePixels(SharedData.path(name)) }
    #expect(error?.code == .unsupportedInput)
    #expect(error?.path == SharedData.path(name))
    #expect(error?.description.contains(words) == true, "\(error.map(\.description) ?? "")")
  }

  @Test(.timeLimit(.minutes(1)), arguments: broken)
  func aDamagedFileGivesAnErrorOrTheRightPixels(name: String) throws {
    let expected = try #require(SharedData.expectedPixels[name])
    do {
      let (_, bytes) = try Self.wholePixels(SharedData.path(name))
      #expect(sha256(bytes) == expected.sha256)
    } catch let error as BrickworkError {
      #expect(error.path == SharedData.path(name))
      #expect(!error.reason.isEmpty)
    }
  }

  @Test func stagePositionsOfAZeissScanComeFromItsOMEXML() throws {
    let infos = try (0..<2).map { tile in
      try TIFFFile.images(
        in: SharedData.path("tiles/mosaic_czi/tile_\(tile).ome.tif"),
        cache: PieceCache(capacity: 0))[0].info
    }
    #expect(
      infos.map(\.voxelSize)
        == Array(repeating: VoxelSize(x: 1.0833333, y: 1.0833333, z: 1), count: 2))
    #expect(infos[0].position == .zero)
    #expect(infos[1].position == Point3(x: 901.3333056, y: 0, z: 0))
    #expect(infos[1].size == Index3(z: 1, y: 624, x: 924))
    #expect(infos[1].name == "tile_1.ome.tif")
    #expect(infos[1].format == "OME-TIFF (strips, uncompressed, little-endian)")
  }

  @Test(arguments: [(0, 0), (0, 1), (1, 0), (1, 1)])
  func nominalOffsetsOfDerivedTilesComeFromTheirOMEXML(row: Int, column: Int) throws {
    let info = try TIFFFile.images(
      in: SharedData.path("tiles/derived_em_2x2/tile_r\(row)_c\(column).ome.tif"),
      cache: PieceCache(capacity: 0))[0].info
    #expect(info.voxelSize == VoxelSize(x: 0.2, y: 0.2, z: 0.4))
    #expect(info.size == Index3(z: 36, y: 188, x: 369))
    let position = try #require(info.position)
    // truth.json has the nominal offsets in voxels: 314 along x, 160 along y.
    #expect(abs(position.x - Double(column) * 314 * 0.2) < 1e-9)
    #expect(abs(position.y - Double(row) * 160 * 0.2) < 1e-9)
    #expect(position.z == 0)
  }

  @Test func anImageJStackSaysItsVoxelSize() throws {
    let info = try TIFFFile.images(
      in: SharedData.path("tiff/lightsheet_ij_19z.tif"), cache: PieceCache(capacity: 0))[0].info
    // 200000 / 1000000 pixels per µm, and no spacing, which means 1.
    #expect(info.voxelSize == VoxelSize(x: 5, y: 5, z: 1))
    #expect(info.size == Index3(z: 19, y: 172, x: 172))
    #expect(info.format == "ImageJ TIFF (strips, uncompressed, big-endian)")
  }
}
