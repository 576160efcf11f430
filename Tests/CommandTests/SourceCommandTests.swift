import BrickTestSupport
import Brickwork
import Testing

@Suite struct SourceCommandTests {
  private let folder: TemporaryFolder

  /// Two tiles of 4×3×2 voxels that count up from 0 and from 100, the second one 3 voxels to the right.
  init() throws {
    folder = try TemporaryFolder()
    for (name, start) in [("a.tif", 0), ("b.tif", 100)] {
      let bytes = TinyTIFF.stack(
        width: 4, height: 3, depth: 2, voxels: (0..<24).map { UInt16(start + $0) })
      try Files.replace(folder(name), with: bytes)
    }
    let csv = "tile,x,y,z\na.tif,0,0,0\nb.tif,3,0,0\n"
    try Files.replace(folder("offsets.csv"), with: Array(csv.utf8))
  }

  private func json(_ text: String) throws -> JSON {
    try JSON(parsing: Array(text.utf8), path: "-")
  }

  @Test func infoDescribesATileAsJSON() throws {
    let result = try Executable.run(
      ["info", folder("a.tif"), "--voxel-size", "0.5,0.5,2", "--json"])
    #expect(result.status == 0 && result.errors.isEmpty)
    let document = try json(result.output)
    let tile = document["tiles"]?[0]
    #expect(tile?["path"]?.stringValue == folder("a.tif"))
    #expect(tile?["type"]?.stringValue == "uint16")
    #expect(tile?["size_zyx"]?.intArrayValue == [2, 3, 4])
    #expect(tile?["timepoints"]?.intValue == 1)
    #expect(document["voxel_size_um_xyz"]?.doubleArrayValue == [0.5, 0.5, 2])
  }

  @Test func infoPlacesTilesWithOffsets() throws {
    let arguments = ["info", folder("a.tif"), folder("b.tif"), "--offsets", folder("offsets.csv")]
    let document = try json(try Executable.run(arguments + ["--json"]).output)
    #expect(document["stitched_size_zyx"]?.intArrayValue == [2, 3, 7])
    #expect(document["tiles"]?[1]?["box_origin_zyx"]?.intArrayValue == [0, 0, 3])
    let text = try Executable.run(arguments)
    #expect(text.output.contains("stitched volume (x×y×z): 7×3×2 voxels, 84 B"))
    #expect(
      text.errors
        == "brickwork: warning: no file says its voxel size: 1 µm along x, y and z is taken; "
        + "give it with --voxel-size\n")
    #expect(try Executable.run(arguments + ["--quiet"]).errors.isEmpty)
  }

  @Test func exitCodesTellWhatIsWrong() throws {
    func status(_ arguments: [String]) throws -> Int32 { try Executable.run(arguments).status }
    try Files.replace(folder("junk.bin"), with: [1, 2, 3])
    try Files.replace(folder("cut.tif"), with: Array(try Files.read(folder("a.tif")).prefix(30)))
    #expect(try status(["info", folder("missing.tif")]) == 66)
    #expect(try status(["info", folder("junk.bin")]) == 65)
    #expect(try status(["info", folder("cut.tif")]) == 65)
    #expect(try status(["info", folder("a.tif"), "--offsets", folder("missing.csv")]) == 66)
    #expect(try status(["info", folder("a.tif"), "--offset-units", "um"]) == 64)
    #expect(try status(["preview", folder("a.tif"), "-o", folder("no/p.png")]) == 73)
    #expect(try status(["preview", folder("a.tif"), "-o", folder("p.png"), "--z", "2"]) == 64)
    #expect(try status(["preview", folder("a.tif"), "-o", folder("junk.bin")]) == 73)
    #expect(try status(["stitch", folder("missing.tif"), "-o", folder("s.zarr")]) == 66)
    #expect(try status(["export", folder("missing.zarr"), "-o", folder("e.h5")]) == 66)
    let memory = try Executable.run(
      ["stitch", folder("a.tif"), "-o", folder("s.zarr")], environment: ["BRICKWORK_MEMORY": "x"])
    #expect(memory.status == 64)
    #expect(
      memory.errors.contains("environment variable BRICKWORK_MEMORY: 'x' does not start with"))
  }

  @Test func offsetsArePrintedAndWritten() throws {
    let plain = try Executable.run(
      ["offsets", folder("offsets.csv"), "--voxel-size", "0.5,0.5,2"])
    #expect(
      plain.output
        == "tile,name,x,y,z,x_um,y_um,z_um\n0,a.tif,0,0,0,0,0,0\n1,b.tif,3,0,0,1.5,0,0\n")
    let written = folder("out.csv")
    #expect(try Executable.run(["offsets", folder("offsets.csv"), "-o", written]).status == 0)
    #expect(try OffsetTable.read(written).rows.map(\.voxels?.x) == [0, 3])
    #expect(try Executable.run(["offsets", folder("offsets.csv"), "-o", written]).status == 73)
    let document = try json(
      try Executable.run(["offsets", folder("offsets.csv"), "--json"]).output)
    #expect(document["offsets"]?[1]?["voxels_xyz"]?.doubleArrayValue == [3, 0, 0])
  }

  @Test func previewDrawsThePlane() throws {
    let picture = folder("p.png")
    let arguments = [
      "preview", folder("a.tif"), folder("b.tif"), "--offsets", folder("offsets.csv"), "-o",
      picture,
      "--z", "1", "--contrast", "0,255", "--json",
    ]
    let document = try json(try Executable.run(arguments).output)
    #expect(document["width"]?.intValue == 7 && document["height"]?.intValue == 3)
    let bytes = try Files.read(picture)
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    // Width, height, 8 bits, grey.
    #expect(Array(bytes[16..<26]) == [0, 0, 0, 7, 0, 0, 0, 3, 8, 0])
    // A picture is replaced without being asked.
    #expect(try Executable.run(arguments).status == 0)
  }
}
