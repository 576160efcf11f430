import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// Our files, other programs' readers.
@Suite(
  .enabled(
    if: BDVEnvironment.hasPython, "needs Python with h5py, npy2bdv, pybdv (BRICKWORK_PYTHON)"))
struct BDVReadersTests {
  /// Reads every level with h5py, and 16-bit files with npy2bdv and pybdv, and compares with the raw voxels.
  static let script = """
    import sys, os, numpy as np, h5py, npy2bdv
    from pybdv.metadata import get_affine, get_size, get_resolution, get_data_path
    folder = sys.argv[1]
    for case in sorted(n for n in os.listdir(folder) if os.path.isdir(os.path.join(folder, n))):
      here = os.path.join(folder, case); h5 = here + "/a.h5"; xml = here + "/a.xml"
      kind, legacy, levels = open(here + "/case.txt").read().split()
      with h5py.File(h5) as f:
        a = f["s00"].attrs.get("dataType")
        a = a.decode() if isinstance(a, bytes) else a
        assert a == (None if legacy == "true" else kind), (case, a)
        assert f["s00/resolutions"].dtype == "<f8" and f["s00/subdivisions"].dtype == "<i4", case
        for level in range(int(levels)):
          d = f["t00000/s00/%d/cells" % level]
          assert d.dtype == np.dtype("int16" if legacy == "true" else kind), (case, d.dtype)
          assert tuple(d.chunks[::-1]) == tuple(f["s00/subdivisions"][level]), case
          want = np.fromfile(here + "/%d.bin" % level, dtype=kind).reshape(d.shape)
          assert np.array_equal(d[...].view(kind), want), (case, level)
        size = f["t00000/s00/0/cells"].shape
      assert tuple(get_size(xml, 0)) == size and list(get_resolution(xml, 0)) == [0.4, 0.16, 0.16], case
      assert os.path.samefile(get_data_path(xml, True), h5), case
      assert [list(m) for m in get_affine(xml, 0, 0).values()] == [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2.5, 0]], case
      if kind == "uint16":
        e = npy2bdv.BdvEditor(h5)
        for level in range(int(levels)):
          got = e.read_view(time=0, ilevel=level); want = np.fromfile(here + "/%d.bin" % level, dtype=kind)
          assert np.array_equal(got.view(kind).ravel(), want), (case, "npy2bdv", level)
        e.finalize()
      print("equal", case)
    """

  @Test func h5pyAndNpy2bdvAndPybdvReadTheSameVoxels() throws {
    let folder = try TemporaryFolder()
    for (number, test) in BDVCase.all.enumerated() {
      let here = folder("\(number)")
      let volumes = try test.write(to: here + "/a.h5")
      for (level, volume) in volumes.enumerated() {
        let block = try volume.block(of: volume.bounds)
        let bytes = unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
        try Files.replace(here + "/\(level).bin", with: bytes)
      }
      let line = "\(test.type) \(test.options.legacyInt16) \(volumes.count)"
      try Files.replace(here + "/case.txt", with: Array(line.utf8))
    }
    let result = try BDVEnvironment.run(["-c", Self.script, folder.path])
    #expect(result.status == 0, "\(result.output)")
    #expect(
      result.output.split(separator: "\n").count { $0.hasPrefix("equal") } == BDVCase.all.count,
      "\(result.output)")
  }
}
