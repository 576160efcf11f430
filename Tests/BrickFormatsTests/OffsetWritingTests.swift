import BrickCore
import BrickFiles
import BrickFormats
import BrickTestSupport
import Testing

@Suite struct OffsetWritingTests {
  private let voxelSize = VoxelSize(x: 0.5, y: 0.25, z: 2)
  private let rows = [point(10, -4, 0.125), point(0, 8, 3)].enumerated().map {
    TileOffset(index: $0, position: .micrometers($1))
  }

  @Test func anArrayOfVoxelsComesBack() throws {
    let written = OffsetTable(rows: rows, source: "t", format: "test")
    let bytes = try written.npy(voxelSize: voxelSize)
    #expect(bytes.count % 64 == 2 * 3 * 8)
    let read = try table(bytes, name: "o.npy")
    #expect(read.rows.map(\.voxels) == [point(20, -16, 0.0625), point(0, 32, 1.5)])
    #expect(
      sentence { _ = try written.npy(voxelSize: nil) }.contains(
        "an array of voxels needs the voxel size"))
  }

  @Test func theToolboxsArrayComesBackUpToAShift() throws {
    let written = OffsetTable(rows: rows, source: "t", format: "test")
    let bytes = written.exmNPY(voxelSize: voxelSize, tileSize: Index3(z: 5, y: 6, x: 7))
    let plain = try table(bytes, name: "o.npy")
    #expect(plain.rows.map(\.voxels) == [point(7, 6, 5), point(-10, -4, 0.125), point(0, 8, 3)])
    let read = try table(bytes, name: "o.npy", layout: .exm)
    #expect(read.rows.map(\.micrometers) == [point(10, 0, 0), point(0, 12, 2.875)])
  }

  /// `init_from_jp2` of the reference, in its own words: row 0 is the tile's size, x is negated, the minimum subtracted.
  @Test(.enabled(if: SharedData.hasPython, "no Python with numpy: set BRICKWORK_PYTHON"))
  func theToolboxsRuleIsNumpys() throws {
    let folder = try TemporaryFolder()
    let written = OffsetTable(rows: rows, source: "t", format: "test")
    try Files.replace(folder("plain.npy"), with: try written.npy(voxelSize: voxelSize))
    try SharedData.runPython(
      """
      import sys, numpy as np
      folder = sys.argv[1]
      plain = np.load(folder + '/plain.npy')
      assert plain.dtype == 'f8' and plain.tolist() == [[20, -16, 0.0625], [0, 32, 1.5]], plain
      random = np.random.default_rng(3)
      offsets = np.vstack([[2048, 1024, 77], random.normal(size=(9, 3)) * 1e3])
      np.save(folder + '/exm.npy', offsets)
      size, positions = offsets[0], offsets[1:].copy()
      positions[:, 0] = -positions[:, 0]
      positions -= positions.min(axis=0)
      np.savetxt(folder + '/expected.csv', positions, fmt='%.17g', delimiter=',', header='x_um,y_um,z_um', comments='')
      """, [folder.path])
    let read = try OffsetTable.read(folder("exm.npy"), layout: .exm)
    let expected = try OffsetTable.read(folder("expected.csv"))
    #expect(read.rows.count == 9)
    #expect(read.rows.map(\.micrometers) == expected.rows.map(\.micrometers))
  }

  @Test func tablesOfTilesNameThemWhereTheyCan() throws {
    let position = point(1, 2, 4)
    func set(_ names: [(path: String, name: String)]) -> TileSet {
      TileSet(
        tiles: names.map { FakeTile($0.path, name: $0.name) }, voxelSize: voxelSize,
        stagePositions: names.map { _ in position })
    }
    let one = try set([("d/a.nd2", "a [0]"), ("d/a.nd2", "a [1]")]).offsetTable()
    #expect(one.rows.map(\.name) == ["a [0]", "a [1]"] && one.namesAreFiles)
    #expect(one.csv(voxelSize: one.voxelSize).hasSuffix("\n1,\"a [1]\",2,8,2,1,2,4\n"))
    let stores = try set([("d/a.zarr", "image"), ("d/b.zarr", "image")]).offsetTable()
    #expect(stores.rows.map(\.name) == ["a.zarr", "b.zarr"])
    let same = try set([("d/a.tif", "a.tif"), ("e/a.tif", "a.tif")]).offsetTable()
    #expect(same.rows.map(\.name) == [nil, nil] && same.rows.map(\.index) == [0, 1])
    #expect(!same.namesAreFiles)
  }
}
