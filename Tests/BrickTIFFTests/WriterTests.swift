import BrickCore
import BrickFiles
import BrickTIFF
import BrickTestSupport
import Testing

@Suite struct WriterTests {
  private static let compressions: [TIFFWriter.Compression] = [
    .none, .deflate(level: 6), .zstd(level: 3), .lzw,
  ]

  private func bytes(_ size: Index3, _ type: VoxelType, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<size.volume * type.byteCount).map { _ in
      UInt8.random(in: 0...255, using: &random) & 0x3F
    }
  }

  /// A volume that says what is read of it, and fails at a plane.
  private struct Failing: Volume {
    let type = VoxelType.uint8
    let size: Index3
    var plane = Int.max

    func read(into block: inout VoxelBlock) throws {
      block.clear()
      guard block.box.end.z > plane else { return }
      throw BrickworkError(.damagedInput, path: "tile", reason: "fails")
    }
    func scratchBytes(reading size: Index3) -> Int { 0 }
  }

  @Test(arguments: VoxelType.allCases, compressions)
  func everyTypeComesBack(_ type: VoxelType, _ compression: TIFFWriter.Compression) throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 3, y: 37, x: 53)
    let voxels = bytes(size, type)
    var options = TIFFWriter.Options()
    options.compression = compression
    options.voxelSize = VoxelSize(x: 0.16, y: 0.17, z: 0.4)
    options.name = "a <\"näme\"> & \u{1}more"
    options.channelName = "DAPI & co"
    options.position = type.byteCount == 8 && !type.isFloat ? nil : Point3(x: -1.5, y: 2, z: 1e-3)
    try TIFFWriter.write(
      ArrayVolume(bytes: voxels, type: type, size: size), to: folder("a.tif"), options)
    let images = try TIFFFile.images(in: folder("a.tif"), cache: PieceCache(capacity: 1 << 20))
    let info = try #require(images.first?.info)
    #expect(images.count == 1 && info.size == size && info.type == type)
    let voxelSize = try #require(info.voxelSize)
    for (found, given) in [(voxelSize.x, 0.16), (voxelSize.y, 0.17), (voxelSize.z, 0.4)] {
      #expect(abs(found - given) < 1e-6 * given)
    }
    #expect(info.position == options.position)
    if type.byteCount < 8 || type.isFloat { #expect(info.channelNames == ["DAPI & co"]) }
    let volume = try images[0].volume(channel: 0, timepoint: 0)
    #expect(try volume.block(of: volume.bounds).byteArray == voxels)
    #expect(try Files.names(in: folder.path) == ["a.tif"])
  }

  @Test(arguments: [1, 700, 5000, 1 << 20], [false, true])
  func slabsAndBandsGiveTheSameFile(_ slabBytes: Int, _ isBig: Bool) throws {
    let folder = try TemporaryFolder()
    // Rows of 70 000 bytes: three to a strip.
    let size = Index3(z: 5, y: 11, x: 35_000)
    let voxels = bytes(size, .uint16)
    var options = TIFFWriter.Options()
    options.compression = .deflate(level: 1)
    options.isBigTIFF = isBig
    let volume = ArrayVolume(bytes: voxels, type: .uint16, size: size)
    try TIFFWriter.write(volume, to: folder("whole.tif"), options)
    options.slabBytes = slabBytes * 100
    try TIFFWriter.write(volume, to: folder("parts.tif"), options)
    #expect(try Files.read(folder("whole.tif")) == Files.read(folder("parts.tif")))
    let image = try TIFFFile.images(in: folder("parts.tif"), cache: PieceCache(capacity: 0))[0]
    #expect(image.info.format.contains("BigTIFF") == isBig)
    let read = try image.volume(channel: 0, timepoint: 0)
    #expect(try read.block(of: read.bounds).byteArray == voxels)
  }

  @Test func thousandsOfPagesTakeLinearTime() throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 20_000, y: 4, x: 8)
    let start = ContinuousClock.now
    try TIFFWriter.write(Failing(size: size), to: folder("a.tif"))
    #expect(ContinuousClock.now - start < .seconds(20))
    let images = try TIFFFile.images(in: folder("a.tif"), cache: PieceCache(capacity: 0))
    #expect(images[0].info.size == size)
  }

  @Test func whatFailsLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 9, y: 40, x: 40)
    var options = TIFFWriter.Options()
    options.slabBytes = 1600
    #expect(throws: BrickworkError.self) {
      try TIFFWriter.write(Failing(size: size, plane: 4), to: folder("a.tif"), options)
    }
    #expect(throws: CancellationError.self) {
      try TIFFWriter.write(
        Failing(size: size), to: folder("a.tif"), options,
        progress: { if $0 == 3 { throw CancellationError() } })
    }
    #expect(try Files.names(in: folder.path).isEmpty)
    try TIFFWriter.write(Failing(size: size), to: folder("a.tif"))
    let before = try Files.read(folder("a.tif"))
    #expect(throws: BrickworkError.self) {
      try TIFFWriter.write(Failing(size: size), to: folder("a.tif"))
    }
    // A file that is to be replaced stays until the new one is whole.
    #expect(throws: BrickworkError.self) {
      try TIFFWriter.write(
        Failing(size: size, plane: 4), to: folder("a.tif"), options, overwrite: true)
    }
    #expect(try Files.read(folder("a.tif")) == before)
    for wrong in [TIFFWriter.Compression.deflate(level: 0), .zstd(level: 23)] {
      options.compression = wrong
      #expect(throws: BrickworkError.self) {
        try TIFFWriter.write(Failing(size: size), to: folder("b.tif"), options)
      }
    }
    #expect(throws: BrickworkError.self) {
      try TIFFWriter.write(Failing(size: .zero), to: folder("b.tif"))
    }
    #expect(try Files.names(in: folder.path) == ["a.tif"])
  }

  /// An independent reader finds the same voxels, axes and voxel size in every file.
  @Test(.enabled(if: SharedData.hasPython, "no Python with tifffile: set BRICKWORK_PYTHON"))
  func tifffileReadsEveryFile() throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 3, y: 21, x: 34)
    for type in VoxelType.allCases {
      let voxels = bytes(size, type, seed: 9)
      try Files.replace(folder("\(type).raw"), with: voxels)
      for (number, compression) in Self.compressions.enumerated() {
        var options = TIFFWriter.Options()
        options.compression = compression
        options.voxelSize = VoxelSize(x: 0.16, y: 0.32, z: 0.4)
        options.position = Point3(x: 5, y: 6, z: 7)
        options.isBigTIFF = number == 1
        try TIFFWriter.write(
          ArrayVolume(bytes: voxels, type: type, size: size),
          to: folder("\(type)-\(number).ome.tif"),
          options)
      }
    }
    try SharedData.runPython(
      """
      import glob, os, sys, numpy as np, tifffile
      paths = sorted(glob.glob(sys.argv[1] + '/*.tif'))
      assert len(paths) == 40, paths
      for path in paths:
        kind = os.path.basename(path).split('-')[0]
        expected = np.fromfile(f'{sys.argv[1]}/{kind}.raw', kind).reshape(3, 21, 34)
        with tifffile.TiffFile(path) as file:
          series = file.series[0]
          data = series.asarray()
          assert len(file.series) == 1 and data.dtype == expected.dtype and data.shape == (3, 21, 34), (path, data.shape)
          assert data.tobytes() == expected.tobytes(), path
          assert series.axes == 'ZYX', (path, series.axes)
          x, y = (file.pages[0].tags[name].value for name in ('XResolution', 'YResolution'))
          length = 1 if kind in ('int64', 'uint64') else 1e4
          assert abs(length * x[1] / x[0] - 0.16) < 1e-6 and abs(length * y[1] / y[0] - 0.32) < 1e-6, (x, y)
          if kind in ('int64', 'uint64'):
            assert file.imagej_metadata['spacing'] == 0.4 and file.imagej_metadata['unit'] == 'micron'
            continue
          pixels = tifffile.xml2dict(file.ome_metadata)['OME']['Image']['Pixels']
          assert [pixels['PhysicalSize' + a] for a in 'XYZ'] == [0.16, 0.32, 0.4], pixels
          assert [pixels['Plane']['Position' + a] for a in 'XYZ'] == [5, 6, 7], pixels
      """, [folder.path])
  }
}
