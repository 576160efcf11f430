import BrickTestSupport
import Brickwork
import Testing

/// The methods of the reference's classes `Tileset` and `Tile`, row by row of docs/reference.md.
@Suite struct ReferenceTilesetTests {
  private let folder: TemporaryFolder
  private let cache = PieceCache(capacity: 1 << 20)
  private let size = Index3(z: 2, y: 2, x: 3)

  init() throws { folder = try TemporaryFolder() }

  private func tile(_ start: UInt16 = 0) -> ArrayVolume {
    ArrayVolume((0..<12).map { start + $0 }, size: size)
  }

  private func values(_ volume: any Volume) throws -> [UInt16] {
    try volume.block(of: volume.bounds).values(UInt16.self)
  }

  /// Two tiles as TIFF files, the second two voxels further along x.
  private func tileset() throws -> TileSet {
    for (name, start) in [("a.tif", 0), ("b.tif", 100)] as [(String, UInt16)] {
      try TIFFWriter.write(tile(start), to: folder(name), overwrite: true)
    }
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\n0,5,1,0\n1,7,1,0\n".utf8))
    return try TileSet.open(
      [folder("a.tif"), folder("b.tif")], cache: cache,
      voxelSize: VoxelSize(x: 0.5, y: 0.25, z: 2), offsets: OffsetTable.read(folder("o.csv")))
  }

  @Test func tiffTilesAreOpenedWithOffsetsFromElsewhere() throws {
    let set = try tileset().updatingOffsets(from: OffsetTable.read(folder("o.csv")))
    #expect(set.tiles.count == 2)
    #expect(
      try set.offsets(from: nil).offsets == [Point3(x: 5, y: 1, z: 0), Point3(x: 7, y: 1, z: 0)])
    #expect(try values(set.tiles[1].volume(channel: 0, timepoint: 0)) == Array(100..<112))
  }

  @Test func aPlaneOfATileIsABoxOfIt() throws {
    let volume = try tileset().tiles[1].volume(channel: 0, timepoint: 0)
    let plane = try volume.block(
      of: Box3(origin: Index3(z: 1, y: 0, x: 0), size: Index3(z: 1, y: 2, x: 3)))
    #expect(plane.values(UInt16.self) == Array(106..<112))
  }

  @Test func stridesKeepTheFirstVoxelAndMeansAllOfThem() throws {
    let factor = Index3(z: 1, y: 2, x: 3)
    #expect(try values(tile().downsampled(by: factor, method: .stride)) == [0, 6])
    // (0 + … + 5) / 6 = 2.5, halves up.
    #expect(try values(tile().downsampled(by: factor, method: .mean)) == [3, 9])
  }

  @Test func offsetsAreMultipliedAxisByAxis() throws {
    let set = try tileset().updatingOffsets(from: OffsetTable.read(folder("o.csv")))
    let scaled = try set.scaledOffsets(by: Point3(x: 2, y: 3, z: 1))
    #expect(
      try scaled.offsets(from: nil).offsets
        == [Point3(x: 10, y: 3, z: 0), Point3(x: 14, y: 3, z: 0)])
  }

  @Test func offsetsOfAnXMLStayRealNumbers() throws {
    let affine = "2 0 0 10 0 4 0 -6 0 0 0.5 1.25"
    let xml = """
      <SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>
      <ImageLoader format="bdv.hdf5"><hdf5 type="relative">a.h5</hdf5></ImageLoader>
      <ViewSetups><ViewSetup><id>0</id><size>3 2 2</size></ViewSetup></ViewSetups>
      <Timepoints type="range"><first>0</first><last>0</last></Timepoints></SequenceDescription>
      <ViewRegistrations><ViewRegistration timepoint="0" setup="0">
      <ViewTransform type="affine"><affine>1 0 0 4 0 1 0 0 0 0 1 0</affine></ViewTransform>
      <ViewTransform type="affine"><affine>\(affine)</affine></ViewTransform>
      </ViewRegistration></ViewRegistrations></SpimData>
      """
    let project = try BDVProject(xml: Array(xml.utf8), path: "a.xml")
    // Concatenated in document order, each row divided by its diagonal: (2·4's row …) stays real.
    let offset = try #require(project.offsets(timepoint: 0).first).offset
    #expect(offset == Point3(x: 7, y: -1.5, z: 2.5))
  }

  @Test func theStitchedVolumeIsWrittenAndReadBack() throws {
    _ = try tileset()
    let result = try Executable.run([
      "stitch", folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--fusion",
      "overwrite", "-o", folder("v.ome.zarr"), "--quiet",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let store = try TileSet.open([folder("v.ome.zarr")], cache: cache)
    #expect(
      try values(store.tiles[0].volume(channel: 0, timepoint: 0)) == [
        0, 1, 100, 101, 102, 3, 4, 103, 104, 105, 6, 7, 106, 107, 108, 9, 10, 109, 110, 111,
      ])
  }

  @Test func coordinatesOfTilesBecomeThoseOfTheVolume() throws {
    let coordinates = try TileCoordinates(
      offsets: [Point3(x: 5, y: 1, z: 0), Point3(x: 7, y: 1, z: 0)], sizes: [size, size],
      voxelSize: VoxelSize(x: 0.5, y: 0.25, z: 2))
    let place = coordinates.global(Point3(x: 0.5, y: 0.25, z: 2), in: .micrometers, ofTile: 1)
    #expect(place.micrometers == Point3(x: 1.5, y: 0.25, z: 2))
  }

  @Test func labelsHaveTheirVoxelCountsAndCentroids() async throws {
    let volume = ArrayVolume(
      [UInt16](arrayLiteral: 0, 7, 7, 7, 3, 0), size: Index3(z: 1, y: 1, x: 6))
    let table = try await ObjectsJob(
      source: volume, budget: MemoryBudget(), threads: 1, cache: cache,
      scratchFolder: folder.path
    ).run().table
    let records = try table.records()
    #expect(records.map(\.label) == [3, 7] && records.map(\.voxels) == [1, 3])
    #expect(records.map(\.centroid.x) == [4, 2])
  }

  private func intensities(_ tiles: [[UInt16]]) async throws -> IntensityResult {
    try await IntensityJob(
      tiles.map {
        IntensityJob.Tile([[ArrayVolume($0, size: Index3(z: 1, y: 1, x: $0.count))]])
      }, budget: MemoryBudget(), threads: 1, cache: cache
    ).run(perTile: true)
  }

  @Test func percentilesOfTheWholeSetAndOfEachTileAreExact() async throws {
    let found = try await intensities([Array(0...50), Array(51...100)])
    #expect(found.channels[0].percentiles == [1, 99])
    #expect(found.tiles.count == 2)
    #expect(found.tiles[0][0].percentiles == [0.5, 49.5])
  }

  @Test func intensitiesAreClampedScaledAndTruncatedToBytes() throws {
    let volume = ArrayVolume(
      [UInt16](arrayLiteral: 0, 10, 15, 20, 99), size: Index3(z: 1, y: 1, x: 5))
    let scaled = try volume.scaledToUInt8(low: 10, high: 20)
    #expect(try scaled.block(of: scaled.bounds).values(UInt8.self) == [0, 0, 127, 255, 255])
    #expect(throws: BrickworkError.self) { try volume.scaledToUInt8(low: 10, high: 10) }
  }

  @Test func voxelsOutsideAMaskBecomeZero() throws {
    let mask = ArrayVolume(
      [UInt8](arrayLiteral: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), size: size)
    #expect(try values(tile(5).masked(by: mask)) == [5] + Array(repeating: 0, count: 10) + [16])
  }

  @Test func blankFilesHoldNoiseThatTheirSeedRepeats() async throws {
    func blank(_ name: String, _ seed: UInt64) async throws -> [UInt16] {
      _ = try await BDVFile.createBlank(
        at: folder(name),
        BlankLayout(type: .uint16, tileSize: size, noise: 50, seed: seed), threads: 1)
      let tiles = try BDVTiles.images(in: folder(name), cache: cache)
      return try values(tiles[0].volume(channel: 0, timepoint: 0))
    }
    let first = try await blank("a.h5", 3)
    #expect(first.allSatisfy { $0 < 50 } && Set(first).count > 1)
    #expect(try await blank("b.h5", 3) == first)
    #expect(try await blank("c.h5", 4) != first)
  }

  @Test func tilesBecomeViewsOfABDVFileAndComeBack() async throws {
    let images = try [0, 100].map {
      try ExportImage(
        name: "tile \($0)", volumes: [tile(UInt16($0))],
        voxelSize: VoxelSize(x: 1, y: 1, z: 1), offset: Point3(x: Double($0), y: 0, z: 0))
    }
    _ = try await ExportJob(
      path: folder("v.h5"), images: images, budget: MemoryBudget(), threads: 1, cache: cache
    ).run()
    let tiles = try BDVTiles.images(in: folder("v.xml"), cache: cache)
    #expect(
      try tiles.map { try values($0.volume(channel: 0, timepoint: 0)) }
        == [Array(0..<12), Array(100..<112)])
    let offsets = try BDVProject(reading: folder("v.xml")).offsets(timepoint: 0)
    #expect(offsets.map(\.offset.x) == [0, 100])
  }

  @Test func tilesAreSavedAsTIFFAndReadBack() throws {
    try TIFFWriter.write(tile(3), to: folder("t.tif"))
    let image = try TIFFFile.images(in: folder("t.tif"), cache: cache)[0]
    #expect(try values(image.volume(channel: 0, timepoint: 0)) == Array(3..<15))
  }

  @Test func tilesAreSavedAsJPEG2000AndReadBack() throws {
    try JPEG2000Writer.write(tile(3), to: folder("t.jp2"))
    let image = try JPEG2000File.image(in: folder("t.jp2"), cache: cache)
    #expect(try values(image.volume(channel: 0, timepoint: 0)) == Array(3..<15))
  }

  @Test func arraysAreTiles() throws {
    #expect(try values(tile(9)) == Array(9..<21))
  }

  @Test func planesOfTheVolumeAreShownWithOverlapsAveraged() throws {
    _ = try tileset()
    let result = try Executable.run([
      "preview", folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size",
      "1,1,1", "--z", "1", "--size", "0", "-o", folder("p.tif"),
    ])
    #expect(result.status == 0, "\(result.errors)")
    let image = try TIFFFile.images(in: folder("p.tif"), cache: cache)[0]
    #expect(
      try values(image.volume(channel: 0, timepoint: 0))
        == [6, 7, 57, 107, 108, 9, 10, 60, 110, 111])
  }
}
