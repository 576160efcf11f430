import BrickTestSupport
import Brickwork
import Testing

@Suite struct PreviewCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String], environment: [String: String] = [:]) throws
    -> Executable.Result
  {
    try Executable.run(["preview"] + arguments, environment: environment)
  }

  private func report(_ arguments: [String]) throws -> JSON {
    let result = try run(arguments + ["--json", "--quiet"])
    #expect(result.status == 0, "\(result.errors)")
    return try JSON(parsing: Array(result.output.utf8), path: "-")
  }

  /// The voxels of a TIFF of one page.
  private func page(_ name: String) throws -> [UInt16] {
    let tile = try TileSet.open([folder(name)], cache: PieceCache(capacity: 0)).tiles[0]
    let volume = try tile.volume(channel: 0, timepoint: 0)
    return try volume.block(of: volume.bounds).values(UInt16.self)
  }

  /// A tile of 40 × 30 × 20 voxels (x, y, z) of 1 × 1 × 2 µm: 100 z + 10 y + x.
  private static let size = Index3(z: 20, y: 30, x: 40)
  private static func voxel(_ z: Int, _ y: Int, _ x: Int) -> Int { 100 * z + 10 * y + x }

  private func writeTile(_ name: String = "a.tif") throws -> String {
    var voxels: [UInt16] = []
    Box3(size: Self.size).forEachPosition { voxels.append(UInt16(Self.voxel($0.z, $0.y, $0.x))) }
    try Files.replace(
      folder(name), with: TinyTIFF.stack(width: 40, height: 30, depth: 20, voxels: voxels))
    return folder(name)
  }

  private func stitch(_ sources: [String], _ name: String, _ options: [String]) throws -> String {
    let result = try Executable.run(
      ["stitch"] + sources + ["-o", folder(name), "--quiet", "--progress", "none"] + options)
    #expect(result.status == 0, "\(result.errors)")
    return folder(name)
  }

  @Test func sectionsOfATileAreItsVoxels() throws {
    let source = [try writeTile(), "--voxel-size", "1,1,2", "--pixels", "voxel", "--quiet"]
    _ = try run(source + ["--z", "3", "-o", folder("z.tif")])
    #expect(try page("z.tif") == (0..<1200).map { UInt16(Self.voxel(3, $0 / 40, $0 % 40)) })
    _ = try run(source + ["--y", "7", "-o", folder("y.tif")])
    #expect(try page("y.tif") == (0..<800).map { UInt16(Self.voxel($0 / 40, 7, $0 % 40)) })
    _ = try run(source + ["--x", "39", "-o", folder("x.tif")])
    #expect(try page("x.tif") == (0..<600).map { UInt16(Self.voxel($0 / 30, $0 % 30, 39)) })
    _ = try run(
      source + ["--project", "max", "--z", "2:9", "--roi", "3:5,4:6,:", "-o", folder("m.tif")])
    #expect(try page("m.tif") == [843, 844, 853, 854])
    // Means of squares, rounded half up: 3 × 3 voxels, the last column and row of what is left.
    let json = try report(source + ["--z", "0", "--size", "14", "-o", folder("s.tif")])
    #expect(json["width"]?.intValue == 14 && json["height"]?.intValue == 10)
    #expect(json["voxels_per_pixel_xy"]?.doubleArrayValue == [3, 3])
    let reduced = try page("s.tif")
    #expect(reduced[0] == 11 && reduced[13] == 49 && reduced[14] == 41)
  }

  @Test func sectionsAreShownWithSquareMicrometers() throws {
    let source = [try writeTile(), "--voxel-size", "1,1,2"]
    let json = try report(source + ["--y", "0", "--scale-bar", "-o", folder("y.png")])
    #expect(json["width"]?.intValue == 40 && json["height"]?.intValue == 40)
    #expect(json["um_per_pixel"]?.doubleValue == 1)
    #expect(json["y"]?.intValue == 0 && json["axis"]?.stringValue == "y")
    let mean = try report(source + ["--project", "mean", "--x", ":", "-o", folder("x.png")])
    #expect(mean["width"]?.intValue == 30 && mean["height"]?.intValue == 40)
    #expect(mean["projection"]?.stringValue == "mean")
    #expect(mean["origin_zyx"]?.intArrayValue == [0, 0, 0])
  }

  @Test func oneTileCanBeShownAlone() throws {
    let sources = [try writeTile("a.tif"), try writeTile("b.tif")]
    let json = try report(sources + ["--tile", "1", "--z", "19", "-o", folder("t.tif")])
    #expect(json["width"]?.intValue == 40)
    #expect(try page("t.tif").last == 1900 + 290 + 39)
    #expect(try run(sources + ["--tile", "2", "-o", folder("u.tif")]).status == 64)
  }

  @Test func storesAreReadAtTheLevelThatSufficesBrickByBrick() throws {
    let store = try stitch(
      [try writeTile()], "s.ome.zarr",
      ["--voxel-size", "1,1,1", "--brick", "8,8,8", "--shard", "16,16,16", "--levels", "3"])
    let image = try OMEZarrImage(store, cache: PieceCache(capacity: 0))
    let coarse = try image.volume(level: 1, channel: 0, timepoint: 0)
    let json = try report([store, "--size", "20", "--z", "7", "-o", folder("p.tif")])
    #expect(json["level"]?.intValue == 1 && json["level_factor_zyx"]?.intArrayValue == [2, 2, 2])
    #expect(json["width"]?.intValue == 20 && json["height"]?.intValue == 15)
    // 20 × 15 voxels in bricks of 8.
    #expect(json["bricks_shown"]?.intValue == 6 && json["bricks_read"]?.intValue == 6)
    // Plane 7 lies in plane 3 of the level.
    let plane = Box3(origin: Index3(z: 3, y: 0, x: 0), size: Index3(z: 1, y: 15, x: 20))
    #expect(try page("p.tif") == coarse.block(of: plane).values(UInt16.self))
    let fine = try report([store, "--size", "20", "--level", "0", "-o", folder("q.png")])
    #expect(fine["level"]?.intValue == 0 && fine["bricks_read"]?.intValue == 20)
    let part = try report(
      [store, "--roi", "9:15,3:20,:", "--x", "10", "-o", folder("r.png"), "--pixels", "voxel"])
    #expect(part["bricks_shown"]?.intValue == 9 && part["bricks_read"]?.intValue == 9)
    #expect(part["width"]?.intValue == 17 && part["height"]?.intValue == 20)
    let absent = try run([store, "--level", "9", "-o", folder("x.png")])
    #expect(absent.status == 64 && absent.errors.contains("levels 0 to 2 can be shown"))
  }

  @Test func importsLieWhereTheirTilesDo() throws {
    let csv = "tile,x,y,z\na.tif,0,0,0\nb.tif,30,0,0\n"
    try Files.replace(folder("o.csv"), with: Array(csv.utf8))
    let tiles = [try writeTile("a.tif"), try writeTile("b.tif")]
    let layout = ["--offsets", folder("o.csv"), "--voxel-size", "1,1,1"]
    let made = try Executable.run(
      ["import"] + tiles + layout + ["-o", folder("i.zarr"), "--progress", "none", "--quiet"])
    #expect(made.status == 0, "\(made.errors)")
    let json = try report([folder("i.zarr"), "--z", "4", "-o", folder("i.tif")])
    _ = try report(tiles + layout + ["--z", "4", "-o", folder("t.tif")])
    #expect(json["width"]?.intValue == 70)
    #expect(try page("i.tif") == page("t.tif"))
    let coarse = try report([
      folder("i.zarr"), "--z", "4", "--size", "35", "-o", folder("j.png"), "--tiles",
    ])
    #expect((coarse["width"]?.intValue ?? 99) <= 35)
  }

  /// The colours of a drawn TIFF, whose pixels follow its directory.
  private func colors(_ name: String, width: Int) throws -> (_ x: Int, _ y: Int) -> RGB {
    let bytes = Array(try Files.read(folder(name)).dropFirst(140))
    return { x, y in
      let place = 3 * (y * width + x)
      return RGB(bytes[place], bytes[place + 1], bytes[place + 2])
    }
  }

  @Test func bordersLieOnTheFirstAndLastVoxelsOfTiles() throws {
    let csv = "tile,x,y,z\na.tif,0,0,0\nb.tif,30,0,0\n"
    try Files.replace(folder("o.csv"), with: Array(csv.utf8))
    let tiles = [
      try writeTile("a.tif"), try writeTile("b.tif"), "--offsets", folder("o.csv"),
      "--voxel-size", "1,1,1", "--z", "0", "--tiles", "--contrast", "0,10000",
    ]
    let (first, second) = (LabelColors.color(of: 1), LabelColors.color(of: 2))
    _ = try report(tiles + ["-o", folder("t.tif")])
    let pixel = try colors("t.tif", width: 70)
    // The second tile's border is drawn over the first one's.
    let row = (0..<70).map { pixel($0, 5) }
    #expect(row.indices.filter { row[$0] == first } == [0, 39])
    #expect(row.indices.filter { row[$0] == second } == [30, 69])
    #expect(pixel(10, 0) == first && pixel(10, 29) == first && pixel(35, 29) == second)
    #expect(row[1].red == row[1].green && row[1].red == row[1].blue)
    // Halved, and cut to the second half: what lies outside has no border.
    let part = try report(tiles + ["--roi", "35:70,:,:", "--size", "18", "-o", folder("u.tif")])
    #expect(part["width"]?.intValue == 18 && part["height"]?.intValue == 15)
    let cut = try colors("u.tif", width: 18)
    let cutRow = (0..<18).map { cut($0, 3) }
    #expect(cutRow.indices.filter { cutRow[$0] == first } == [2])
    #expect(cutRow.indices.filter { cutRow[$0] == second } == [17])
  }

  @Test func labelStoresAreDrawnAsLabels() throws {
    let labels = (0..<96).map { UInt16($0 % 8 / 3) }
    try Files.replace(
      folder("l.tif"), with: TinyTIFF.stack(width: 8, height: 6, depth: 2, voxels: labels))
    let made = try Executable.run([
      "labels", "dedup", folder("l.tif"), "-o", folder("l.ome.zarr"), "--voxel-size", "1,1,1",
      "--progress", "none", "--quiet",
    ])
    try #require(made.status == 0, "\(made.errors)")
    let json = try report([folder("l.ome.zarr"), "-o", folder("l.png")])
    #expect(json["labels"] == .bool(true))
    // In colour, 8 bits.
    #expect(Array(try Files.read(folder("l.png"))[24..<26]) == [8, 2])
    let asked = try report([folder("l.tif"), "--labels", "-o", folder("m.png")])
    #expect(asked["labels"] == .bool(true))
    #expect(try Files.read(folder("l.png")) == Files.read(folder("m.png")))
    // A TIFF keeps the labels themselves.
    _ = try report([folder("l.tif"), "--labels", "-o", folder("m.tif")])
  }

  @Test func channelsAreAddedInTheirColors() throws {
    let store = folder("c.zarr")
    try FiveDimensionalStore.write(store)
    let json = try report([store, "--channel", "all", "-o", folder("c.png")])
    let count = json["channels"]?.intArrayValue?.count ?? 0
    #expect(count > 1 && json["contrasts"]?.arrayValue?.count == count)
    #expect(Array(try Files.read(folder("c.png"))[24..<26]) == [8, 2])
    _ = try report([store, "--channel", "all", "--contrast", "0,4", "-o", folder("c.tif")])
    // 1, 2 and 3 of 4 in cyan, yellow and magenta, cut at 255.
    #expect(try self.colors("c.tif", width: 2)(1, 1) == RGB(255, 192, 255))
    let colors = Array(repeating: "magma", count: count).joined(separator: ",")
    _ = try report([store, "--channel", "all", "--colors", colors, "-o", folder("d.png")])
    let few = try run([store, "--channel", "all", "--colors", "magma", "-o", folder("e.png")])
    #expect(few.status == 64 && few.errors.contains("1 colour for \(count) channels"))
  }

  @Test func greyPicturesHave8Or16Bits() throws {
    let source = [try writeTile(), "--z", "0"]
    _ = try report(source + ["--bits", "16", "-o", folder("p.png")])
    #expect(Array(try Files.read(folder("p.png"))[24..<26]) == [16, 0])
    let raw = try report(
      source + ["--bits", "16", "--contrast", "auto:0,100", "-o", folder("q.tif")])
    #expect(raw["contrast"]?.doubleArrayValue == [0, 329])
    #expect(try page("q.tif")[1] == UInt16(65535.0 / 329 + 0.5))
    #expect(try run(source + ["--bits", "16", "--tiles", "-o", folder("r.png")]).status == 64)
    #expect(try run(source + ["--bits", "12", "-o", folder("r.png")]).status == 64)
  }

  @Test func terminalsShowThePicture() throws {
    let source = [try writeTile(), "--quiet", "--show"]
    let text = try run(source + ["text"], environment: ["COLORTERM": ""])
    #expect(text.status == 0)
    // 40 × 30 voxels take 15 lines of 40 characters.
    let lines = text.output.split(separator: "\n")
    #expect(lines.count == 15 && lines.allSatisfy { $0.count == 40 })
    let colored = try run(source + ["text"], environment: ["COLORTERM": "truecolor"])
    #expect(colored.output.hasPrefix("\u{1B}[38;2;") && colored.output.contains("▀"))
    #expect(try run(source + ["sixel"]).output.hasPrefix("\u{1B}P0;1q\"1;1;40;30#0"))
    #expect(try run(source + ["kitty"]).output.hasPrefix("\u{1B}_Ga=T,f=24,s=40,v=30,m=1;"))
    let both = try run(source + ["text", "-o", folder("p.png")])
    #expect(both.status == 0 && Files.exists(folder("p.png")))
  }

  @Test func requestsThatMakeNoSenseAreRefused() throws {
    let tile = try writeTile()
    func refusal(_ arguments: [String]) throws -> String {
      let result = try run([tile, "--voxel-size", "1,1,1"] + arguments)
      #expect(result.status == 64, "\(arguments): \(result.status) \(result.errors)")
      return result.errors
    }
    let output = ["-o", folder("p.png")]
    #expect(try refusal(output + ["--z", "3", "--y", "4"]).contains("one section"))
    #expect(try refusal(output + ["--z", "3:5"]).contains("Add --project max"))
    #expect(try refusal(output + ["--z", "20"]).contains("planes 0 to 19 are there"))
    #expect(try refusal(output + ["--y", "1:31", "--project", "max"]).contains("0:30"))
    #expect(try refusal(output + ["--z", "5:3", "--project", "max"]).contains("5:3"))
    #expect(try refusal(output + ["--timepoint", "all"]).contains("one time point"))
    #expect(try refusal(output + ["--colors", "heat"]).contains("is no colour"))
    #expect(try refusal(output + ["--contrast", "auto:1,101"]).contains("0 to 100"))
    #expect(
      try refusal(output + ["--pixels", "voxel", "--scale-bar"]).contains("there is no scale"))
    #expect(try refusal(output + ["--labels", "--project", "mean"]).contains("can't be averaged"))
    #expect(try refusal(["--json", "--show", "text"]).contains("standard output"))
    #expect(try refusal([]).contains("--output"))
    let own = try run([tile, "-o", tile, "--overwrite"])
    #expect(own.status == 73 && own.errors.contains("belongs to one of the sources"))
    #expect(!Files.exists(folder("p.png")) && !Files.exists(folder("p.png.partial")))
  }
}
