import BrickCore
import BrickFormats
import BrickTestSupport
import Testing

@Suite struct TileConfigurationTests {
  @Test func twoAndThreeDimensionsAreRead() throws {
    let text = """
      # Define the number of dimensions we are working on
      dim = 3

      # Define the image coordinates
      my tile (1); a.tif; ; (0.0, -1.5, 2)
      b.tif;;(3,4,5)
      """
    let read = try table(text, name: "TileConfiguration.txt")
    #expect(read.rows.map(\.name) == ["my tile (1); a.tif", "b.tif"])
    #expect(read.rows.map(\.voxels) == [point(0, -1.5, 2), point(3, 4, 5)])
    #expect(try table("a.tif; ; (1, 2)\n", name: "t.txt").rows[0].voxels == point(1, 2, 0))
  }

  @Test func seriesOfOneFileBelongToItsImagesInOrder() throws {
    let text = "dim = 2\nmultiseries = true\na.czi; 1; (10, 0)\na.czi; 0; (0, 0)\n"
    let read = try table(text, name: "t.txt")
    #expect(read.rows.map(\.series) == [1, 0])
    let offsets = try read.offsets(for: ["a.czi", "a.czi"], voxelSize: .unknown)
    #expect(offsets.map(\.x) == [0, 10])
  }

  @Test(arguments: [
    ("dim = 4\n", "line 1: dim is '4', not 2 or 3. Write dim = 2 or dim = 3"),
    (
      "dim = 3\na; ; (1, 2)\n",
      "line 2: has 2 coordinates where dim is 3. "
        + "A tile's line is 'file; ; (x, y)' or 'file; ; (x, y, z)'"
    ),
    (
      "dim = 2\na; ; (1, b)\n",
      "line 2: 'b' is not a number. "
        + "A tile's line is 'file; ; (x, y)' or 'file; ; (x, y, z)'"
    ),
    (
      "dim = 2\n; ; (1, 2)\n",
      "line 2: the file name is empty. "
        + "A tile's line is 'file; ; (x, y)' or 'file; ; (x, y, z)'"
    ),
    (
      "dim = 2\nhello\n",
      "line 2: 'hello' is no tile's line. "
        + "A tile's line is 'file; ; (x, y)' or 'file; ; (x, y, z)'"
    ),
  ]) func errorsNameTheLine(_ text: String, _ words: String) {
    #expect(sentence { _ = try table(text, name: "t.txt") } == "t.txt, \(words)")
  }

  @Test(.enabled(if: SharedData.isThere, "the shared data are not there"))
  func realConfigurationsAreRead() throws {
    let folder = "tiles/lscm_3x4_1/"
    let plain = try OffsetTable.read(SharedData.path(folder + "TileConfiguration.txt"))
    #expect(plain.rows.count == 12)
    #expect(plain.rows[4].name == "x100_epr-jerem_10pct_001_A008_I.tif")
    #expect(plain.rows[7].voxels == point(2763, 921, 0))
    let registered = try OffsetTable.read(
      SharedData.path(folder + "TileConfiguration.registered.txt"))
    #expect(registered.rows[11].voxels == point(2767.247192704466, 1847.1880740236224, 0))
    // The tiles' own order is by name, the table's follows the snake.
    let offsets = try registered.offsets(
      for: ["d/x100_epr-jerem_10pct_001_A005_I.tif"], voxelSize: .unknown)
    #expect(offsets == [point(2766.692373124946, 924.6154749200932, 0)])
  }
}
