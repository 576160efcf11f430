import BrickTestSupport
import Brickwork
import Testing

@Suite struct PointsCommandTests {
  let folder: TemporaryFolder
  let source: [String]

  init() throws {
    folder = try TemporaryFolder()
    // Three tiles of 4×3×2 voxels (x×y×z) of 0.5×0.25×2 µm, the second at a broken offset.
    let bytes = TinyTIFF.stack(
      width: 4, height: 3, depth: 2, voxels: Array(repeating: 1, count: 24))
    for name in ["a.tif", "b.tif", "c.tif"] { try Files.replace(folder(name), with: bytes) }
    try Self.write("tile,x,y,z\n0,10,0,5\n1,12.7,1,5\n2,10,20,5\n", folder("o.csv"))
    source =
      ["a.tif", "b.tif", "c.tif"].map(folder.callAsFunction)
      + ["--offsets", folder("o.csv"), "--voxel-size", "0.5,0.25,2"]
  }

  private static func write(_ text: String, _ path: String) throws {
    try Files.replace(path, with: Array(text.utf8))
  }

  private func convert(_ table: String, _ options: [String] = []) throws -> Executable.Result {
    try Self.write(table, folder("p.csv"))
    return try Executable.run(["points"] + source + options + [folder("p.csv")])
  }

  @Test func pointsInMicrometersMoveByExactOffsetsAndVoxelsByPlaces() throws {
    let result = try convert("tile,x_um,y_um,z_um\n0,1,0.5,2\n1,1,0.5,2\n2,0.25,0,0\n")
    #expect(result.status == 0, "\(result.errors)")
    // Tile 1 lies 2.7 voxels on and is stitched 3 on.
    #expect(
      result.output
        == "x_um,y_um,z_um,x,y,z\n1,0.5,2,2,2,1\n2.35,0.75,2,5,3,1\n0.25,5,0,0.5,20,0\n")
  }

  @Test func otherColumnsAndOrdersAndSeparatorsAreKept() throws {
    let result = try convert(
      "# spots\r\nname;x;tile;y;z;\"mean, all\"\r\n\"a;b\";1,5;0;2;0;3,5\r\n\r\nc;0;2;0;1;-\r\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output
        == "x_um,y_um,z_um,x,y,z,name,\"mean, all\"\n0.75,0.5,0,1.5,2,0,\"a;b\",\"3,5\"\n0,5,2,0,20,1,c,-\n"
    )
  }

  @Test func pointsOfTheVolumeHaveARowForEachTile() throws {
    let result = try convert("x,y,z,spot\n3,2,1,7\n0,20,0,8\n100,0,0,9\n", ["--inverse"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output == """
        point,tile,x_um,y_um,z_um,x,y,z,spot
        0,0,1.5,0.5,2,3,2,1,7
        0,1,0,0.25,2,0,1,1,7
        1,2,0,0,0,0,0,0,8
        2,-1,,,,,,,9

        """)
  }

  @Test func wrongTablesAreRefusedWithTheirLine() throws {
    func fails(_ table: String, _ status: Int32, _ words: String) throws {
      let result = try convert(table)
      #expect(result.status == status && result.errors.contains(words), "\(result)")
    }
    try fails("tile,x,y,z\n0,1,1,1\n3,1,1,1\n", 65, "line 3")
    try fails("tile,x,y,z\n0.5,1,1,1\n", 65, "no tile 0.5")
    try fails("tile,x,y,z\n0,1,1\n", 65, "line 2")
    try fails("tile,x,y,z\n0,1,one,1\n", 65, "'one'")
    try fails("tile,x,y,z\n0,nan,1,1\n", 65, "line 2")
    try fails("x,y,z\n1,1,1\n", 65, "no column tile")
    try fails("tile,x,y\n0,1,1\n", 65, "x_um,y_um,z_um")
    try fails("tile,x,y,z,x\n0,1,1,1,1\n", 65, "more than once")
    try fails("", 65, "no lines")
    #expect(try Executable.run(["points", folder("a.tif")]).status == 64)
    #expect(try Executable.run(["points", folder("a.tif"), folder("no.csv")]).status == 66)
    // Nothing is left of a table that broke off.
    try Self.write("tile,x,y,z\n0,1,1,1\n9,1,1,1\n", folder("p.csv"))
    let broken = try Executable.run(
      ["points"] + source + [folder("p.csv"), "-o", folder("g.csv")])
    #expect(broken.status == 65)
    #expect(!Files.exists(folder("g.csv")) && !Files.exists(folder("g.csv.partial")))
  }

  @Test(.enabled(if: SharedData.hasPython, "needs Python with numpy"))
  func arraysAndLongTablesAreThoseOfNumPy() throws {
    try SharedData.runPython(
      """
      import numpy as np, sys
      rng = np.random.default_rng(3)
      p = np.c_[rng.integers(0, 3, 200_000), rng.uniform(-1, 3, (200_000, 3))]
      np.save(sys.argv[1], p)
      np.savetxt(sys.argv[2], p, delimiter=",", header="tile,x_um,y_um,z_um", comments="", fmt="%.17g")
      """, [folder("p.npy"), folder("long.csv")])
    for (input, output) in [("p.npy", "g.npy"), ("long.csv", "g.csv")] {
      let result = try Executable.run(
        ["points"] + source + [folder(input), "-o", folder(output), "--json"])
      #expect(result.status == 0, "\(result.errors)")
    }
    let back = try Executable.run(
      ["points"] + source + ["--inverse", folder("g.csv"), "-o", folder("l.csv"), "--quiet"])
    #expect(back.status == 0, "\(back.errors)")
    try SharedData.runPython(
      """
      import numpy as np, sys
      p, g = np.load(sys.argv[1]), np.load(sys.argv[2])
      size = np.array([0.5, 0.25, 2])
      offsets = np.array([[0, 0, 0], [2.7, 1, 0], [0, 20, 0]])
      tile = p[:, 0].astype(int)
      assert np.abs(g[:, :3] - (p[:, 1:] + offsets[tile] * size)).max() < 1e-12
      assert np.abs(g[:, 3:] - (p[:, 1:] / size + np.floor(offsets + 0.5)[tile])).max() < 1e-12
      text = np.loadtxt(sys.argv[3], delimiter=",", skiprows=1)
      assert np.abs(text - g).max() < 1e-6
      local = np.genfromtxt(sys.argv[4], delimiter=",", names=True)
      own = local[tile[local["point"].astype(int)] == local["tile"]]
      inside = ((p[:, 1:] / size >= -0.49) & (p[:, 1:] / size < np.array([4, 3, 2]) - 0.51)).all(1)
      assert set(np.flatnonzero(inside)) <= set(own["point"].astype(int))
      again = np.c_[own["x_um"], own["y_um"], own["z_um"]]
      assert np.abs(again - p[own["point"].astype(int), 1:]).max() < 3e-6
      """, [folder("p.npy"), folder("g.npy"), folder("g.csv"), folder("l.csv")])
  }
}
