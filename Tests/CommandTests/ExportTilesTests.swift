import BrickTestSupport
import Brickwork
import Testing

/// `brickwork export` of tiles: stitched on the way, or each where it lies.
@Suite struct ExportTilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String]) throws -> Executable.Result {
    try Executable.run(["export"] + arguments + ["--progress", "none"])
  }

  private func json(_ text: String) throws -> JSON {
    try JSON(parsing: Array(text.utf8), path: "-")
  }

  private func bytes(_ volume: (any Volume)?) throws -> [UInt8]? {
    guard let volume else { return nil }
    let block = try volume.block(of: volume.bounds)
    return unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
  }

  private func view(_ name: String, setup: Int = 0, level: Int = 0) throws -> BDVFileVolume? {
    try BDVFile(folder(name)).volume(setup: setup, timepoint: 0, level: level)
  }

  /// Two tiles of 40×30×6 random voxels, overlapping by 7.
  private func writeTiles() throws -> [String] {
    var random = SplitMix64(seed: 5)
    for name in ["a.tif", "b.tif"] {
      let voxels = (0..<7200).map { _ in UInt16.random(in: 0...60_000, using: &random) }
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 40, height: 30, depth: 6, voxels: voxels))
    }
    let csv = "tile,x,y,z\na.tif,0,0,0\nb.tif,33,2.25,1\n"
    try Files.replace(folder("o.csv"), with: Array(csv.utf8))
    return [
      folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size", "0.5,0.5,1",
    ]
  }

  @Test(arguments: ["linear", "overwrite", "average", "max", "min"])
  func tilesAreStitchedOnTheWay(fusion: String) throws {
    let tiles = try writeTiles()
    let stitched = try Executable.run(
      ["stitch"] + tiles + ["-o", folder("s.ome.zarr"), "--fusion", fusion, "--progress", "none"])
    #expect(stitched.status == 0)
    let image = try OMEZarrImage(folder("s.ome.zarr"), cache: PieceCache(capacity: 0))
    let result = try run(tiles + ["-o", folder("e.h5"), "--fusion", fusion, "--json"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let summary = try json(result.output)
    #expect(summary["layout"]?.stringValue == "fused" && summary["setups"]?.intValue == 1)
    #expect(summary["size_zyx"]?.intArrayValue == image.info.size.components)
    #expect(
      try bytes(view("e.h5")) == bytes(image.volume(level: 0, channel: 0, timepoint: 0)))
    let project = try BDVProject(reading: folder("e.xml"))
    #expect(project.setups[0].name == "e")
    #expect(project.setups[0].voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 1))
  }

  @Test func tilesAreViewsWhereTheyLie() throws {
    let tiles = try writeTiles()
    let result = try run(tiles + ["-o", folder("v.h5"), "--layout", "views", "--flip", "x"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(result.output.contains("v.h5: 2 tiles × 40×30×6 voxels (x×y×z), 1 level, "))
    let project = try BDVProject(reading: folder("v.xml"))
    let offsets = try project.offsets(timepoint: 0).map(\.offset)
    #expect(offsets == [Point3.zero, Point3(x: 33, y: 2.25, z: 1)])
    #expect(project.setups.map(\.name) == ["a.tif", "b.tif"])
    // Stitching the views is stitching the tiles.
    for (source, out) in [
      ([folder("v.xml")], "1.ome.zarr"), (tiles + ["--flip", "x"], "2.ome.zarr"),
    ] {
      let stitched = try Executable.run(
        ["stitch"] + source + ["-o", folder(out), "--progress", "none"])
      #expect(stitched.status == 0, "\(stitched.errors)")
    }
    let volumes = try ["1.ome.zarr", "2.ome.zarr"].map {
      try bytes(
        OMEZarrImage(folder($0), cache: PieceCache(capacity: 0)).volume(channel: 0, timepoint: 0))
    }
    #expect(volumes[0] == volumes[1])
  }

  @Test func importedTilesAreExportedLikeTheirFiles() throws {
    let tiles = try writeTiles()
    let imported = try Executable.run(
      ["import"] + tiles + ["-o", folder("t.zarr"), "--progress", "none"])
    #expect(imported.status == 0, "\(imported.errors)")
    for layout in ["views", "fused"] {
      #expect(try run(tiles + ["-o", folder("a-\(layout).h5"), "--layout", layout]).status == 0)
      let result = try run([folder("t.zarr"), "-o", folder("b-\(layout).h5"), "--layout", layout])
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      for setup in 0..<(layout == "views" ? 2 : 1) {
        #expect(
          try bytes(view("a-\(layout).h5", setup: setup))
            == bytes(view("b-\(layout).h5", setup: setup)))
      }
      #expect(
        try BDVProject(reading: folder("a-\(layout).xml")).registrations
          == BDVProject(reading: folder("b-\(layout).xml")).registrations)
    }
  }

  /// Two tiles of labels side by side, 4 voxels of overlap.
  private func writeLabels() throws -> [String] {
    func tile(_ name: String, _ voxels: [UInt16]) throws {
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 8, height: 2, depth: 1, voxels: voxels))
    }
    try tile("a.tif", [1, 1, 1, 1, 1, 1, 0, 0] + [0, 0, 0, 0, 0, 0, 2, 2])
    try tile("b.tif", [300, 300, 0, 0, 0, 0, 9, 9] + [0, 0, 0, 0, 0, 0, 0, 0])
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\n0,0,0,0\n1,4,0,0\n".utf8))
    let map = "tile,label,new_label\n0,1,1\n0,2,2\n1,9,3\n1,300,1\n"
    try Files.replace(folder("m.csv"), with: Array(map.utf8))
    return [
      folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size", "1,1,1",
    ]
  }

  private func labels(_ volume: (any Volume)?) throws -> [UInt16]? {
    guard let volume, volume.type == .uint16 else { return nil }
    let block = try volume.block(of: volume.bounds)
    let voxels = block.voxels(as: UInt16.self)
    return voxels.indices.map { voxels[$0] }
  }

  @Test func relabelledTilesBecomeOneVolumeOrViews() throws {
    let tiles = try writeLabels() + ["--from-map", folder("m.csv")]
    #expect(try run(tiles + ["-o", folder("f.h5")]).status == 0)
    #expect(
      try labels(view("f.h5"))
        == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 3, 3] + [0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0])
    #expect(try run(tiles + ["-o", folder("v.h5"), "--layout", "views", "--legacy"]).status == 0)
    #expect(
      try labels(view("v.h5", setup: 0))
        == [1, 1, 1, 1, 1, 1, 0, 0] + [0, 0, 0, 0, 0, 0, 2, 2])
    #expect(
      try labels(view("v.h5", setup: 1))
        == [1, 1, 0, 0, 0, 0, 3, 3] + [0, 0, 0, 0, 0, 0, 0, 0])
    // The store of the same labels has the same voxels, as uint32.
    let store = try Executable.run(
      ["labels", "dedup"] + writeLabels()
        + ["-o", folder("s.ome.zarr"), "--from-map", folder("m.csv"), "--progress", "none"])
    #expect(store.status == 0)
    #expect(try run([folder("s.ome.zarr"), "-o", folder("s.h5")]).status == 0)
    #expect(try view("s.h5")?.type == .uint32)
  }

  @Test func labelsAreNeverAveraged() throws {
    // Wide enough for a second level: labels alternate, 7 and 9, and 8 is no label.
    let voxels = (0..<(300 * 2)).map { UInt16($0 % 2 == 0 ? 9 : 7) }
    try Files.replace(
      folder("l.tif"), with: TinyTIFF.stack(width: 300, height: 2, depth: 1, voxels: voxels))
    let source = [folder("l.tif"), "--voxel-size", "1,1,1"]
    #expect(try run(source + ["-o", folder("m.h5")]).status == 0)
    #expect(try labels(view("m.h5", level: 1))?.allSatisfy { $0 == 8 } == true)
    #expect(try run(source + ["-o", folder("l.h5"), "--labels"]).status == 0)
    #expect(try labels(view("l.h5", level: 1))?.allSatisfy { $0 == 7 } == true)
  }

  @Test func optionsThatDontFitAreBadRequests() throws {
    let tiles = try writeLabels() + ["-o", folder("e.h5")]
    let map = ["--from-map", folder("m.csv")]
    let wrong = [
      ["--layout", "views", "--fusion", "max"], ["--layout", "views", "--order", "1,0"],
      ["--labels", "--fusion", "linear"], ["--levels", "store"], ["--levels", "2"],
      map + ["--channel", "all"], map + ["--fusion", "max"], ["--compression", "zstd:1"],
      ["--tile", "0"], ["--channel", "1"], ["--timepoint", "1"],
      ["--labels", "--downscale", "1,2,2", "--downscale-method", "mean"],
    ]
    for options in wrong {
      let result = try run(tiles + options)
      #expect(result.status == 64, "\(options): \(result.status) \(result.errors)")
    }
    #expect(try run(tiles + ["--from-map", folder("no.csv")]).status == 66)
    #expect(try run([folder("a.tif"), "-o", folder("e.tif"), "--layout", "views"]).status == 64)
    #expect(try run([folder("a.tif"), "-o", folder("e.tif"), "--flip", "x"]).status == 64)
    #expect(!Files.exists(folder("e.h5")) && !Files.exists(folder("e.tif")))
  }

  @Test func theDryRunNamesTheViews() throws {
    let result = try run(
      try writeTiles() + ["-o", folder("e.h5"), "--layout", "views", "--dry-run", "--json"])
    let document = try json(result.output)
    #expect(document["images"]?[1]?["name"]?.stringValue == "b.tif")
    #expect(document["images"]?[1]?["offset_xyz"]?.doubleArrayValue == [33, 2.25, 1])
    #expect(document["images"]?[0]?["levels"]?[0]?["size_zyx"]?.intArrayValue == [6, 30, 40])
    #expect(!Files.exists(folder("e.h5")))
  }
}
