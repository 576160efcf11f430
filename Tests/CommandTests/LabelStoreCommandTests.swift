import BrickTestSupport
import Brickwork
import Foundation
import Testing

@Suite struct LabelStoreCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two tiles side by side, 4 voxels of overlap: label 1 goes through, 2 is cut without partner.
  private func writeTiles() throws -> [String] {
    func tile(_ name: String, _ voxels: [UInt16]) throws {
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 8, height: 2, depth: 1, voxels: voxels))
    }
    try tile("a.tif", [1, 1, 1, 1, 1, 1, 0, 0] + [0, 0, 0, 0, 0, 0, 2, 2])
    try tile("b.tif", [300, 300, 0, 0, 0, 0, 9, 9] + [0, 0, 0, 0, 0, 0, 0, 0])
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\n0,0,0,0\n1,4,0,0\n".utf8))
    return [
      folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size", "1,1,1",
      "--progress", "none",
    ]
  }

  private func voxels(_ store: String) throws -> [UInt32] {
    let image = try OMEZarrImage(folder(store), cache: PieceCache(capacity: 0))
    let volume = try image.volume(level: 0, channel: 0, timepoint: 0)
    #expect(volume.type == .uint32 && volume.size == Index3(z: 1, y: 2, x: 12))
    let block = try volume.block(of: volume.bounds)
    let voxels = block.voxels(as: UInt32.self)
    return voxels.indices.map { voxels[$0] }
  }

  /// The later tile's labels lie over the earlier one's; its background hides nothing.
  private static let stitched: [UInt32] =
    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 3, 3] + [0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0]

  @Test func tilesBecomeAStoreAndItsMap() throws {
    let arguments =
      ["labels", "dedup"] + (try writeTiles())
      + ["-o", folder("s.ome.zarr"), "--map", folder("m.csv"), "--report", folder("r.json")]
    let result = try Executable.run(arguments + ["--json"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let summary = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(summary["new_labels"]?.intValue == 3 && summary["map"]?.stringValue == folder("m.csv"))
    #expect(summary["store"]?["type"]?.stringValue == "uint32")
    #expect(try voxels("s.ome.zarr") == Self.stitched)
    #expect(Files.exists(folder("r.json")))
    #expect(
      String(decoding: try Files.read(folder("m.csv")), as: UTF8.self)
        == "tile,label,new_label\n0,1,1\n0,2,2\n1,9,3\n1,300,1\n")
    // As text, and without the files beside it.
    let again = try Executable.run(
      ["labels", "dedup"] + (try writeTiles()) + ["-o", folder("t.ome.zarr"), "--overwrite"])
    #expect(again.status == 0 && again.output.contains("t.ome.zarr: 12×2×1 (x×y×z) voxels"))
  }

  /// The table is that of the finished store, and says which tiles saw each object.
  @Test func theObjectsOfAStoreAreWrittenInItsPass() throws {
    let tiles = try writeTiles()
    let arguments =
      ["labels", "dedup"] + tiles + ["-o", folder("s.ome.zarr"), "--objects", folder("o.csv.csv")]
    func rows(_ name: String) throws -> [[Substring]] {
      String(decoding: try Files.read(folder(name)), as: UTF8.self).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
    }
    let result = try Executable.run(arguments + ["--json"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let summary = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(summary["store"]?["objects"]?["labels"]?.intValue == 3)
    let table = try rows("o.csv.csv")
    #expect(table.map { $0.last } == ["tiles", "0;1", "0", "1"])
    let centroids = try Executable.run([
      "labels", "centroids", folder("s.ome.zarr"), "-o", folder("c.csv"), "--quiet",
    ])
    #expect(centroids.status == 0, "\(centroids.errors)")
    #expect(try rows("c.csv") == table.map { Array($0.dropLast()) })
    // Of a store that is there, the table is read back; and never over one that is there.
    #expect(try Executable.run(arguments).status == 73)
    try Files.remove(folder("o.csv.csv"))
    #expect(try Executable.run(arguments).status == 0)
    #expect(try rows("o.csv.csv") == table)
    // A map from elsewhere, as JSON: a new label 0 is no object.
    try Files.replace(
      folder("m.csv"), with: Array("tile,label,new_label\n0,1,7\n0,2,0\n1,300,7\n1,9,5\n".utf8))
    let given = try Executable.run(
      ["labels", "dedup"] + tiles
        + [
          "--from-map", folder("m.csv"), "-o", folder("t.zarr"), "--objects", folder("t.json"),
          "--quiet",
        ])
    #expect(given.status == 0, "\(given.errors)")
    let objects = try JSON(parsing: Files.read(folder("t.json")), path: "t.json")
    #expect(objects.arrayValue?.map { $0["label"]?.intValue } == [5, 7])
    #expect(objects.arrayValue?.map { $0["tiles"]?.intArrayValue } == [[1], [0, 1]])
    for wrong in [
      ["-o", folder("n.csv"), "--objects", folder("n2.csv")],
      ["-o", folder("n.zarr"), "--objects", folder("n.txt")],
    ] {
      #expect(try Executable.run(["labels", "dedup"] + tiles + wrong).status == 64, "\(wrong)")
    }
  }

  /// Nothing is begun that can't be ended: the store's folder does not appear.
  @Test func aBudgetTooSmallForAStoreIsRefusedBeforeWorkStarts() throws {
    let result = try Executable.run(
      ["labels", "dedup"] + (try writeTiles())
        + ["-o", folder("s.zarr"), "--objects", folder("t.csv"), "--memory", "60MiB"])
    #expect(result.status == 1 && result.errors.contains("at least"), "\(result.errors)")
    #expect(!Files.exists(folder("s.zarr")) && !Files.exists(folder("t.csv")))
  }

  @Test func aFinishedStoreIsLeftAloneUnlessTheMapDiffers() throws {
    let tiles = try writeTiles()
    let arguments = ["labels", "dedup"] + tiles + ["-o", folder("s.zarr")]
    #expect(try Executable.run(arguments).status == 0)
    let again = try Executable.run(arguments)
    #expect(again.status == 0 && again.output.contains("complete already"), "\(again)")
    let other = try Executable.run(arguments + ["--min-voxels", "3"])
    #expect(other.status == 73 && other.errors.contains("map"), "\(other.errors)")
  }

  @Test func aGivenMapIsTakenAsItIs() throws {
    let tiles = try writeTiles()
    func run(_ rows: String, _ more: [String] = []) throws -> Executable.Result {
      try Files.replace(folder("in.csv"), with: Array(("tile,label,new_label\n" + rows).utf8))
      return try Executable.run(
        ["labels", "dedup"] + tiles
          + ["--from-map", folder("in.csv"), "-o", folder("s.zarr"), "--overwrite"] + more)
    }
    let result = try run("0,1,70000\n0,2,0\n1,300,5\n1,9,4294967295\n")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(
      try voxels("s.zarr")
        == [70000, 70000, 70000, 70000, 5, 5, 0, 0, 0, 0, .max, .max]
        + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    // A larger number makes all wider.
    #expect(try run("0,1,1\n0,2,2\n1,300,5\n1,9,4294967296\n").status == 0)
    let image = try OMEZarrImage(folder("s.zarr"), cache: PieceCache(capacity: 0))
    #expect(image.info.type == .uint64 && image.isLabelImage)
    let missing = try run("0,1,1\n0,2,2\n1,300,5\n")
    #expect(missing.status != 0 && missing.errors.contains("label 9"), "\(missing.errors)")
    for wrong in [["--min-voxels", "2"], ["--map", folder("x.csv")], ["--report", "r.html"]] {
      #expect(try run("0,1,1\n", wrong).status == 64, "\(wrong)")
    }
    for wrong in [
      ["-o", folder("n.csv"), "--map", "m.csv"], ["-o", folder("n.csv"), "--levels", "2"],
    ] {
      #expect(try Executable.run(["labels", "dedup"] + tiles + wrong).status == 64, "\(wrong)")
    }
  }

  private static let real = SharedData.path("labels/derived_tissue_2x2/")

  /// A real segmentation cut into tiles, stitched: the objects are those of the report, for all readers.
  @Test(
    .enabled(
      if: SharedData.isThere && SharedData.hasPython, "the real files or Python are not there"))
  func aRealSegmentationBecomesOneLabelImage() throws {
    let truth = try JSON(parsing: Files.read(Self.real + "truth.json"), path: "truth.json")
    let entries = try #require(truth["tiles"]?.arrayValue)
    var rows = "tile,x,y,z\n"
    for (number, entry) in entries.enumerated() {
      let zyx = try #require(entry["true_offset_px_zyx"]?.intArrayValue)
      rows += "\(number),\(zyx[2]),\(zyx[1]),\(zyx[0])\n"
    }
    try Files.replace(folder("o.csv"), with: Array(rows.utf8))
    let files = entries.map { Self.real + ($0["labels"]?.stringValue ?? "") }
    let result = try Executable.run(
      ["labels", "dedup"] + files
        + [
          "--offsets", folder("o.csv"), "-o", folder("s.ome.zarr"), "--brick", "8,8,8", "--shard",
          "32,32,32", "--levels", "4", "--voxel-size", "0.127,0.127,0.284", "--json", "--progress",
          "none",
        ])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let summary = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(summary["new_labels"]?.intValue == 49)
    // All levels agree with a vote in NumPy, for zarr-python and TensorStore.
    try SharedData.runPythonScript(
      at: SharedData.packageRoot + "/Tests/Python/check_store.py", [folder("s.ome.zarr")])
    try SharedData.runPython(
      """
      import sys, json, numpy as np, zarr, tifffile
      store, folder = sys.argv[1:]
      volume = zarr.open_array(store + "/0", mode="r")[:]
      assert volume.dtype == np.uint32, volume.dtype
      assert np.array_equal(np.unique(volume)[np.unique(volume) > 0], np.arange(1, 50)), np.unique(volume)
      # A level has no label that the one below it doesn't have.
      for level in range(1, 4):
          above, below = (zarr.open_array(f"{store}/{n}", mode="r")[:] for n in (level, level - 1))
          assert set(np.unique(above)) <= set(np.unique(below)), level
      # Every voxel is the object that the tile on top shows there: one real label, one new label.
      tiles = json.load(open(folder + "truth.json"))["tiles"]
      starts = np.array([tile["true_offset_px_zyx"] for tile in tiles])
      starts -= starts.min(axis=0)
      expected = np.zeros(volume.shape, np.int64)
      for tile, start in zip(tiles, starts):
          labels = tifffile.imread(folder + tile["labels"]).astype(np.int64)
          table = np.zeros(labels.max() + 1, np.int64)
          for local, real in tile["local_to_original"].items():
              table[int(local)] = real
          place = expected[tuple(slice(s, s + n) for s, n in zip(start, labels.shape))]
          np.copyto(place, table[labels], where=labels > 0)
      pairs = np.unique(np.stack([volume.ravel(), expected.ravel()]), axis=1)
      assert len(set(pairs[0])) == len(set(pairs[1])) == pairs.shape[1] == 50, pairs
      """, [folder("s.ome.zarr"), Self.real])
  }
}
