import BrickTestSupport
import Brickwork
import Testing

@Suite struct LabelsCentroidsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Checks a CSV against the recorded objects of a label volume.
  private static let compareWithRecord = """
    import csv, json, sys
    rows = {int(r["label"]): r for r in csv.DictReader(open(sys.argv[1]))}
    objects = json.load(open(sys.argv[2]))["objects"]
    assert len(rows) == len(objects), (len(rows), len(objects))
    assert list(rows) == sorted(rows)
    for o in objects:
        r = rows[o["id"]]
        assert int(r["voxels"]) == o["voxels"], r
        for axis, mean, (first, end), um in zip("zyx", o["centroid_zyx"], o["bbox_zyx"], (2, 0.25, 0.5)):
            assert abs(float(r[axis]) - mean) < 6e-5, (r, mean)
            assert abs(float(r[axis + "_um"]) - um * float(r[axis])) < 2e-6, r
            assert (int(r[axis + "0"]), int(r[axis + "1"])) == (first, end), r
    """

  @Test(.enabled(if: SharedData.isThere && SharedData.hasPython, "needs the real files and Python"))
  func realLabelVolumesHaveTheirRecordedObjects() throws {
    try SharedData.runPython(
      """
      import h5py, sys, tifffile
      with h5py.File(sys.argv[1]) as f:
          tifffile.imwrite(sys.argv[2], f["label"][:].astype("uint16"), compression="zlib",
                           photometric="minisblack", metadata={"axes": "ZYX"})
      """, [SharedData.path("labels/sample_ovule.h5"), folder("ovule.tif")])
    for (volume, record) in [
      (SharedData.path("labels/mask3d.tif"), "labels/mask3d.expected.json"),
      (folder("ovule.tif"), "labels/sample_ovule_label.expected.json"),
    ] {
      let result = try Executable.run([
        "labels", "centroids", volume, "-o", folder("o.csv"), "--overwrite", "--voxel-size",
        "0.5,0.25,2", "--json",
      ])
      #expect(result.status == 0, "\(result.errors)")
      try SharedData.runPython(
        Self.compareWithRecord, [folder("o.csv"), SharedData.path(record)])
    }
  }

  @Test(.enabled(if: SharedData.isThere && SharedData.hasPython, "needs the real files and Python"))
  func stitchedTilesHaveTheObjectsOfTheirComposite() throws {
    let set = "labels/derived_tissue_2x2/"
    let tiles = ["r0_c0", "r0_c1", "r1_c0", "r1_c1"].map {
      SharedData.path(set + "labels_\($0).tif")
    }
    let truth = try JSON(parsing: try Files.read(SharedData.path(set + "truth.json")), path: "-")
    var csv = "tile,x,y,z\n"
    for tile in tiles.indices {
      let place = truth["tiles"]?[tile]?["true_offset_px_zyx"]?.intArrayValue ?? []
      csv += "\(tile)," + place.reversed().map { "\($0)" }.joined(separator: ",") + "\n"
    }
    try Files.replace(folder("offsets.csv"), with: Array(csv.utf8))
    let result = try Executable.run(
      ["labels", "centroids"] + tiles
        + ["--offsets", folder("offsets.csv"), "-o", folder("o.csv"), "--quiet"])
    #expect(result.status == 0, "\(result.errors)")
    try SharedData.runPython(
      """
      import csv, numpy as np, sys, tifffile
      offsets = np.array([[int(v) for v in r[:0:-1]] for r in list(csv.reader(open(sys.argv[2])))[1:]])
      tiles = [tifffile.imread(f) for f in sys.argv[3:]]
      places = offsets - offsets.min(0)
      volume = np.zeros((places + [t.shape for t in tiles]).max(0), tiles[0].dtype)
      for tile, place in zip(tiles, places):
          part = volume[tuple(slice(p, p + n) for p, n in zip(place, tile.shape))]
          part[tile != 0] = tile[tile != 0]
      rows = list(csv.DictReader(open(sys.argv[1])))
      assert [int(r["label"]) for r in rows] == list(np.unique(volume[volume != 0]))
      for r in rows:
          at = np.argwhere(volume == int(r["label"]))
          assert int(r["voxels"]) == len(at)
          assert np.abs(at.mean(0) - [float(r[a]) for a in "zyx"]).max() < 6e-7
          assert list(at.min(0)) == [int(r[a + "0"]) for a in "zyx"]
          assert list(at.max(0) + 1) == [int(r[a + "1"]) for a in "zyx"]
      """, [folder("o.csv"), folder("offsets.csv")] + tiles)
  }

  @Test func anOutputThatIsThereIsKeptAndJSONIsByName() throws {
    let bytes = TinyTIFF.stack(width: 3, height: 1, depth: 1, voxels: [0, 7, 7])
    try Files.replace(folder("a.tif"), with: bytes)
    let arguments = ["labels", "centroids", folder("a.tif"), "--quiet", "-o"]
    #expect(try Executable.run(arguments + [folder("o.json")]).status == 0)
    let document = try JSON(parsing: try Files.read(folder("o.json")), path: "-")
    #expect(document[0]?["label"]?.intValue == 7)
    #expect(document[0]?["centroid_xyz"]?.doubleArrayValue == [1.5, 0, 0])
    #expect(try Executable.run(arguments + [folder("o.json")]).status == 73)
    #expect(try Executable.run(arguments + [folder("o.json"), "--overwrite"]).status == 0)
    #expect(try Executable.run(arguments + [folder("no/o.csv")]).status == 73)
    #expect(
      try Executable.run(["labels", "centroids", folder("b.tif"), "-o", folder("o")]).status == 66)
    #expect(
      try Executable.run(
        ["labels", "centroids", folder("a.tif"), "-o", folder("m.csv"), "--memory", "1MiB"]
      ).status == 1)
  }
}
