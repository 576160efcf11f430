import BrickCore
import BrickFormats
import BrickTestSupport
import Testing

@Suite struct MatchingTests {
  private let named = OffsetTable(
    rows: [
      TileOffset(name: "sub/b.tif", position: .voxels(point(2, 0, 0))),
      TileOffset(name: "a.tif", position: .voxels(point(1, 0, 0))),
      TileOffset(name: "c.tif", position: .voxels(point(3, 0, 0))),
    ], source: "t.csv", format: "CSV", namesAreFiles: true)

  @Test func tilesAreFoundByNameWithoutTheirFolders() throws {
    let offsets = try named.offsets(for: ["x/a.tif", "y/b.tif"], voxelSize: .unknown)
    #expect(offsets.map(\.x) == [1, 2])
  }

  @Test func missingAndRepeatedNamesAreListed() {
    #expect(
      sentence { _ = try named.offsets(for: ["a.tif", "d.tif"], voxelSize: .unknown) }
        == "t.csv: 1 of 2 tiles have no row: d.tif. Its 3 rows name sub/b.tif, a.tif, c.tif. "
        + "Correct the names, or remove them to match rows and tiles by their order")
    #expect(
      sentence { _ = try named.offsets(for: ["a.tif", "q/a.tif"], voxelSize: .unknown) }
        == "t.csv: names occur more than once, in its rows or among the tiles: q/a.tif. "
        + "Give each tile a name of its own, or remove the names to match by order")
  }

  @Test func withoutNamesTheCountsMustAgree() throws {
    let rows = (0..<2).map { TileOffset(position: .voxels(point(Double($0), 0, 0))) }
    let plain = OffsetTable(rows: rows, source: "t.npy", format: "NumPy array")
    #expect(try plain.offsets(for: ["q", "r"], voxelSize: .unknown).map(\.x) == [0, 1])
    #expect(
      sentence { _ = try plain.offsets(for: ["q", "r", "s"], voxelSize: .unknown) }
        == "t.npy: has 2 offsets for 3 tiles. Give one row per tile in the order of the sources, or a "
        + "column 'tile' with their file names")
  }

  @Test func twoRowsForOneTileAreRefused() {
    let rows = [0, 0].map { TileOffset(index: $0, position: .voxels(.zero)) }
    let twice = OffsetTable(rows: rows, source: "t.csv", format: "CSV")
    #expect(
      sentence { _ = try twice.offsets(for: ["q", "r"], voxelSize: .unknown) }
        == "t.csv: has two rows for tile 0. Give each tile one row")
  }

  @Test(.enabled(if: SharedData.isThere, "the shared data are not there"))
  func realProjectsGiveOffsetsInVoxels() throws {
    func read(_ name: String) throws -> OffsetTable {
      try OffsetTable.read(SharedData.path("spimdata_xml/" + name))
    }
    let tiles = try read("bigstitcher_6.xml")
    #expect(tiles.rows.count > 1)
    #expect(abs((tiles.rows[0].voxels?.x ?? 0) + 861.5031) < 1e-9)
    #expect(tiles.voxelSize != nil)
    #expect(try read("mobie_n5_image.xml").rows.map(\.voxels) == [.zero])
    #expect(try read("bigstitcher_0.xml").warnings.count == 1)
    // A view turned by a right angle has no offset.
    #expect(sentence { _ = try read("rhapso_dataset.xml") }.contains("setup"))
  }
}
