import BrickCore
import BrickFiles
import BrickFormats
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct TileSetTests {
  private let cache = PieceCache(capacity: 1 << 20)

  private func write(_ folder: TemporaryFolder, _ name: String, _ description: String? = nil) throws
  {
    let voxels = (0..<24).map { UInt16($0) }
    let bytes = TinyTIFF.stack(
      width: 4, height: 3, depth: 2, voxels: voxels, description: description)
    try Files.replace(folder(name), with: bytes)
  }

  @Test func filesOfAFolderComeInNaturalOrder() throws {
    let folder = try TemporaryFolder()
    for name in ["t10.tif", "t9.tif", "t1.tiff", "t09.tif", "notes.txt", ".hidden.tif"] {
      try write(folder, name)
    }
    let tiles = try TileSet.open([folder.path], cache: cache)
    #expect(tiles.tileNames == ["t1.tiff", "t9.tif", "t09.tif", "t10.tif"])
    #expect(tiles.tiles[0].info.size == Index3(z: 2, y: 3, x: 4))
    // Files that are named keep the order they are named in.
    let named = try TileSet.open([folder("t9.tif"), folder("t1.tiff")], cache: cache)
    #expect(named.tileNames == ["t9.tif", "t1.tiff"])
  }

  @Test func theVoxelSizeIsTheGivenOneElseTheFilesElseOne() throws {
    let folder = try TemporaryFolder()
    try write(folder, "a.tif")
    let spacing = "ImageJ=1.53t\nimages=2\nslices=2\nunit=micron\nspacing=3\n"
    try write(folder, "b.tif", spacing)
    let silent = try TileSet.open([folder("a.tif")], cache: cache)
    #expect(silent.voxelSize == .unknown)
    #expect(
      silent.warnings == [
        "no file says its voxel size: 1 µm along x, y and z is taken; give it with --voxel-size"
      ])
    let given = VoxelSize(x: 2, y: 2, z: 5)
    let told = try TileSet.open([folder("a.tif")], cache: cache, voxelSize: given)
    #expect(told.voxelSize == given && told.warnings.isEmpty)
  }

  @Test func theTablesVoxelSizeIsTakenWhereNoFileSaysOne() throws {
    let folder = try TemporaryFolder()
    try write(folder, "a.tif")
    let ome = """
      <?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">\
      <Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="4" SizeY="3" SizeZ="2" \
      SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeZ="2"><TiffData/></Pixels></Image></OME>
      """
    try write(folder, "b.ome.tif", ome)
    func opened(_ name: String, _ x: Double, given: VoxelSize? = nil) throws -> TileSet {
      let table = OffsetTable(
        rows: [TileOffset(position: .voxels(.zero))], source: "t.xml", format: "test",
        voxelSize: VoxelSize(x: x, y: 0.5, z: 2))
      return try TileSet.open([folder(name)], cache: cache, voxelSize: given, offsets: table)
    }
    let silent = try opened("a.tif", 0.3)
    #expect(silent.voxelSize == VoxelSize(x: 0.3, y: 0.5, z: 2) && silent.warnings.isEmpty)
    let told = try opened("b.ome.tif", 0.3)
    #expect(told.voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 2))
    #expect(
      told.warnings == [
        "t.xml: the voxel size is 0.3 × 0.5 × 2 µm, but 0.5 × 0.5 × 2 µm in \(folder("b.ome.tif")), which is "
          + "taken; give the right one with --voxel-size"
      ])
    #expect(try opened("b.ome.tif", 0.5 + 1e-8).warnings.isEmpty)
    let given = try opened("a.tif", 0.3, given: .unknown)
    #expect(given.voxelSize == .unknown && given.warnings.isEmpty)
    let invalid = try opened("a.tif", 0)
    #expect(invalid.voxelSize == .unknown && invalid.warnings.count == 1)
  }

  @Test func whatIsNotReadIsNamed() throws {
    let folder = try TemporaryFolder()
    func words(_ name: String, _ bytes: [UInt8]) throws -> String {
      try Files.replace(folder(name), with: bytes)
      return sentence { _ = try TileSet.open([folder(name)], cache: cache) }
        .replacing(folder.path + "/", with: "")
    }
    #expect(
      try words("a.nd2", [0xDA, 0xCE, 0xBE, 0x0A, 0, 0])
        == "a.nd2: begins like an ND2 file of which 6 bytes are left. Copy the file again from where it was "
        + "acquired")
    #expect(
      try words("a.bin", [1, 2, 0xAB])
        == "a.bin: is of no known format: it starts with the bytes 01 02 ab. TIFF, ND2, JPEG 2000, HDF5, "
        + "BigDataViewer XML, OME-Zarr and N5 are read: check the path")
    #expect(try words("empty.tif", []).hasPrefix("empty.tif: is empty: 0 bytes."))
    #expect(
      sentence { _ = try TileSet.open([folder("nothing.tif")], cache: cache) }
        .hasSuffix(
          "there is no such file or folder. Check the path; it is taken from the current folder"))
    let inner = try TemporaryFolder()
    #expect(
      sentence { _ = try TileSet.open([inner.path], cache: cache) }
        .hasSuffix(
          "is a folder without zarr.json, .zgroup or attributes.json and without TIFF, ND2 or JPEG 2000 "
            + "files. Name an OME-Zarr or N5 store, a folder of tiles, or the files themselves"))
  }

  @Test func tilesWithoutPositionsNeedATable() throws {
    let folder = try TemporaryFolder()
    try write(folder, "a.tif")
    try write(folder, "b.tif")
    let one = try TileSet.open([folder("a.tif")], cache: cache)
    #expect(try one.offsets(from: nil).offsets == [.zero])
    let two = try TileSet.open([folder("a.tif"), folder("b.tif")], cache: cache)
    #expect(
      sentence { _ = try two.offsets(from: nil) }
        == "nothing says where the 2 tiles lie: 2 of their files give no stage position, a.tif, b.tif among "
        + "them. Give the positions with --offsets FILE (.csv, .npy, TileConfiguration.txt or "
        + "BigStitcher .xml)")
  }

  @Test func theCompositionFlipsThenDownscalesThenPlaces() throws {
    let folder = try TemporaryFolder()
    try write(folder, "a.tif")
    try write(folder, "b.tif")
    let tiles = try TileSet.open([folder("a.tif"), folder("b.tif")], cache: cache)
    let table = OffsetTable(
      rows: [
        TileOffset(position: .voxels(.zero)), TileOffset(position: .voxels(point(4, 0, 0))),
      ], source: "t", format: "test")
    var options = CompositionOptions()
    options.flip = [.x]
    options.downscale = Index3(z: 1, y: 1, x: 2)
    options.fusion = .overwrite
    let composition = try tiles.composition(offsets: table, options)
    #expect(composition.volume.size == Index3(z: 2, y: 3, x: 4))
    #expect(composition.voxelSize == VoxelSize(x: 2, y: 1, z: 1))
    #expect(composition.placement.boxes[1].origin.x == 2)
    let block = try composition.volume.block(of: Box3(size: Index3(z: 1, y: 2, x: 4)))
    let voxels = block.voxels(as: UInt16.self)
    #expect((0..<8).map { voxels[$0] } == [3, 1, 3, 1, 7, 5, 7, 5])
  }

  @Test func channelsAreFoundByNumberOrName() {
    let info = TileInfo(
      path: "a.tif", name: "a.tif", format: "TIFF", type: .uint8, size: .one,
      channelNames: ["DAPI", ""])
    #expect((try? ChannelChoice.name("DAPI").number(in: info)) == 0)
    #expect((try? ChannelChoice.number(1).number(in: info)) == 1)
    #expect(
      sentence { _ = try ChannelChoice.number(2).number(in: info) }
        == "a.tif: there is no channel 2: the tile has 0 (DAPI), 1. Choose one of them with --channel"
    )
  }

  @Test(.enabled(if: SharedData.isThere, "the shared data are not there"))
  func realTilesLieWhereTheirStageSays() throws {
    let em = try TileSet.open([SharedData.path("tiles/derived_em_2x2")], cache: cache)
    #expect(em.voxelSize == VoxelSize(x: 0.2, y: 0.2, z: 0.4))
    let placed = try em.composition(offsets: nil, CompositionOptions())
    #expect(placed.offsetSource == .stage)
    #expect(
      placed.placement.boxes.map(\.origin) == [
        .zero, Index3(z: 0, y: 0, x: 314), Index3(z: 0, y: 160, x: 0), Index3(z: 0, y: 160, x: 314),
      ])
    let mosaic = try TileSet.open([SharedData.path("tiles/mosaic_czi")], cache: cache)
    #expect(
      try mosaic.composition(offsets: nil, CompositionOptions()).placement.boxes[1].origin.x == 832)
  }
}
