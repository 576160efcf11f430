import BrickTestSupport
import Brickwork
import Testing

/// Exports of one volume: what the ending chooses, and which volume of a source.
@Suite struct VolumeExportTests {
  private let folder: TemporaryFolder

  /// A store of 2 time points and 3 channels, and two tiles.
  init() throws {
    folder = try TemporaryFolder()
    try FiveDimensionalStore.write(folder("s.zarr"))
    for (name, start) in [("a.tif", 0), ("b.tif", 100)] {
      let bytes = TinyTIFF.stack(
        width: 4, height: 3, depth: 2, voxels: (0..<24).map { UInt16(start + $0) })
      try Files.replace(folder(name), with: bytes)
    }
    let set =
      #"{"brickwork_tileset": 1, "voxel_size_um_xyz": [0.5, 0.25, 2], "tiles": [{"path": "a.tif"}, {"path": "b.tif"}]}"#
    try Files.replace(folder("t.json"), with: Array(set.utf8))
  }

  private func image(_ name: String) throws -> any TileImage {
    try TIFFFile.images(in: folder(name), cache: PieceCache(capacity: 0))[0]
  }

  private func voxels<V: Voxel>(_ name: String, _: V.Type) throws -> [V] {
    let volume = try image(name).volume(channel: 0, timepoint: 0)
    return try volume.block(of: volume.bounds).values(V.self)
  }

  private func export(_ arguments: [String]) throws -> Executable.Result {
    try Executable.run(["export"] + arguments + ["--progress", "none"])
  }

  @Test func aTileOfASetBecomesATIFF() throws {
    let arguments = [
      folder("t.json"), "-o", folder("o.ome.tif"), "--tile", "1", "--roi", "1:4,:,1:2",
    ]
    let result = try export(arguments + ["--json", "--compression", "deflate:6"])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(try voxels("o.ome.tif", UInt16.self) == [113, 114, 115, 117, 118, 119, 121, 122, 123])
    #expect(try image("o.ome.tif").info.voxelSize == VoxelSize(x: 0.5, y: 0.25, z: 2))
    let document = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(document["size_zyx"]?.intArrayValue == [1, 3, 3])
    #expect(try export(arguments).status == 73)
    #expect(try export(arguments + ["--overwrite", "--compression", "lzw"]).status == 0)
    #expect(try voxels("o.ome.tif", UInt16.self).count == 9)
  }

  @Test func aStoresChannelAndTimePointAreChosen() throws {
    let unasked = try export([folder("s.zarr"), "-o", folder("o.tif")])
    #expect(
      unasked.status == 0 && unasked.errors.contains("of 3 channels only 0 (DAPI) is exported"))
    #expect(try voxels("o.tif", UInt8.self).first == 1)
    let chosen = try export(
      [
        folder("s.zarr"), "-o", folder("p.tif"), "--channel", "RFP", "--timepoint", "1", "--level",
        "0",
      ])
    #expect(chosen.status == 0 && chosen.errors.isEmpty)
    #expect(try voxels("p.tif", UInt8.self).first == 13)
    #expect(try image("p.tif").info.channelNames == ["RFP"])
  }

  @Test func whatDoesNotFitIsABadRequest() throws {
    let (store, set) = (folder("s.zarr"), folder("t.json"))
    let wrong: [([String], String)] = [
      ([set, "-o", folder("x.tif")], "has 2 tiles, and a file of this format holds one volume"),
      ([set, "-o", folder("x.tif"), "--tile", "2"], "there is no tile 2: there are 2"),
      ([set, "-o", folder("x.tif"), "--tile", "0", "--level", "1"], "has no pyramid levels"),
      ([store, "-o", folder("x.tif"), "--level", "9"], "there is no level 9"),
      ([store, "-o", folder("x.tif"), "--chunk", "8,8,8"], "has no tiles of 8 × 8 pixels"),
      ([store, "-o", folder("x.tif"), "--levels", "9"], "has no 9 levels"),
      ([store, "-o", folder("x.tif"), "--legacy"], "--legacy belongs to HDF5"),
      ([store, "-o", folder("x.npy"), "--chunk", "8,8,8"], "--chunk belongs to HDF5"),
      ([store, "-o", folder("x.npy"), "--compression", "lzw"], "a .npy file is not compressed"),
      ([store, "-o", folder("x.jp2"), "--channel", "all"], "takes one channel at one time point"),

      (
        [store, "-o", folder("x.h5"), "--format", "hdf5", "--levels", "3"],
        "3 levels were asked for, and the store has 1"
      ),
      ([store, "-o", folder("x.h5"), "--tile", "0"], "--tile belongs to exports of one volume"),
      ([store, "-o", folder("x.h5"), "--compression", "lzw"], "is not compressed with lzw"),
      (
        [store, "-o", folder("x.tif"), "--compression", "deflate:12"],
        "the compression level 12 is not between 1 and 9"
      ),
      ([store, "-o", folder("x.png")], "does not end in .h5, .tif or .ome.tif"),
    ]
    for (arguments, words) in wrong {
      let result = try export(arguments)
      #expect(result.status == 64 && result.errors.contains(words), "\(arguments)")
    }
    #expect(try export([folder("none.tif"), "-o", folder("x.tif")]).status == 66)
    let dry = try export([
      store, "-o", folder("x.tif"), "--channel", "0", "--timepoint", "0", "--dry-run",
    ])
    #expect(dry.output.contains("would be exported") && dry.output.contains("nothing was written"))
    #expect(try Files.names(in: folder.path) == ["a.tif", "b.tif", "s.zarr", "t.json"])
  }

  @Test func allChannelsAndTimePointsGoIntoOneFile() throws {
    for (name, more) in [
      ("o.ome.tif", []), ("o.h5", ["--format", "hdf5"]), ("o.npy", []),
    ] as [(String, [String])] {
      let result = try export(
        [folder("s.zarr"), "-o", folder(name), "--channel", "all", "--timepoint", "all", "--json"]
          + more)
      #expect(result.status == 0 && result.errors.isEmpty, "\(name): \(result.errors)")
      let document = try JSON(parsing: Array(result.output.utf8), path: "-")
      #expect(document["channels"]?.intValue == 3 && document["timepoints"]?.intValue == 2)
      #expect(document["voxel_bytes"]?.intValue == 48)
    }
    let tile = try image("o.ome.tif")
    #expect(tile.info.channelNames == ["DAPI", "GFP", "RFP"] && tile.info.timepoints == 2)
    for timepoint in 0..<2 {
      for channel in 0..<3 {
        let volume = try tile.volume(channel: channel, timepoint: timepoint)
        let expected = [UInt8](repeating: UInt8(1 + channel + 10 * timepoint), count: 8)
        #expect(try volume.block(of: volume.bounds).values(UInt8.self) == expected)
      }
    }
    let datasets = try HDF5Tiles.images(in: folder("o.h5"), cache: PieceCache(capacity: 0))
    #expect(datasets.map(\.info.name).contains { $0.contains("t1/channel2") })
    #expect(datasets.count == 6)
    #expect(try Files.read(folder("o.npy")).suffix(8) == Array(repeating: 13, count: 8)[...])
    #expect(
      try Files.names(in: folder.path)
        == ["a.tif", "b.tif", "o.h5", "o.npy", "o.ome.tif", "s.zarr", "t.json"])
  }

  @Test func progressIsToldForEveryFormat() throws {
    for name in ["p.ome.tif", "p.jp2", "p.npy"] {
      let result = try Executable.run([
        "export", folder("s.zarr"), "-o", folder(name), "--channel", "1", "--timepoint", "0",
        "--progress", "json",
      ])
      #expect(result.status == 0 && result.errors.contains("\"done_voxels\":8,"), "\(result)")
    }
  }
}
