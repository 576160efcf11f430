import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickFormats
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

  /// Whatever happens to the bytes of a table, the parsers give rows or a sentence.
  @Test func damagedTablesNeverDoHarm() throws {
    let configuration =
      "dim = 3\nmultiseries = true\na.nd2; 0; (1.5, -2, 3)\na.nd2; 1; (4, 5, 6e2)\n"
    let csv = "tile;name;x_um;y_um;z\n0;\"a;\"\"b\";1,5;2;3\n1;b;4;-5e3;6\n"
    let table = OffsetTable(rows: rows, source: "t", format: "test")
    var random = SplitMix64(seed: 11)
    for seed in [try table.npy(voxelSize: voxelSize), Array(configuration.utf8), Array(csv.utf8)] {
      for _ in 0..<1500 {
        var damaged = seed
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<damaged.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
          case 1: damaged.removeLast(min(place, damaged.count - 1))
          case 2: damaged.insert(contentsOf: Array("99999999999".utf8), at: place)
          default: damaged.append(UInt8.random(in: 0...255, using: &random))
          }
        }
        do { try ParserExercise.offsets(damaged) } catch { #expect(error is BrickworkError) }
      }
    }
  }
}
