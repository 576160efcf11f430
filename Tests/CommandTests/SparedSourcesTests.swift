import BrickTestSupport
import Brickwork
import Testing

/// What is read is never replaced, whatever `--overwrite` says.
@Suite struct SparedSourcesTests {
  private let folder: TemporaryFolder
  private let random: [UInt16]

  /// A folder of two tiles, and a store of them.
  init() throws {
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 3)
    let voxels = (0..<2 * 20 * 24 * 6).map { _ in UInt16.random(in: 1...4000, using: &random) }
    self.random = voxels
    try Files.makeFolder(folder("tiles"))
    for (number, name) in ["a.tif", "b.tif"].enumerated() {
      let part = Array(voxels[number * 2880..<(number + 1) * 2880])
      try Files.replace(
        folder("tiles/" + name), with: TinyTIFF.stack(width: 24, height: 20, depth: 6, voxels: part)
      )
    }
    try Files.replace(folder("o.csv"), with: Array("x,y,z\n0,0,0\n20,0,0\n".utf8))
    let made = try Executable.run(
      ["import", folder("tiles")] + places + ["-o", folder("t.zarr"), "--progress", "none"])
    #expect(made.status == 0, "\(made.errors)")
  }

  private var places: [String] {
    ["--offsets", folder("o.csv"), "--voxel-size", "0.5,0.5,1"]
  }

  private func voxels(_ path: String) throws -> [[UInt16]] {
    try TileSet.open([path], cache: PieceCache(capacity: 1 << 20)).tiles.map { tile in
      let volume = try tile.volume(channel: 0, timepoint: 0)
      return try volume.block(of: volume.bounds).values(UInt16.self)
    }
  }

  @Test func noCommandReplacesWhatItReads() throws {
    let store = folder("t.zarr")
    let tile = folder("tiles/b.tif")
    let commands: [[String]] = [
      ["stitch", store, "-o", store], ["stitch", store, "-o", store + "/0"],
      ["stitch", store, "-o", store + "/"], ["import", store, "-o", store],
      ["stitch", folder("tiles")] + places + ["-o", folder("tiles")],
      ["preview", folder("tiles")] + places + ["-o", tile],
      ["tileset", folder("tiles")] + places + ["-o", tile],
      ["export", folder("tiles"), "--tile", "1", "-o", tile],
      ["export", store, "--tile", "0", "-o", store + "/0/zarr.json", "--format", "npy"],
      ["intensity", folder("tiles")] + places + ["-o", tile],
      ["stitch", folder("tiles")] + places + ["--mask", tile, "-o", tile],
    ]
    for command in commands {
      let result = try Executable.run(command + ["--overwrite"])
      #expect(result.status == 73, "\(command): \(result.status) \(result.errors)")
      #expect(result.output.isEmpty)
      #expect(try voxels(store) == voxels(folder("tiles")), "\(command)")
    }
    #expect(try voxels(folder("tiles")) == [Array(random[..<2880]), Array(random[2880...])])
  }

  @Test func aBrickOfStoredTilesIsDecodedOnceWhereTheyAreBlended() throws {
    let result = try Executable.run([
      "stitch", folder("t.zarr"), "--fusion", "linear", "-o", folder("s.zarr"), "--brick", "6,20,4",
      "--json", "--progress", "none", "--memory", "256MiB",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let document = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(document["decode_amplification"]?.doubleValue == 1)
  }

  @Test func anArrayWithoutVoxelsIsNoExport() throws {
    try Files.makeFolder(folder("empty.zarr"))
    let metadata = """
      {"zarr_format":3,"node_type":"array","shape":[4,4,0],"data_type":"uint8","fill_value":0,
       "chunk_grid":{"name":"regular","configuration":{"chunk_shape":[4,4,1]}},
       "chunk_key_encoding":{"name":"default"},"codecs":[{"name":"bytes","configuration":{"endian":"little"}}]}
      """
    try Files.replace(folder("empty.zarr/zarr.json"), with: Array(metadata.utf8))
    for name in ["e.npy", "e.tif", "e.h5"] {
      let result = try Executable.run(
        ["export", folder("empty.zarr"), "-o", folder(name)]
          + (name == "e.h5" ? ["--format", "hdf5"] : []))
      #expect((64...66).contains(result.status), "\(name): \(result.status) \(result.errors)")
      #expect(!Files.exists(folder(name)) && !Files.exists(folder(name) + ".partial"))
    }
  }

  @Test func howFilesWereOpenedDecidesWhatMayContinue() throws {
    func settings(_ options: OpeningOptions) throws -> [JSON?] {
      let tiles = try TileSet.open(
        [folder("tiles")], cache: PieceCache(capacity: 0), voxelSize: VoxelSize(x: 1, y: 1, z: 1),
        options)
      let table = try OffsetTable.read(folder("o.csv"))
      let series = try tiles.series(
        offsets: { _ in table }, CompositionOptions(), channels: .one(.number(0)),
        timepoints: .one(0))
      let views = try tiles.views(
        offsets: { _ in table }, CompositionOptions(), channels: .one(.number(0)),
        timepoints: .one(0))
      return [series.first.settings["opened"], views.settings["opened"]]
    }
    var other = OpeningOptions()
    other.datasets.axes = "[1]zyx"
    var third = other
    third.datasets.axes = "[0]zyx"
    #expect(try settings(OpeningOptions()) == [nil, nil])
    let (a, b) = (try settings(other), try settings(third))
    #expect(a.allSatisfy { $0 != nil } && a != b)
  }
}
