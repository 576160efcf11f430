import BrickCore
import BrickFiles
import BrickJPEG2000
import BrickTestSupport
import Foundation
import Testing

@Suite struct WriterTests {
  /// Voxels that compress a little, of any type that can be written.
  static func volume(_ type: VoxelType, _ size: Index3, seed: UInt64) -> ArrayVolume {
    var random = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    for place in 0..<size.volume {
      let noise = Int.random(in: 0..<40, using: &random)
      let value = place % 7 == 0 ? Int(truncatingIfNeeded: random.next()) : noise + place % size.x
      for byte in 0..<type.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte)))
      }
    }
    return ArrayVolume(bytes: bytes, type: type, size: size)
  }

  /// Large planes that are soon coded.
  static func smooth(_ size: Index3) -> ArrayVolume {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size.volume)
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x { bytes.append(UInt8(truncatingIfNeeded: (x >> 6) + (y >> 7) + z)) }
      }
    }
    return ArrayVolume(bytes: bytes, type: .uint8, size: size)
  }

  @Test(
    arguments: [VoxelType.uint8, .int8, .uint16, .int16],
    [
      Index3(z: 1, y: 1, x: 1), Index3(z: 5, y: 33, x: 70), Index3(z: 300, y: 9, x: 4),
      Index3(z: 2, y: 1, x: 200),
    ])
  func whatIsWrittenIsReadBack(type: VoxelType, size: Index3) throws {
    let folder = try TemporaryFolder()
    let volume = Self.volume(type, size, seed: 3)
    for (name, workers) in [("a.jp2", 1), ("b.j2k", 3)] {
      try JPEG2000Writer.write(
        volume, to: folder(name), JPEG2000Writer.Options(workers: workers))
      let found = try RealFileTests.volume(folder(name))
      #expect(found.type == type && found.size == size)
      #expect(
        try found.block(of: found.bounds).byteArray == volume.block(of: volume.bounds).byteArray)
    }
    #expect(try Set(Files.names(in: folder.path)) == ["a.jp2", "b.j2k"])
  }

  @Test func aFolderOfPlanesIsReadBack() throws {
    let folder = try TemporaryFolder()
    let volume = Self.volume(.uint16, Index3(z: 12, y: 20, x: 31), seed: 4)
    let paths = try JPEG2000Writer.writePlanes(
      volume, inFolder: folder("tile"), JPEG2000Writer.Options(workers: 2))
    #expect(paths.count == 12 && paths[3] == folder("tile/z0003.jp2"))
    let image = try JPEG2000File.image(
      ofPlanes: paths, folder: folder("tile"), cache: PieceCache(capacity: 1 << 20))
    let found = try image.volume(channel: 0, timepoint: 0)
    var random = SplitMix64(seed: 5)
    try checkVolumeLaws(of: found, using: &random)
    #expect(
      try found.block(of: found.bounds).byteArray == volume.block(of: volume.bounds).byteArray)
    #expect(image.info.path == folder("tile") && image.info.name == "tile")
    #expect(throws: BrickworkError.self) {
      try JPEG2000Writer.writePlanes(volume, inFolder: folder("tile"))
    }
  }

  @Test func largePlanesAreCutIntoTilesAndStripsOfThemRead() throws {
    let folder = try TemporaryFolder()
    // 2 × 3 tiles, the last ones 1 and 4 voxels wide: too small for the usual decompositions.
    let volume = Self.smooth(Index3(z: 2, y: 2049, x: 4100))
    try JPEG2000Writer.write(volume, to: folder("a.jp2"), JPEG2000Writer.Options(workers: 2))
    let found = try RealFileTests.volume(folder("a.jp2"), cache: 64 << 20)
    #expect(
      try found.block(of: found.bounds).byteArray == volume.block(of: volume.bounds).byteArray)
    let box = Box3(
      origin: Index3(z: 1, y: 2040, x: 4090), size: Index3(z: 1, y: 9, x: 10))
    #expect(try found.block(of: box).byteArray == volume.block(of: box).byteArray)
    #expect(found.decodedBytes(reading: box) < 5 << 20)
    // Edge tiles of one voxel have no coarser resolution, so there is none of the whole.
    let image = try JPEG2000File.image(in: folder("a.jp2"), cache: PieceCache(capacity: 0))
    #expect(
      try image.reduced(by: Index3(repeating: 2), channel: 0, timepoint: 0) == nil)
  }

  @Test(.enabled(if: Glymur.isThere, "no glymur among the Python readers"))
  func glymurAndImagecodecsReadWhatIsWritten() throws {
    let folder = try TemporaryFolder()
    for (number, (type, size)) in [
      (VoxelType.uint8, Index3(z: 300, y: 20, x: 33)), (.uint16, Index3(z: 7, y: 61, x: 40)),
      (.int16, Index3(z: 4, y: 16, x: 16)), (.uint16, Index3(z: 1, y: 50, x: 60)),
      (.uint8, Index3(z: 1, y: 2100, x: 4100)),
    ].enumerated() {
      let volume =
        size.x > 1000 ? Self.smooth(size) : Self.volume(type, size, seed: UInt64(number))
      try JPEG2000Writer.write(volume, to: folder("\(number).jp2"))
      try Files.replace(
        folder("\(number).raw"), with: volume.block(of: volume.bounds).byteArray)
      try SharedData.runPython(
        """
        import sys, numpy as np, glymur, imagecodecs
        name, raw, dtype, z, y, x = sys.argv[1:]
        truth = np.fromfile(raw, dtype).reshape(int(z), int(y), int(x))
        found = glymur.Jp2k(name)[:]
        found = found[..., None] if found.ndim == 2 else found
        assert found.dtype == truth.dtype and (np.moveaxis(found, 2, 0) == truth).all(), name
        other = imagecodecs.jpeg2k_decode(open(name, 'rb').read())
        other = other[..., None] if other.ndim == 2 else other
        assert (np.moveaxis(other, 2, 0) == truth).all(), name
        """,
        [
          folder("\(number).jp2"), folder("\(number).raw"), type.rawValue, "\(size.z)",
          "\(size.y)", "\(size.x)",
        ])
    }
  }

  @Test func whatCannotBeWrittenSaysWhy() throws {
    let folder = try TemporaryFolder()
    let float = ArrayVolume([1.5 as Float], size: .one)
    #expect(
      throws: BrickworkError(
        .unsupportedInput, path: folder("a.jp2"),
        reason: "JPEG 2000 is written of integers of 8 or 16 bits, and the voxels are float32",
        remedy: "Convert the volume first, or write another format")
    ) { try JPEG2000Writer.write(float, to: folder("a.jp2")) }
    let deep = ArrayVolume([UInt8](repeating: 0, count: 16385), size: Index3(z: 16385, y: 1, x: 1))
    #expect(throws: BrickworkError.self) { try JPEG2000Writer.write(deep, to: folder("a.jp2")) }
    let good = ArrayVolume([1 as UInt8], size: .one)
    try JPEG2000Writer.write(good, to: folder("a.jp2"))
    let error = #expect(throws: BrickworkError.self) {
      try JPEG2000Writer.write(good, to: folder("a.jp2"))
    }
    #expect(error?.code == .outputExists)
    try JPEG2000Writer.write(
      good, to: folder("a.jp2"), JPEG2000Writer.Options(overwrite: true))
    #expect(try Files.names(in: folder.path) == ["a.jp2"])
  }

  /// A source whose middle plane can't be read.
  private struct Failing: Volume {
    let type = VoxelType.uint8
    let size = Index3(z: 3, y: 4, x: 4)
    func read(into block: inout VoxelBlock) throws {
      if block.box.origin.z == 1 { throw BrickworkError(.inputOutput, reason: "no such plane") }
      block.clear()
    }
    func scratchBytes(reading size: Index3) -> Int { 0 }
  }

  @Test func aSourceThatFailsLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    for workers in [1, 2] {
      let error = #expect(throws: BrickworkError.self) {
        try JPEG2000Writer.write(
          Failing(), to: folder("a.jp2"), JPEG2000Writer.Options(workers: workers))
      }
      #expect(error?.reason == "no such plane")
      #expect(try Files.names(in: folder.path).isEmpty)
    }
  }
}
