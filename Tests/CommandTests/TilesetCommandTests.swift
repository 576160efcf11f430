import BrickTestSupport
import Brickwork
import Testing

/// Tileset files, offsets of tiles, and what `info` says about a layout.
@Suite struct TilesetCommandTests {
  private let folder: TemporaryFolder

  /// Three tiles of 4×3×2 voxels that count up from 0, 100 and 200.
  init() throws {
    folder = try TemporaryFolder()
    for (name, start) in [("a.tif", 0), ("b.tif", 100), ("c.tif", 200)] {
      let bytes = TinyTIFF.stack(
        width: 4, height: 3, depth: 2, voxels: (0..<24).map { UInt16(start + $0) })
      try Files.replace(folder(name), with: bytes)
    }
    try text("offsets.csv", "tile,x,y,z\na.tif,0,0,0\nb.tif,3,0,0\nc.tif,6,0,0\n")
  }

  private func text(_ name: String, _ content: String) throws {
    try Files.replace(folder(name), with: Array(content.utf8))
  }

  private func json(_ text: String) throws -> JSON {
    try JSON(parsing: Array(text.utf8), path: "-")
  }

  private var tiles: [String] { ["a.tif", "b.tif", "c.tif"].map { folder($0) } }

  private var usual: [String] {
    tiles + ["--offsets", folder("offsets.csv"), "--voxel-size", "0.5,0.5,2"]
  }

  @Test func aTilesetIsASourceLikeItsTiles() throws {
    let set = folder("s.json")
    let made = try Executable.run(["tileset"] + usual + ["-o", set])
    #expect(made.status == 0 && made.errors.isEmpty && made.output == "\(set): 3 tiles\n")
    let direct = try json(try Executable.run(["info"] + usual + ["--json"]).output)
    let through = try json(try Executable.run(["info", set, "--json"]).output)
    #expect(through["tiles"] == direct["tiles"] && through["layout"] == direct["layout"])
    #expect(through["voxel_size_um_xyz"] == direct["voxel_size_um_xyz"])
    for (source, name) in [(usual, "one"), ([set], "two")] {
      let result = try Executable.run(
        ["stitch"] + source + ["-o", folder(name), "--progress", "none"])
      #expect(result.status == 0 && result.errors.isEmpty)
      let picture = try Executable.run(["preview"] + source + ["-o", folder(name + ".png")])
      #expect(picture.status == 0)
    }
    func voxels(_ name: String) throws -> [UInt16] {
      let volume = try OMEZarrImage(folder(name), cache: PieceCache(capacity: 0)).volume(
        channel: 0, timepoint: 0)
      return try volume.block(of: volume.bounds).values(UInt16.self)
    }
    #expect(try voxels("one") == voxels("two") && voxels("one").count == 60)
    #expect(try Files.read(folder("one.png")) == Files.read(folder("two.png")))
    #expect(try Executable.run(["tileset", set, "-o", set]).status == 73)
    #expect(try Executable.run(["tileset", set, "-o", set, "--overwrite"]).status == 0)
    let printed = try json(try Executable.run(["tileset", set]).output)
    #expect(printed["tiles"]?[2]?["offset_voxels_xyz"]?.doubleArrayValue == [6, 0, 0])
    #expect(printed["tiles"]?[2]?["path"]?.stringValue?.hasPrefix("/") == true)
  }

  @Test func offsetsAreScaledAndTilesChosen() throws {
    let result = try Executable.run(
      ["tileset"] + usual + ["--scale-offset", "2,1,0.5", "--order", "2,0"])
    let document = try json(result.output)
    #expect(document["tiles"]?.arrayValue?.count == 2)
    #expect(document["tiles"]?[0]?["offset_voxels_xyz"]?.doubleArrayValue == [12, 0, 0])
    for wrong in [
      ["--order", "3"], ["--order", "1,1"], ["--scale-offset", "0,1,1"], ["--scale-offset", "1,1"],
    ] {
      #expect(try Executable.run(["tileset"] + usual + wrong).status == 64)
    }
    let without = try Executable.run(["tileset"] + tiles)
    #expect(without.status == 0 && without.errors.contains("the tileset holds no positions"))
    #expect(try json(without.output)["voxel_size_um_xyz"] == nil)
  }

  @Test func tablesComeBeforeWhatATilesetRecords() throws {
    let set = folder("s.json")
    _ = try Executable.run(["tileset"] + usual + ["-o", set])
    try text("other.csv", "x_um,y_um,z_um\n0,0,0\n0,1,0\n0,2,0\n")
    let updated = try json(
      try Executable.run(["tileset", set, "--offsets", folder("other.csv")]).output)
    #expect(updated["tiles"]?[2]?["position_um_xyz"]?.doubleArrayValue == [0, 2, 0])
    let placed = try json(
      try Executable.run(["info", set, "--offsets", folder("other.csv"), "--json"]).output)
    #expect(placed["tiles"]?[2]?["offset_voxels_xyz"]?.doubleArrayValue == [0, 4, 0])
  }

  @Test func damagedTilesetsExitWith65() throws {
    let set = folder("s.json")
    _ = try Executable.run(["tileset"] + usual + ["-o", set])
    let whole = try Files.read(set)
    try Files.replace(set, with: Array(whole.prefix(whole.count - 9)))
    let cut = try Executable.run(["info", set])
    #expect(cut.status == 65 && cut.errors.contains("is not valid JSON"))
    let words = String(decoding: whole, as: UTF8.self)
    try text("s.json", words.replacing("a.tif", with: "missing.tif"))
    let missing = try Executable.run(["stitch", set, "-o", folder("x")])
    #expect(missing.status == 66 && missing.errors.hasPrefix("brickwork: \(set), tile 0: "))
    try text("s.json", words.replacing("[3,0,0]", with: "[3,0,1e40]"))
    #expect(try Executable.run(["info", set]).status == 65)
  }

  @Test func offsetsOfTilesArePrintedInEveryFormat() throws {
    let set = folder("s.json")
    _ = try Executable.run(["tileset"] + usual + ["-o", set])
    let csv = try Executable.run(["offsets", set])
    #expect(
      csv.output
        == "tile,name,x,y,z,x_um,y_um,z_um\n0,a.tif,0,0,0,0,0,0\n1,b.tif,3,0,0,1.5,0,0\n2,c.tif,6,0,0,3,0,0\n"
    )
    let document = try json(try Executable.run(["offsets", set, "--format", "json"]).output)
    #expect(document["offsets"]?[1]?["um_xyz"]?.doubleArrayValue == [1.5, 0, 0])
    #expect(document["offsets"]?[1]?["camera_position_um_xyz"]?.isNull == true)
    for layout in ["plain", "exm"] {
      let path = folder("\(layout).npy")
      let result = try Executable.run(["offsets", set, "-o", path, "--npy-layout", layout])
      #expect(result.status == 0)
      let read = try OffsetTable.read(path, layout: layout == "exm" ? .exm : .plain)
      let offsets = try read.offsets(for: tiles, voxelSize: VoxelSize(x: 0.5, y: 0.5, z: 2))
      // The toolbox's x points the other way in the file and comes back.
      #expect(offsets.map(\.x) == [0, 3, 6])
    }
    for wrong in [
      ["--format", "npy"], ["--json", "--format", "csv"], ["--npy-layout", "exm"],
      ["--offset-units", "um"],
    ] {
      #expect(try Executable.run(["offsets", set] + wrong).status == 64)
    }
    let plain = ["offsets", folder("offsets.csv"), "-o", folder("q.npy"), "--npy-layout", "exm"]
    #expect(try Executable.run(plain).errors.contains("begins with the size of a tile"))
    #expect(try Executable.run(["offsets"] + tiles).status == 64)
    #expect(try Executable.run(["offsets", tiles[0]]).output.hasSuffix("\n0,a.tif,0,0,0,,,\n"))
  }

  @Test func infoTellsWhatLooksWrong() throws {
    try text("odd.csv", "tile,x,y,z\na.tif,0,0,0\nb.tif,5,0,0\nc.tif,0.4,0,0\n")
    let arguments = ["info"] + tiles + ["--offsets", folder("odd.csv"), "--voxel-size", "1,1,1"]
    let plain = try Executable.run(arguments)
    #expect(plain.output.contains("overlaps: 1 pair\n"))
    #expect(
      plain.output.contains(
        "gaps between neighbours: 0 and 1 (1 voxel along x), 2 and 1 (1 voxel along x)\n"))
    #expect(
      plain.errors
        == "brickwork: warning: tiles lie in the same place or are the same image: 0 (a.tif) and 2 (c.tif)\n"
        + "brickwork: warning: 1 of 3 tiles touch no other: 1 (b.tif)\n")
    let layout = try json(try Executable.run(arguments + ["--json", "--quiet"]).output)["layout"]
    #expect(layout?["overlapping_pairs"]?.intValue == 1)
    #expect(layout?["duplicates"]?[0]?.intArrayValue == [0, 2])
    #expect(layout?["isolated"]?.intArrayValue == [1])
    #expect(layout?["gaps"]?[0]?["tiles"]?.intArrayValue == [0, 1])
    #expect(layout?["warnings"]?.arrayValue?.count == 2)
    let twice = try Executable.run(
      ["info", tiles[0], tiles[0], "--offsets", folder("two.npy"), "--json"])
    #expect(twice.status == 66)
  }

  @Test func infoSuggestsTheOtherUnit() throws {
    // Tiles of 4 voxels of 0.01 µm, 0.035 µm apart.
    try text("um.csv", "x,y,z\n0,0,0\n0.035,0,0\n0.07,0,0\n")
    let arguments =
      ["info"] + tiles + ["--offsets", folder("um.csv"), "--voxel-size", "0.01,0.01,0.01"]
    #expect(
      try Executable.run(arguments).errors.contains("the unit looks wrong; try --offset-units um\n")
    )
    let right = try Executable.run(arguments + ["--offset-units", "um"])
    #expect(right.status == 0 && right.errors.isEmpty)
  }

  @Test func theMapStaysSmallForManyTiles() throws {
    var rows = "x,y,z\n"
    var sources: [String] = []
    for number in 0..<400 {
      rows += "\(number % 20 * 3),\(number / 20 % 10 * 2),\(number / 200 * 2)\n"
      sources.append(folder("a.tif"))
    }
    try text("many.csv", rows)
    let result = try Executable.run(
      ["info"] + sources + ["--offsets", folder("many.csv"), "--voxel-size", "1,1,1"])
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.contains("… and 360 more; --json lists all"))
    #expect(lines.contains("2 layers along z: the map shows them on top of one another"))
    let title = try #require(lines.firstIndex { $0.hasPrefix("2 layers along z") })
    #expect(lines.count - title <= 31)
  }

  @Test func optionsForOpeningAreKnownToEveryCommandWithSources() throws {
    for name in ["info", "stitch", "preview", "offsets", "tileset", "export"] {
      let help = try Executable.run([name, "--help"]).output
      for option in ["--dataset", "--axes", "--jp2-rows", "--stage-rule"] {
        #expect(help.contains("\(option) "), "\(name) \(option)")
      }
    }
    let result = try Executable.run([
      "info", tiles[0], "--stage-rule", "camera", "--voxel-size", "1,1,1",
    ])
    #expect(result.errors.contains("no file tells how its camera lies on the stage"))
    #expect(try Executable.run(["info", tiles[0], "--stage-rule", "mine"]).status == 64)
  }
}
