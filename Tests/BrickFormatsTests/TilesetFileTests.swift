import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickFormats
import BrickJPEG2000
import BrickStitch
import BrickTestSupport
import Foundation
import Testing

@Suite struct TilesetFileTests {
  private let cache = PieceCache(capacity: 1 << 20)

  private func file(_ text: String) throws -> TilesetFile {
    try TilesetFile(parsing: Array(text.utf8), path: "t.json")
  }

  private let example = """
    {"brickwork_tileset": 1, "voxel_size_um_xyz": [0.5, 0.5, 2],
     "tiles": [
       {"path": "a.tif", "offset_voxels_xyz": [0, -1.5, 2e3]},
       {"path": "/b.h5", "image": 3, "name": "v", "position_um_xyz": [1, 2, 3], "dataset": "/t*", "axes": "czyx",
        "jp2_rows": "x", "stage_rule": "camera"}
     ]}
    """

  /// A file of 4×3×2 voxels that counts up from `start`.
  private func write(_ path: String, _ start: Int = 0) throws {
    let bytes = TinyTIFF.stack(
      width: 4, height: 3, depth: 2, voxels: (0..<24).map { UInt16(start + $0) })
    try Files.replace(path, with: bytes)
  }

  @Test func everyMemberIsReadAndWritten() throws {
    let read = try file(example)
    #expect(read.voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 2) && read.warnings.isEmpty)
    #expect(read.tiles[0].position == .voxels(point(0, -1.5, 2000)))
    let second = read.tiles[1]
    #expect(second.path == "/b.h5" && second.image == 3 && second.name == "v")
    #expect(second.position == .micrometers(point(1, 2, 3)))
    #expect(second.dataset == "/t*" && second.axes == "czyx")
    #expect(second.rows == .x && second.stageRule == .camera)
    let folder = try TemporaryFolder()
    var written = read
    written.tiles[0].path = folder("a.tif")
    written.tiles[1].path = folder("b.h5")
    try written.write(to: folder("t.json"))
    let text = String(decoding: try Files.read(folder("t.json")), as: UTF8.self)
    #expect(
      text.contains("{\"path\":\"a.tif\",\"offset_voxels_xyz\":[0,-1.5,2000]},\n"))
    #expect(try TilesetFile.read(folder("t.json")) == written)
    #expect(TilesetFile.isTilesetFile(folder("t.json")))
  }

  @Test func membersThatAreNotKnownAreWarnings() throws {
    let read = try file(
      #"{"brickwork_tileset": 1, "made_by": "me", "tiles": [{"path": "a", "offset_voxel_xyz": [1, 2, 3]}]}"#
    )
    #expect(read.warnings == ["t.json, tile 0: the member 'offset_voxel_xyz' is not known"])
  }

  @Test(arguments: [
    (
      "{\"brickwork_tileset\": 2, \"tiles\": []}",
      "t.json: is a tileset file of version 2; version 1 is read. "
    ),
    ("{\"tiles\": []}", "t.json: is no tileset file: it has no member 'brickwork_tileset'. "),
    ("{\"brickwork_tileset\": 1}", "t.json: 'tiles' is missing, not a list of one tile at least. "),
    (
      "{\"brickwork_tileset\": 1, \"tiles\": []}",
      "t.json: 'tiles' is [], not a list of one tile at least. "
    ),
    ("[1]", "t.json: is no tileset file: "),
    ("{\"brickwork_tileset\": 1, \"tiles\": [", "t.json, byte 35: is not valid JSON: "),
  ]) func brokenDocumentsAreSentences(_ text: String, _ words: String) {
    #expect(sentence { _ = try file(text) }.hasPrefix(words))
  }

  @Test(arguments: [
    (#"7"#, "is 7, not an object"),
    (#"{}"#, "has no 'path'"),
    (#"{"path": ""}"#, "'path' is \"\", not a text"),
    (#"{"path": 3}"#, "'path' is 3, not a text"),
    (#"{"path": "a\u0000b"}"#, "'path' is \"a\\u0000b\", not a text"),
    (#"{"path": "a", "image": -1}"#, "'image' is -1, not a whole number from 0 on"),
    (#"{"path": "a", "image": 1.5}"#, "'image' is 1.5, not a whole number from 0 on"),
    (
      #"{"path": "a", "image": 99999999999999999999}"#,
      "'image' is 1e+20, not a whole number from 0 on"
    ),
    (
      #"{"path": "a", "offset_voxels_xyz": [1, 2]}"#,
      "'offset_voxels_xyz' is [1,2], not three numbers x, y, z"
    ),
    (
      #"{"path": "a", "offset_voxels_xyz": [1, 2, 1e13]}"#,
      "'offset_voxels_xyz' is [1,2,10000000000000.0]: numbers may reach 1000000000000.0"
    ),
    (
      #"{"path": "a", "offset_voxels_xyz": [1, 2, 3], "position_um_xyz": [1, 2, 3]}"#,
      "has both offset_voxels_xyz and position_um_xyz"
    ),
    (#"{"path": "a", "jp2_rows": "z"}"#, "'jp2_rows' is 'z', not y or x"),
    (#"{"path": "a", "stage_rule": 1}"#, "'stage_rule' is 1, not a text"),
  ]) func wrongEntriesAreNamed(_ entry: String, _ words: String) {
    let text = #"{"brickwork_tileset": 1, "tiles": [{"path": "x"}, \#(entry)]}"#
    #expect(
      sentence { _ = try file(text) }
        == "t.json, tile 1: \(words). Correct the tileset file, or write it again with brickwork tileset"
    )
  }

  @Test func positionsOfSomeTilesAreRefused() {
    let text =
      #"{"brickwork_tileset": 1, "tiles": [{"path": "a", "offset_voxels_xyz": [1, 2, 3]}, {"path": "b"}]}"#
    #expect(
      sentence { _ = try file(text) }.hasPrefix(
        "t.json, tile 1: has no position, but 1 of 2 tiles have one. "))
  }

  /// Whatever happens to the bytes, the parser gives values or a sentence.
  @Test func damagedBytesNeverDoHarm() throws {
    let bytes = Array(example.utf8)
    var random = SplitMix64(seed: 5)
    for _ in 0..<4000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
          let place = Int.random(in: 0..<damaged.count, using: &random)
          damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
        case 2:
          damaged.insert(
            contentsOf: Array("9999999999".utf8),
            at: Int.random(in: 0...damaged.count, using: &random))
        default: damaged += Array("]}".utf8)
        }
        if damaged.isEmpty { damaged = [0x7B] }
      }
      do { try ParserExercise.tileset(damaged) } catch { #expect(error is BrickworkError) }
      do { try ParserExercise.offsets(damaged) } catch { #expect(error is BrickworkError) }
    }
  }

  @Test func aSetComesBackFromItsFile() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder("tiles"))
    for name in ["tiles/a.tif", "tiles/b.tif", "tiles/c.tif"] { try write(folder(name)) }
    let table = OffsetTable(
      rows: (0..<3).map { TileOffset(position: .voxels(point(Double($0) * 3.25, 0, 0))) },
      source: "t", format: "test")
    let opened = try TileSet.open(
      [folder("tiles")], cache: cache, voxelSize: VoxelSize(x: 0.1, y: 0.2, z: 0.3))
    try opened.tilesetFile(offsets: table).write(to: folder("set.json"))
    let again = try TileSet.open([folder("set.json")], cache: cache)
    #expect(again.voxelSize == opened.voxelSize && again.warnings.isEmpty)
    #expect(again.tileNames == ["a.tif", "b.tif", "c.tif"])
    let (offsets, source) = try again.offsets(from: nil)
    #expect(offsets.map(\.x) == [0, 3.25, 6.5] && source == .table(folder("set.json")))
    // A table of the user's comes before what is recorded.
    #expect(
      try again.offsets(
        from: OffsetTable(
          rows: (0..<3).map { TileOffset(position: .voxels(point(Double($0), 0, 0))) }, source: "u",
          format: "test")
      ).offsets.map(\.x) == [0, 1, 2])
    // On standard output paths are absolute.
    #expect(try again.tilesetFile().text(seenFrom: nil).contains("\"path\":\"/"))
    try Files.makeFolder(folder("sub/deep"))
    try again.tilesetFile().write(to: folder("sub/deep/set.json"))
    let text = String(decoding: try Files.read(folder("sub/deep/set.json")), as: UTF8.self)
    #expect(text.contains("\"../../tiles/a.tif\""))
    #expect(try TileSet.open([folder("sub/deep/set.json")], cache: cache).tiles.count == 3)
    // Moved as a whole, a file finds its tiles: paths are seen from it.
    try Files.makeFolder(folder("moved"))
    try Files.rename(folder("tiles"), to: folder("moved/tiles"))
    try Files.rename(folder("set.json"), to: folder("moved/set.json"))
    #expect(try TileSet.open([folder("moved/set.json")], cache: cache).tiles.count == 3)
  }

  @Test func withoutPositionsTheStageDecides() throws {
    let folder = try TemporaryFolder()
    try write(folder("a.tif"))
    let text = #"{"brickwork_tileset": 1, "tiles": [{"path": "a.tif"}]}"#
    try Files.replace(folder("t.json"), with: Array(text.utf8))
    let opened = try TileSet.open([folder("t.json")], cache: cache)
    #expect(opened.recordedOffsets == nil && !opened.isVoxelSizeKnown)
    // A voxel size that was assumed is not written as if it were known.
    #expect(try opened.tilesetFile().voxelSize == nil)
  }

  @Test func errorsNameTheEntry() throws {
    let folder = try TemporaryFolder()
    try write(folder("a.tif"))
    func words(_ entry: String) throws -> String {
      let text = #"{"brickwork_tileset": 1, "tiles": [{"path": "a.tif"}, \#(entry)]}"#
      try Files.replace(folder("t.json"), with: Array(text.utf8))
      return sentence { _ = try TileSet.open([folder("t.json")], cache: cache) }
        .replacing(folder.path + "/", with: "")
    }
    #expect(
      try words(#"{"path": "b.tif"}"#)
        == "t.json, tile 1: b.tif: there is no such file or folder. Paths are seen from the tileset file's folder"
    )
    #expect(
      try words(#"{"path": "a.tif", "image": 1}"#)
        == "t.json, tile 1: a.tif: has no image 1: it has 1 images, a.tif. Correct the entry, or write the tileset again"
    )
    #expect(
      try words(#"{"path": "t.json"}"#)
        == "t.json, tile 1: t.json: is itself a tileset file. List its tiles instead")
    try Files.replace(folder("cut.tif"), with: Array(try Files.read(folder("a.tif")).prefix(30)))
    #expect(try words(#"{"path": "cut.tif"}"#).hasPrefix("t.json, tile 1: cut.tif, page 0: "))
    #expect(
      sentence { _ = try TileSet.open([folder("a.tif"), folder("t.json")], cache: cache) }
        .contains("is a tileset file, which can't be one of several sources. Name it alone"))
  }

  @Test func imagesOfOneFileAreFoundByPlaceAndName() throws {
    let folder = try TemporaryFolder()
    let images = (0..<3).map { number in
      "<Image ID=\"Image:\(number)\" Name=\"n\(number)\"><Pixels ID=\"P:\(number)\" DimensionOrder=\"XYZCT\" "
        + "Type=\"uint16\" SizeX=\"4\" SizeY=\"3\" SizeZ=\"2\" SizeC=\"1\" SizeT=\"1\">"
        + "<TiffData IFD=\"\(number * 2)\" PlaneCount=\"2\"/></Pixels></Image>"
    }
    let ome =
      "<?xml version=\"1.0\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\">"
      + images.joined() + "</OME>"
    let bytes = TinyTIFF.stack(
      width: 4, height: 3, depth: 6, voxels: (0..<72).map { UInt16($0) }, description: ome)
    try Files.replace(folder("m.ome.tif"), with: bytes)
    let all = try TileSet.open([folder("m.ome.tif")], cache: cache)
    #expect(all.origins.map(\.image) == [0, 1, 2] && all.origins.allSatisfy { $0.imageCount == 3 })
    let names = all.tiles.map(\.info.name)
    func opened(_ entry: String) throws -> TileSet {
      let text = #"{"brickwork_tileset": 1, "tiles": [{"path": "m.ome.tif", \#(entry)}]}"#
      try Files.replace(folder("t.json"), with: Array(text.utf8))
      return try TileSet.open([folder("t.json")], cache: cache)
    }
    #expect(try opened(#""image": 2"#).tiles[0].info.name == names[2])
    #expect(try opened(#""name": "\#(names[1])""#).tiles[0].info.name == names[1])
    // An image that has moved in its file is found by its name.
    #expect(try opened(#""image": 0, "name": "\#(names[2])""#).tiles[0].info.name == names[2])
    #expect(
      sentence { _ = try opened(#""image": 0, "name": "gone""#) }.contains(
        "has no image 0 named 'gone'"))
    #expect(
      sentence { _ = try opened(#""axes": "zyx""#) }.contains(
        "has 3 images, and the entry doesn't say which"))
    try all.choosing([2, 1]).tilesetFile().write(to: folder("u.json"))
    let again = try TileSet.open([folder("u.json")], cache: cache)
    #expect(again.tiles.map(\.info.name) == [names[2], names[1]])
    let volume = try again.tiles[0].volume(channel: 0, timepoint: 0)
    #expect(try volume.block(of: Box3(size: .one)).values(UInt16.self) == [48])
  }

  @Test func tenThousandTilesAreOpenedAndPlacedInSeconds() throws {
    let folder = try TemporaryFolder()
    var entries: [String] = []
    try write(folder("t0.tif"))
    for number in 0..<10_000 {
      // Half of the tiles are in files of their own, half in one file.
      let name = number < 5000 ? "t\(number).tif" : "t0.tif"
      if number > 0 && number < 5000 {
        try FileManager.default.copyItem(atPath: folder("t0.tif"), toPath: folder(name))
      }
      let offset = "[\(number % 100 * 3), \(number / 100 * 2), 0]"
      entries.append(#"{"path": "\#(name)", "offset_voxels_xyz": \#(offset)}"#)
    }
    let text = #"{"brickwork_tileset": 1, "tiles": [\#(entries.joined(separator: ",\n"))]}"#
    try Files.replace(folder("t.json"), with: Array(text.utf8))
    let start = ContinuousClock.now
    let tiles = try TileSet.open([folder("t.json")], cache: cache)
    let composition = try tiles.composition(offsets: nil, CompositionOptions())
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(composition.volume.size == Index3(z: 2, y: 201, x: 301))
  }

  @Test(arguments: [DownsampleMethod.stride, .mean])
  func aTilesetIsDownscaledWithItsOffsetsAndVoxelSize(_ method: DownsampleMethod) throws {
    let folder = try TemporaryFolder()
    try write(folder("a.tif"))
    try write(folder("b.tif"), 100)
    let text = """
      {"brickwork_tileset": 1, "voxel_size_um_xyz": [0.5, 0.25, 2], "tiles": [
        {"path": "a.tif", "position_um_xyz": [10, 0, 0]}, {"path": "b.tif", "position_um_xyz": [12, 0, 4]}]}
      """
    try Files.replace(folder("t.json"), with: Array(text.utf8))
    let tiles = try TileSet.open([folder("t.json")], cache: cache)
    var options = CompositionOptions()
    options.downscale = Index3(z: 2, y: 3, x: 2)
    options.downscaleMethod = method
    options.fusion = .overwrite
    let composition = try tiles.composition(offsets: nil, options)
    #expect(composition.voxelSize == VoxelSize(x: 1, y: 0.75, z: 4))
    #expect(composition.placement.boxes.map(\.origin) == [.zero, Index3(z: 1, y: 0, x: 2)])
    let block = try composition.volume.block(of: composition.volume.bounds)
    let (first, second): ([UInt16], [UInt16]) =
      method == .stride ? ([0, 2], [100, 102]) : ([11, 13], [111, 113])
    #expect(block.values(UInt16.self) == first + [0, 0] + [0, 0] + second)
  }
}
