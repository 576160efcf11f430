import BrickTestSupport
import Brickwork
import Testing

@Suite struct ImportCommandTests {
  private let folder: TemporaryFolder

  /// Three tiles of 9×8×7 voxels at places between voxels.
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
    ["--offsets", folder("o.csv"), "--voxel-size", "0.1625,0.17,0.4"]
  }

  private func run(_ arguments: [String]) throws -> Executable.Result {
    let result = try Executable.run(arguments + ["--progress", "none"])
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  private func shards(of store: String) throws -> [String: [UInt8]] {
    try contents(of: store).filter { $0.key.contains("c/") }
  }

  @Test(arguments: [
    [], ["--downscale", "1,2,3"], ["--downscale", "2,3,2", "--downscale-method", "mean"],
  ])
  func importedTilesStitchToTheSameVolume(thinned: [String]) throws {
    _ = try run(["import"] + tiles + places + thinned + ["-o", folder("i.zarr")])
    _ = try run(["stitch"] + tiles + places + thinned + ["-o", folder("s.zarr")])
    // The images bring voxel size and positions themselves.
    let images = (0..<3).map { folder("i.zarr/\($0)") }
    _ = try run(["stitch"] + images + ["-o", folder("t.zarr")])
    let (direct, imported) = (try shards(of: folder("s.zarr")), try shards(of: folder("t.zarr")))
    #expect(direct.keys.sorted() == imported.keys.sorted() && !direct.isEmpty)
    for (path, bytes) in direct { #expect(imported[path] == bytes, "\(path)") }
  }

  @Test func theSameCommandFindsItsWorkDone() throws {
    let arguments = ["import"] + tiles + places + ["-o", folder("i.zarr"), "--json"]
    let first = try JSON(parsing: Array(try run(arguments).output.utf8), path: "-")
    #expect(first["was_complete"] == false && first["tiles"]?.arrayValue?.count == 3)
    #expect(first["tiles"]?[1]?["name"] == "b.tif")
    let times = try writingTimes(of: folder("i.zarr"))
    let second = try JSON(parsing: Array(try run(arguments).output.utf8), path: "-")
    #expect(second["was_complete"] == true && second["kept_tiles"] == 3)
    #expect(try writingTimes(of: folder("i.zarr")) == times)
    let other = try Executable.run(
      ["import"] + tiles.dropLast() + places + ["-o", folder("i.zarr"), "--progress", "none"])
    #expect(other.status != 0)
    #expect(try writingTimes(of: folder("i.zarr")) == times)
  }

  @Test func aDryRunWritesNothing() throws {
    let result = try run(["import"] + tiles + places + ["-o", folder("i.zarr"), "--dry-run"])
    #expect(result.output.contains("3 tiles would be imported"))
    #expect(!Files.exists(folder("i.zarr")))
    let json = try JSON(
      parsing: Array(
        try run(
          ["import"] + tiles + places + ["-o", folder("i.zarr"), "--dry-run", "--json"]
        ).output.utf8), path: "-")
    #expect(json["expected_decodings"]?.doubleValue == 1 && json["tiles"]?.arrayValue?.count == 3)
  }

  @Test func tilesWithoutPositionsAreImportedWithAWarning() throws {
    let result = try run(["import"] + tiles + ["-o", folder("i.zarr")])
    #expect(result.errors.contains("nothing says where the tiles lie"))
    let image = try OMEZarrImage(folder("i.zarr/1"), cache: PieceCache(capacity: 0))
    #expect(image.info.position == nil)
    #expect(image.attributes["brickwork"]?["position_um_xyz"] == nil)
  }

  @Test func channelsAndTimePointsComeAlong() throws {
    try FiveDimensionalStore.write(folder("tc.zarr"))
    _ = try run(["import", folder("tc.zarr"), "-o", folder("i.zarr")])
    let image = try OMEZarrImage(folder("i.zarr/0"), cache: PieceCache(capacity: 0))
    #expect(image.info.channelNames == ["DAPI", "GFP", "RFP"] && image.info.timepoints == 2)
    #expect(try ArrayMetadata(folder("i.zarr/0/0")).shape == [2, 3, 2, 2, 2])
    _ = try run([
      "import", folder("tc.zarr"), "-o", folder("j.zarr"), "--channel", "GFP", "--timepoint", "1",
    ])
    #expect(try ArrayMetadata(folder("j.zarr/0/0")).shape == [2, 2, 2])
    let volume = try OMEZarrImage(folder("j.zarr/0"), cache: PieceCache(capacity: 0))
      .volume(channel: 0, timepoint: 0)
    let block = try volume.block(of: volume.bounds)
    #expect(unsafe block.bytes.unsafeLoad(as: UInt8.self) == 12)
  }

  /// Positions are stored so that the tiles' offsets come back, to the last bit where they are whole or half voxels.
  @Test func positionsGiveTheOffsetsBack() throws {
    var random = SplitMix64(seed: 7)
    let info = TileInfo(path: "t", name: "t", format: "", type: .uint8, size: .one)
    struct Image: TileImage {
      var info: TileInfo
      func volume(channel: Int, timepoint: Int) throws -> any Volume {
        ArrayVolume(bytes: [0], type: .uint8, size: .one)
      }
    }
    for _ in 0..<2000 {
      func number() -> Double { Double(Int.random(in: -200_000...200_000, using: &random)) / 2 }
      let size = VoxelSize(
        x: .random(in: 0.01...3, using: &random), y: 0.1625, z: .random(in: 0.1...9, using: &random)
      )
      let place = Point3(x: number(), y: number(), z: number())
      let image = Image(info: info)
      let set = TileSet(tiles: [image], voxelSize: size, stagePositions: nil)
      let table = OffsetTable(
        rows: [TileOffset(position: .voxels(place))], source: "t", format: "CSV")
      let stored = TileSet(
        tiles: [image], voxelSize: size, stagePositions: try set.positions(offsets: table))
      #expect(try stored.offsets(from: nil).offsets == [place])
    }
  }
}
