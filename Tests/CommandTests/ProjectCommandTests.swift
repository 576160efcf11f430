import BrickTestSupport
import Brickwork
import Testing

/// `brickwork project`: stores and fused volumes as projects, and offsets into them.
@Suite struct ProjectCommandTests {
  private let folder: TemporaryFolder

  /// Three tiles of 9×8×7 voxels of two channels at places between voxels.
  init() throws {
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 1)
    for name in ["a.tif", "b.tif", "c.tif"] {
      let bytes = TinyTIFF.stack(
        width: 9, height: 8, depth: 7,
        voxels: (0..<9 * 8 * 7).map { _ in UInt16.random(in: 0...4000, using: &random) })
      try Files.replace(folder(name), with: bytes)
    }
    let csv = "tile,x,y,z\na.tif,3,1.5,2\nb.tif,9.5,2,3.25\nc.tif,5,7.1,1.7\n"
    try Files.replace(folder("o.csv"), with: Array(csv.utf8))
  }

  private var tiles: [String] { ["a.tif", "b.tif", "c.tif"].map { folder($0) } }
  private var places: [String] {
    ["--offsets", folder("o.csv"), "--voxel-size", "0.16,0.16,0.4"]
  }

  @discardableResult
  private func run(_ arguments: [String]) throws -> Executable.Result {
    let result = try Executable.run(arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  private func importTiles() throws {
    try run(["import"] + tiles + places + ["-o", folder("i.zarr"), "--progress", "none"])
  }

  private func voxels(_ path: String) throws -> [[UInt16]] {
    try TileSet.open([path], cache: PieceCache(capacity: 1 << 20)).tiles.map { tile in
      let volume = try tile.volume(channel: 0, timepoint: 0)
      return try volume.block(of: volume.bounds).values(UInt16.self)
    }
  }

  @Test func aStoreOfTilesIsOpenedAsAProject() throws {
    try importTiles()
    let made = try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    #expect(
      made.output
        == "\(folder("d.xml")): 3 view setups at 1 time point, opened from \(folder("i.zarr"))\n")
    #expect(made.errors.isEmpty)
    let text = String(decoding: try Files.read(folder("d.xml")), as: UTF8.self)
    #expect(
      text.contains(
        """
            <ImageLoader format="bdv.multimg.zarr" version="3.1" zarr.version="ZarrV3">
              <zarr type="relative">i.zarr</zarr>
              <zgroups>
                <zgroup setup="0" tp="0" path="0" indicies="[]" />
                <zgroup setup="1" tp="0" path="1" indicies="[]" />
                <zgroup setup="2" tp="0" path="2" indicies="[]" />
              </zgroups>
            </ImageLoader>
        """))
    #expect(try voxels(folder("d.xml")) == voxels(folder("i.zarr")))
    // Positions: those of the table in voxels, their smallest subtracted by import or not.
    let offsets = try BDVProject(reading: folder("d.xml")).offsets(timepoint: 0).map(\.offset)
    let wanted = [
      Point3(x: 3, y: 1.5, z: 2), Point3(x: 9.5, y: 2, z: 3.25), Point3(x: 5, y: 7.1, z: 1.7),
    ]
    for (found, wanted) in zip(offsets, wanted) {
      let (a, b) = (found - offsets[0], wanted - Point3(x: 3, y: 1.5, z: 2))
      #expect(max(abs(a.x - b.x), abs(a.y - b.y), abs(a.z - b.z)) < 1e-9)
    }
    // The whole folder may move, and the XML lie elsewhere.
    try Files.makeFolder(folder("xml"))
    try run(["project", "new", folder("i.zarr"), "-o", folder("xml/d.xml")])
    #expect(try voxels(folder("xml/d.xml")) == voxels(folder("i.zarr")))
    let again = try Executable.run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    #expect(again.status == 73)
    try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml"), "--overwrite"])
    #expect(Files.exists(folder("d.xml~1")))
  }

  @Test func aStitchedStoreIsAProjectOfOneImage() throws {
    try run(["stitch"] + tiles + places + ["-o", folder("s.zarr"), "--progress", "none"])
    let json = try run(["project", "new", folder("s.zarr"), "-o", folder("s.xml"), "--json"]).output
    #expect(try JSON(parsing: Array(json.utf8), path: "-")["setups"] == 1)
    let text = String(decoding: try Files.read(folder("s.xml")), as: UTF8.self)
    #expect(text.contains("<zgroup setup=\"0\" tp=\"0\" path=\".\" indicies=\"[]\" />"))
    #expect(try voxels(folder("s.xml")) == voxels(folder("s.zarr")))
  }

  @Test func channelsAndTimePointsAreFoundByTheirIndices() throws {
    try FiveDimensionalStore.write(folder("five.zarr"))
    try run(["project", "new", folder("five.zarr"), "-o", folder("five.xml")])
    let cache = PieceCache(capacity: 1 << 20)
    let direct = try TileSet.open([folder("five.zarr")], cache: cache).tiles[0]
    let project = try TileSet.open([folder("five.xml")], cache: cache).tiles[0]
    #expect(project.info.timepoints == direct.info.timepoints)
    #expect(project.info.channelNames.count == direct.info.channelNames.count)
    for channel in direct.info.channelNames.indices {
      for timepoint in 0..<direct.info.timepoints {
        let (a, b) = (
          try direct.volume(channel: channel, timepoint: timepoint),
          try project.volume(channel: channel, timepoint: timepoint)
        )
        let isSame =
          try a.block(of: a.bounds).values(UInt8.self) == b.block(of: b.bounds).values(UInt8.self)
        #expect(isSame)
      }
    }
  }

  @Test func offsetsGoIntoAProjectAndComeOutOfIt() throws {
    try importTiles()
    try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    let before = try Files.read(folder("d.xml"))
    let csv = "x,y,z\n0,0,0\n-8.25,1,0.5\n0,6,0\n"
    try Files.replace(folder("new.csv"), with: Array(csv.utf8))
    let command = ["project", "offsets", folder("d.xml"), folder("new.csv")]
    #expect(
      try run(command + ["--dry-run"]).output.hasSuffix(
        "3 views would be moved; nothing was written\n"))
    #expect(try Files.read(folder("d.xml")) == before)
    let done = try JSON(parsing: Array(try run(command + ["--json"]).output.utf8), path: "-")
    #expect(done["views"] == 3 && done["changed"] == true)
    #expect(try Files.read(folder("d.xml~1")) == before)
    let offsets = try OffsetTable.read(folder("d.xml")).rows.compactMap(\.voxels)
    #expect(offsets == [.zero, Point3(x: -8.25, y: 1, z: 0.5), Point3(x: 0, y: 6, z: 0)])
    #expect(try run(command).output.hasSuffix("3 views lie there already, nothing to do\n"))
    #expect(!Files.exists(folder("d.xml~2")))
    // From a tileset, and from an array in ExM-Toolbox's layout.
    try run(
      ["tileset", "--offsets", folder("o.csv")] + tiles + [
        "--voxel-size", "0.16,0.16,0.4", "-o", folder("t.json"),
      ])
    try run(["project", "offsets", folder("d.xml"), folder("t.json")])
    #expect(try OffsetTable.read(folder("d.xml")).rows[1].voxels == Point3(x: 9.5, y: 2, z: 3.25))
    let wrong = try Executable.run(["project", "offsets", folder("d.xml"), folder("d.xml~9")])
    #expect(wrong.status == 66)
    let many = "x,y,z\n" + String(repeating: "1,2,3\n", count: 5)
    try Files.replace(folder("many.csv"), with: Array(many.utf8))
    #expect(
      try Executable.run(["project", "offsets", folder("d.xml"), folder("many.csv")]).status == 64)
  }

  /// Where the voxels of a project's only setup lie in the world, and its own scale.
  private func world(_ path: String) throws -> AffineTransform {
    try #require(try BDVProject(reading: path).affine(of: .init(timepoint: 0, setup: 0)))
  }

  @Test(
    arguments: [
      ([], 1.0, [0.0, 0, 0]),
      (["--roi", "2:9,3:8,1:6"], 1, [2, 3, 1]),
      (["--downscale", "2,2,2", "--downscale-method", "mean"], 2, [0.5, 0.5, 0.5]),
      (["--downscale", "2,2,2", "--roi", "1:4,0:4,0:3"], 2, [2, 0, 0]),
    ] as [([String], Double, [Double])])
  func aFusedVolumeOverlaysItsTiles(_ options: [String], _ factor: Double, _ start: [Double]) throws
  {
    try importTiles()
    try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    try run(
      ["stitch", folder("d.xml"), "-o", folder("s.zarr"), "--progress", "none"] + options)
    let made = try run([
      "project", "fused", folder("d.xml"), folder("s.zarr"), "-o", folder("f.xml"),
    ])
    #expect(made.errors.isEmpty, "\(made.errors)")
    let offsets = try BDVProject(reading: folder("d.xml")).offsets(timepoint: 0).map(\.offset)
    let axes = [\Point3.x, \Point3.y, \Point3.z]
    let least = axes.map { axis in offsets.map { $0[keyPath: axis] }.min() ?? 0 }
    let fused = try world(folder("f.xml"))
    let calibration: [Double] = [1, 1, 2.5]
    for axis in 0..<3 {
      #expect(abs(fused[axis, axis] - factor * calibration[axis]) < 1e-12)
      #expect(abs(fused[axis, 3] - (least[axis] + start[axis]) * calibration[axis]) < 1e-9)
    }
    let project = try BDVProject(reading: folder("f.xml"))
    #expect(
      project.registrations[.init(timepoint: 0, setup: 0)]?.map(\.name)
        == ["fusion bounding box", "calibration"])
    #expect(try voxels(folder("f.xml")) == voxels(folder("s.zarr")))
  }

  @Test func anExportedVolumeOverlaysToo() throws {
    try importTiles()
    try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    try run(["stitch", folder("d.xml"), "-o", folder("s.zarr"), "--progress", "none"])
    try run(["export", folder("s.zarr"), "-o", folder("s.h5"), "--progress", "none"])
    let command = ["project", "fused", folder("d.xml"), folder("s.h5"), "-o"]
    let made = try run(command + [folder("f.xml")])
    #expect(made.errors.contains("does not say where it begins"))
    try run(["project", "fused", folder("d.xml"), folder("s.zarr"), "-o", folder("g.xml")])
    #expect(try world(folder("f.xml")) == world(folder("g.xml")))
    try run(command + [folder("h.xml"), "--origin", "-1,2,3.5"])
    #expect(try world(folder("h.xml"))[2, 3] == 3.5 * 2.5 && world(folder("h.xml"))[0, 3] == -1)
    #expect(try voxels(folder("h.xml")) == voxels(folder("s.h5")))
    #expect(try Executable.run(command + [folder("h.xml")]).status == 73)
    #expect(
      try Executable.run([
        "project", "fused", folder("d.xml"), folder("i.zarr"), "-o", folder("k.xml"),
      ]).status == 64)
  }

  @Test func aProjectThatChangedSinceIsWarnedOf() throws {
    try importTiles()
    try run(["project", "new", folder("i.zarr"), "-o", folder("d.xml")])
    try run(["stitch", folder("d.xml"), "-o", folder("s.zarr"), "--progress", "none"])
    try Files.replace(
      folder("new.csv"), with: Array("x,y,z\n3,1.5,2\n29.5,2,3.25\n5,7.1,1.7\n".utf8))
    try run(["project", "offsets", folder("d.xml"), folder("new.csv")])
    let made = try run([
      "project", "fused", folder("d.xml"), folder("s.zarr"), "-o", folder("f.xml"),
    ])
    #expect(made.errors.contains("were the project's offsets changed since?"))
  }
}
