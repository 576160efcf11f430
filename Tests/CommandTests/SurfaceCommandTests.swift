import BrickTestSupport
import Brickwork
import Testing

@Suite struct SurfaceCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The reference's function, with z first and a surface at plane 0 counted.
  private static let oracle = """
    import numpy as np, sys, tifffile
    from scipy.ndimage import binary_dilation
    def surface(img, direction, thresh=None):
        if thresh is None:
            thresh = np.percentile(img, 99, axis=0) / 3
        mask = np.stack([binary_dilation(p > thresh, np.ones((3, 3)), iterations=5) for p in img])
        if direction < 0:
            mask = mask[::-1]
        found = mask.any(0)
        z = mask.argmax(0)
        if direction < 0:
            z = len(img) - 1 - z
        value = np.take_along_axis(img, z[None], 0)[0]
        return np.where(found, value, 0), np.where(found, z, -1), np.broadcast_to(thresh, z.shape)
    """

  private static let hasSciPy =
    SharedData.hasPython && (try? SharedData.runPython("import scipy, tifffile")) != nil

  @Test(.enabled(if: hasSciPy, "needs Python with scipy and tifffile"))
  func bothSurfacesAreThoseOfNumPyAndSciPy() throws {
    try SharedData.runPython(
      """
      import numpy as np, sys, tifffile
      rng = np.random.default_rng(7)
      z, y, x = np.mgrid[:90, :70, :110]
      height = 30 + 8 * np.sin(y / 15) + 5 * np.cos(x / 9)
      img = rng.poisson(40, z.shape) + np.where((z > height) & (z < height + 25), 600, 0)
      img[:, 20:50, 30:80] = 0
      tifffile.imwrite(sys.argv[1], img.astype("uint16"), photometric="minisblack")
      np.save(sys.argv[2], rng.uniform(0, 300, img.shape[1:]).astype("float32"))
      """, [folder("v.tif"), folder("t.npy")])
    for (kind, options) in [
      ("percentile", []), ("constant", ["--threshold", "100"]),
      ("image", ["--threshold", folder("t.npy"), "--format", "npy"]),
    ] {
      let result = try Executable.run(
        ["surface", folder("v.tif"), "--from", "both", "-o", folder(kind), "--json"] + options)
      #expect(result.status == 0, "\(result.errors)")
      let columns = try JSON(parsing: Array(result.output.utf8), path: "-")["surfaces"]?["top"]
      #expect(
        (columns?["columns_with_surface"]?.intValue ?? 0)
          + (columns?["columns_without"]?.intValue ?? 0) == 70 * 110)
      try SharedData.runPython(
        Self.oracle + """

          img = tifffile.imread(sys.argv[1])
          kind, prefix = sys.argv[3:]
          thresh = {"percentile": None, "constant": 100, "image": np.load(sys.argv[2])}[kind]
          def read(name):
              return np.load(name + ".npy") if kind == "image" else tifffile.imread(name + ".tif")
          for side, direction in ("bottom", 1), ("top", -1):
              value, z, limit = surface(img, direction, thresh)
              index, intensity = read(f"{prefix}_{side}_index"), read(f"{prefix}_{side}_intensity")
              assert index.dtype == np.int32 and (index == z).all(), (index != z).sum()
              assert intensity.dtype == img.dtype and (intensity == value).all()
              threshold = read(f"{prefix}_threshold")
              assert threshold.dtype == np.float64 and (threshold == limit).all()
          """, [folder("v.tif"), folder("t.npy"), kind, folder(kind)])
    }
  }

  @Test func oneSideHasShortNamesAndNothingIsReplacedUnasked() throws {
    let bytes = TinyTIFF.stack(width: 3, height: 1, depth: 2, voxels: [0, 7, 0, 0, 0, 9])
    try Files.replace(folder("a.tif"), with: bytes)
    let arguments = ["surface", folder("a.tif"), "--from", "top", "-o", folder("s"), "--quiet"]
    #expect(try Executable.run(arguments).status == 0)
    for name in ["s_intensity.tif", "s_index.tif", "s_threshold.tif", "s_height.png"] {
      #expect(Files.exists(folder(name)), "\(name)")
    }
    #expect(try Executable.run(arguments).status == 73)
    #expect(try Executable.run(arguments + ["--overwrite"]).status == 0)
    #expect(
      try Executable.run(arguments + ["--format", "zarr", "--overwrite"]).status == 0)
    let store = try TileSet.open([folder("s_index.ome.zarr")], cache: PieceCache(capacity: 0))
    let index = try store.tiles[0].volume(channel: 0, timepoint: 0)
    #expect(try index.block(of: index.bounds).values(Int32.self) == [1, 1, 1])
    let wrong = ["surface", folder("a.tif"), "-o", folder("w")]
    #expect(try Executable.run(wrong).status == 64)
    #expect(try Executable.run(wrong + ["--from", "top", "--percentile", "3"]).status == 64)
    #expect(
      try Executable.run(wrong + ["--from", "top", "--threshold", folder("no.npy")]).status == 66)
    #expect(
      try Executable.run(wrong + ["--from", "top", "--threshold", "1", "--divide", "2"]).status
        == 64)
    #expect(
      try Executable.run(wrong + ["--from", "top", "--threshold", folder("a.tif")]).status == 64)
    #expect(try Executable.run(wrong + ["--from", "top", "--level", "1"]).status == 64)
  }
}
