import BrickCore
import BrickFiles
import BrickTIFF
import BrickTestSupport
import Testing

/// Files that tifffile writes, every combination of what a page can be.
@Suite(.enabled(if: SharedData.hasPython, "no Python with tifffile: set BRICKWORK_PYTHON"))
struct GeneratedFileTests {
  /// Reads random boxes both ways and compares them with the same box cut from `whole`.
  private func expectBoxes(
    _ volume: any Volume, equal whole: [UInt8], size: Index3, seed: UInt64, boxes: Int = 12
  ) throws {
    try #require(volume.size == size)
    try #require(whole.count == size.volume * volume.type.byteCount)
    let oracle = ArrayVolume(bytes: whole, type: volume.type, size: size)
    var random = SplitMix64(seed: seed)
    var scratch = VoxelBlock()
    for number in 0..<boxes {
      let origin = size.map { Int.random(in: 0..<$0, using: &random) }
      let end = origin.zip(size) { number == 0 ? $1 : Int.random(in: $0...$1, using: &random) }
      let box = Box3(from: number == 0 ? .zero : origin, to: end)
      let expected = try oracle.block(of: box).byteArray
      volume.willRead(box)
      #expect(try volume.block(of: box).byteArray == expected, "\(box)")
      try volume.withVoxels(of: box, scratch: &scratch) { view in
        var copy = VoxelBlock(box, type: volume.type)
        copy.copy(from: view)
        #expect(copy.byteArray == expected, "lent \(box)")
      }
      volume.didRead(box)
    }
  }

  /// Writes `0.tif`, `1.tif`, … with these arguments of `imwrite`, and their voxels as `stack.raw`.
  ///
  /// Voxels are little-endian in C order, the same in all files. One run of Python takes a second,
  /// so files come in groups.
  private func write(_ arguments: [String], type: VoxelType, shape: [Int]) throws -> TemporaryFolder
  {
    let folder = try TemporaryFolder()
    try SharedData.runPython(
      """
      import sys, numpy as np, tifffile
      folder, kind, shape = sys.argv[1], np.dtype(sys.argv[2]), eval(sys.argv[3])
      random = np.random.default_rng(7)
      data = random.integers(0, 256, shape + [kind.itemsize], dtype='u1')
      if kind.itemsize > 1: data[..., 1:-1] >>= 4
      if kind.kind == 'f': data = random.normal(size=shape).astype(kind)
      else: data = data.view(kind)[..., 0]
      data = np.ascontiguousarray(data)
      for number, arguments in enumerate(sys.argv[4:]):
        exec(f"tifffile.imwrite(folder + '/{number}.tif', data, {arguments})")
      data.astype(kind.newbyteorder('<')).tofile(folder + '/stack.raw')
      """, [folder.path, type.rawValue, "\(shape)"] + arguments)
    return folder
  }

  private func open(_ folder: TemporaryFolder, _ number: Int = 0) throws -> (any TileImage, [UInt8])
  {
    let images = try TIFFFile.images(
      in: folder("\(number).tif"), cache: PieceCache(capacity: 1 << 20))
    #expect(images.count == 1)
    return (images[0], try Files.read(folder("stack.raw")))
  }

  /// Writes one stack in many ways and reads each.
  private func expectStacks(_ arguments: [String], type: VoxelType) throws {
    let folder = try write(
      arguments.map { "metadata=None, photometric='minisblack', \($0)" }, type: type,
      shape: [3, 21, 37])
    for (number, argument) in arguments.enumerated() {
      let (image, raw) = try open(folder, number)
      #expect(image.info.type == type, "\(argument)")
      #expect(image.info.format.contains("BigTIFF") == argument.contains("bigtiff"), "\(argument)")
      try expectBoxes(
        image.volume(channel: 0, timepoint: 0), equal: raw, size: Index3(z: 3, y: 21, x: 37),
        seed: UInt64(number))
    }
  }

  @Test(arguments: VoxelType.allCases) func everyTypeInBothByteOrders(type: VoxelType) throws {
    let layouts = [
      "rowsperstrip=4", "rowsperstrip=5, compression='zlib'", "tile=(16, 16)",
      "compression='lzw', tile=(16, 32)", "bigtiff=True", "compression='zstd', bigtiff=True",
    ]
    try expectStacks(
      layouts.flatMap { ["\($0), byteorder='<'", "\($0), byteorder='>'"] }, type: type)
  }

  @Test(arguments: [VoxelType.uint8, .uint16, .int32]) func everyCompression(type: VoxelType) throws
  {
    let compressions = [
      "'lzw', predictor=2", "'zlib', predictor=2", "'zstd', predictor=2", "'packbits'", "'lzma'",
      "'zlib'",
    ]
    try expectStacks(
      compressions.flatMap { compression in
        ["", ", byteorder='>', rowsperstrip=3", ", tile=(16, 16)"].map {
          "compression=\(compression)\($0)"
        }
      }, type: type)
  }

  @Test(arguments: [VoxelType.float32, .float64]) func theFloatingPointPredictor(type: VoxelType)
    throws
  {
    try expectStacks(
      ["", ", byteorder='>'", ", tile=(16, 16)"].map { "compression='zlib', predictor=3\($0)" },
      type: type)
  }

  @Test(arguments: ["'<'", "'>'"])
  func anImageJHyperstackHasChannelsSlicesAndFrames(order: String) throws {
    let folder = try write(
      [
        """
        imagej=True, byteorder=\(order), resolution=(1000000/215000, 1/0.325), \
        metadata={'axes': 'TZCYX', 'spacing': 0.7, 'unit': 'um'}
        """
      ], type: .uint16, shape: [2, 3, 4, 7, 5])
    let (image, raw) = try open(folder)
    #expect(image.info.channelNames.count == 4)
    #expect(image.info.timepoints == 2)
    let voxelSize = try #require(image.info.voxelSize)
    #expect(
      abs(voxelSize.x - 0.215) < 1e-9 && abs(voxelSize.y - 0.325) < 1e-6 && voxelSize.z == 0.7)
    let plane = 7 * 5 * 2
    for timepoint in 0..<2 {
      for channel in 0..<4 {
        let expected = (0..<3).flatMap { slice in
          let start = ((timepoint * 3 + slice) * 4 + channel) * plane
          return raw[start..<start + plane]
        }
        try expectBoxes(
          image.volume(channel: channel, timepoint: timepoint), equal: expected,
          size: Index3(z: 3, y: 7, x: 5), seed: UInt64(channel))
      }
    }
    let error = #expect(throws: BrickworkError.self) { try image.volume(channel: 4, timepoint: 0) }
    #expect(error?.code == .badRequest)
  }

  @Test(arguments: ["XYZCT", "XYCZT"])
  func anOMEFileHasNamedChannelsAndPositions(order: String) throws {
    let axes = order == "XYZCT" ? "TCZYX" : "TZCYX"
    let shape = order == "XYZCT" ? [2, 3, 4, 9, 6] : [2, 4, 3, 9, 6]
    let folder = try write(
      [
        """
        ome=True, compression='zlib', metadata={'axes': '\(axes)', 'PhysicalSizeX': 250, \
        'PhysicalSizeXUnit': 'nm', 'PhysicalSizeY': 0.5, 'PhysicalSizeZ': 2, \
        'Channel': {'Name': ['DAPI', 'GFP', 'RFP']}, 'Plane': {'PositionX': [0.125] * 24, \
        'PositionXUnit': ['mm'] * 24, 'PositionY': [-7.5] * 24}}
        """
      ], type: .uint8, shape: shape)
    let (image, raw) = try open(folder)
    #expect(image.info.channelNames == ["DAPI", "GFP", "RFP"])
    #expect(image.info.timepoints == 2)
    #expect(image.info.voxelSize == VoxelSize(x: 0.25, y: 0.5, z: 2))
    #expect(image.info.position == Point3(x: 125, y: -7.5, z: 0))
    let plane = 9 * 6
    for timepoint in 0..<2 {
      for channel in 0..<3 {
        let expected = (0..<4).flatMap { slice in
          let inTime = order == "XYZCT" ? channel * 4 + slice : slice * 3 + channel
          let start = (timepoint * 12 + inTime) * plane
          return raw[start..<start + plane]
        }
        try expectBoxes(
          image.volume(channel: channel, timepoint: timepoint), equal: expected,
          size: Index3(z: 4, y: 9, x: 6), seed: UInt64(channel))
      }
    }
  }

  @Test func severalOMEImagesAreSeveralTiles() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(
      """
      import sys, numpy as np, tifffile
      with tifffile.TiffWriter(sys.argv[1], ome=True) as file:
        for number in range(3):
          data = np.full((2 + number, 5, 6 + number), number + 1, 'u2')
          file.write(data, metadata={'axes': 'ZYX', 'Name': f'scene {number}'})
      """, [folder("scenes.ome.tif")])
    let images = try TIFFFile.images(in: folder("scenes.ome.tif"), cache: PieceCache(capacity: 0))
    #expect(images.map(\.info.name) == (0..<3).map { "scenes.ome.tif scene \($0)" })
    for (number, image) in images.enumerated() {
      let volume = try image.volume(channel: 0, timepoint: 0)
      #expect(volume.size == Index3(z: 2 + number, y: 5, x: 6 + number))
      let bytes = try volume.block(of: volume.bounds).byteArray
      #expect(
        bytes == Array(repeating: [UInt8(number + 1), 0], count: volume.size.volume).flatMap { $0 })
    }
  }

  @Test func planesBehindASingleDirectoryAreFound() throws {
    let folder = try write(
      ["truncate=True, photometric='minisblack'"], type: .uint16, shape: [6, 8, 9])
    let (image, raw) = try open(folder)
    try expectBoxes(
      image.volume(channel: 0, timepoint: 0), equal: raw, size: Index3(z: 6, y: 8, x: 9), seed: 5)
  }

  @Test func aCutStackSaysBothNumbers() throws {
    let folder = try write(
      ["truncate=True, photometric='minisblack'"], type: .uint16, shape: [6, 8, 9])
    let whole = try Files.read(folder("0.tif"))
    try Files.replace(folder("cut.tif"), with: Array(whole.dropLast(100)))
    let error = #expect(throws: BrickworkError.self) {
      try TIFFFile.images(in: folder("cut.tif"), cache: PieceCache(capacity: 0))
    }
    #expect(error?.code == .damagedInput)
    #expect(
      error?.description.contains("\(whole.count - 100)") == true,
      "\(error.map(\.description) ?? "")")
  }

  @Test func aLargeStripIsDecodedInBands() throws {
    // 36 MB in one strip: above the 16 MiB that are decoded at once.
    let folder = try write(
      [
        "metadata=None, photometric='minisblack', compression='zlib', compressionargs={'level': 1}, rowsperstrip=4500"
      ],
      type: .uint16, shape: [1, 4500, 4000])
    let (image, raw) = try open(folder)
    let volume = try image.volume(channel: 0, timepoint: 0)
    let before = BlockStorage.usage.peak
    for y in [4400, 100, 2000, 2500, 0] {
      let box = Box3(origin: Index3(z: 0, y: y, x: 1000), size: Index3(z: 1, y: 100, x: 50))
      var expected: [UInt8] = []
      for row in y..<y + 100 {
        let start = (row * 4000 + 1000) * 2
        expected += raw[start..<start + 100]
      }
      #expect(try volume.block(of: box).byteArray == expected)
    }
    // Other tests run beside this one, but none holds as much as the strip.
    #expect(BlockStorage.usage.peak < before + (32 << 20))
  }

  @Test func aRegionDecodesOnlyItsStrips() throws {
    let folder = try write(
      ["metadata=None, photometric='minisblack', compression='zlib', rowsperstrip=8"],
      type: .uint16,
      shape: [4, 64, 32])
    let cache = PieceCache(capacity: 1 << 20)
    let image = try TIFFFile.images(in: folder("0.tif"), cache: cache)[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    #expect(cache.decodedPieces == 0)
    // Rows 10 to 20 lie in strips 1 and 2 of two pages.
    let box = Box3(origin: Index3(z: 1, y: 10, x: 3), size: Index3(z: 2, y: 10, x: 4))
    _ = try volume.block(of: box)
    #expect(cache.decodedPieces == 4)
    _ = try volume.block(of: box)
    #expect(cache.decodedPieces == 4)
  }

  @Test func pagesOfDifferentSizeAreNamed() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(
      """
      import sys, numpy as np, tifffile
      with tifffile.TiffWriter(sys.argv[1]) as file:
        for width in (6, 6, 7): file.write(np.zeros((5, width), 'u1'), metadata=None, photometric='minisblack')
        file.write(np.zeros((2, 3), 'u1'), subfiletype=1, metadata=None, photometric='minisblack')
      """, [folder("mixed.tif")])
    let error = #expect(throws: BrickworkError.self) {
      try TIFFFile.images(in: folder("mixed.tif"), cache: PieceCache(capacity: 0))
    }
    #expect(
      error?.description
        == "\(folder("mixed.tif")), page 2: is (z 1, y 5, x 7) of uint8, page 0 is (z 1, y 5, x 6) of uint8. "
        + "Save pages of one size as a file of their own")
  }
}
