import BrickCore
import BrickFormats
import Testing

@Suite struct CSVOffsetsTests {
  @Test func columnsComeInAnyOrderAndZMayBeMissing() throws {
    let read = try table("y,x\n2,1\n-4.5,3e1\n")
    #expect(read.rows.map(\.voxels) == [point(1, 2, 0), point(30, -4.5, 0)])
    #expect(read.rows.allSatisfy { $0.name == nil && $0.index == nil })
    #expect(!read.namesAreFiles)
  }

  @Test func columnsInMicrometersSayItThemselves() throws {
    let read = try table("x_um,y_um,z_um\n1,2,4\n")
    #expect(read.rows[0].micrometers == point(1, 2, 4))
    let offsets = try read.offsets(for: ["a"], voxelSize: VoxelSize(x: 0.5, y: 1, z: 2))
    #expect(offsets == [point(2, 2, 2)])
  }

  @Test func unitsOnTheCommandLineDecideForPlainColumns() throws {
    #expect(try table("x,y\n1,2\n", units: .um).rows[0].micrometers == point(1, 2, 0))
    #expect(try table("x,y\n1,2\n", units: .voxel).rows[0].voxels == point(1, 2, 0))
    let both = "x,y,x_um,y_um\n1,2,10,20\n"
    #expect(try table(both).rows[0].voxels == point(1, 2, 0))
    #expect(try table(both, units: .um).rows[0].micrometers == point(10, 20, 0))
  }

  @Test(arguments: ["\t", ";", ","]) func separatorsQuotesAndCommentsAreRead(_ mark: String) throws
  {
    let text = """
      # made by hand

      tile,x,y,z
      "a ""b"" #1.tif",1,2,3

      # half way
      c.tif, 4 ,5,6
      """.replacing(",", with: mark)
    let read = try table(text)
    #expect(read.rows.map(\.name) == ["a \"b\" #1.tif", "c.tif"])
    #expect(read.rows.map(\.voxels) == [point(1, 2, 3), point(4, 5, 6)])
    #expect(read.namesAreFiles)
  }

  @Test func separatorsMayStandInQuotes() throws {
    #expect(try table("tile,x,y\n\"a,b.tif\",1,2\n").rows[0].name == "a,b.tif")
  }

  @Test func byteOrderMarkAndCarriageReturnsAreRead() throws {
    let read = try table([0xEF, 0xBB, 0xBF] + Array("x,y\r\n1,2\r\n".utf8), name: "o.csv")
    #expect(read.rows.map(\.voxels) == [point(1, 2, 0)])
  }

  @Test func decimalCommasAreReadWhereTheyCanNotSeparate() throws {
    #expect(try table("x;y\n1,5;-2,25\n").rows[0].voxels == point(1.5, -2.25, 0))
  }

  @Test func numbersInTheTileColumnAreIndices() throws {
    let read = try table("tile,x,y\n2,20,0\n0,0,0\n1,10,0\n")
    #expect(read.rows.map(\.index) == [2, 0, 1])
    let offsets = try read.offsets(for: ["a", "b", "c"], voxelSize: .unknown)
    #expect(offsets.map(\.x) == [0, 10, 20])
  }

  @Test(arguments: [
    (
      "x,y\n1\n",
      "line 2: has 1 columns where the header has 2. "
        + "Give every line as many values as the header, separated by ','"
    ),
    ("x,y\n1,2\n1,abc\n", "line 3, column y: 'abc' is not a number. Write it as 12.5 or 1.25e1"),
    (
      "x,y\n1,nan\n",
      "line 2, column y: nan is no position: it must be a finite number of at most "
        + "1000000000000.0. Correct the number"
    ),
    (
      "1,2\n3,4\n",
      "line 1: the first line must name the columns, but it holds numbers. "
        + "Let the first line be 'tile,x,y,z' for voxels or 'tile,x_um,y_um,z_um' for µm"
    ),
    (
      "a,b\n3,4\n",
      "line 1: there are no columns x,y or x_um,y_um among a, b. "
        + "Let the first line be 'tile,x,y,z' for voxels or 'tile,x_um,y_um,z_um' for µm"
    ),
    ("x,y,x\n1,2,3\n", "line 1: the header names the column x 2 times. Keep one of them"),
    ("tile,x,y\n\"a,1,2\n", "line 2: a quoted field has no closing quote. Close it with \""),
  ]) func errorsNameLineAndColumn(_ text: String, _ words: String) {
    #expect(sentence { _ = try table(text) } == "offsets.csv, \(words)")
  }

  @Test func unitsThatContradictTheColumnsAreRefused() {
    #expect(
      sentence { _ = try table("x_um,y_um\n1,2\n", units: .voxel) }
        == "offsets.csv, line 1: the columns x_um, y_um say µm, but --offset-units says voxel. "
        + "Leave out --offset-units, or rename the columns to x, y, z")
  }

  @Test func emptyAndBinaryFilesAreRefused() {
    #expect(sentence { _ = try table("# nothing\n") }.hasPrefix("offsets.csv: has no lines."))
    #expect(
      sentence { _ = try table([1, 2, 0, 3], name: "o.csv") }
        .hasPrefix("o.csv, byte 2: is no table of offsets: it holds binary data."))
    #expect(sentence { _ = try table([0xFF, 0xFE, 120, 0], name: "o.csv") }.contains("UTF-16"))
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let rows = [
      TileOffset(name: "a, b.tif", position: .voxels(point(0.1, -2, 3))),
      TileOffset(name: "#c.tif", position: .voxels(point(1e-9, 123456.789, 0))),
    ]
    let written = OffsetTable(rows: rows, source: "x", format: "CSV", namesAreFiles: true)
    let text = written.csv(voxelSize: VoxelSize(x: 2, y: 2, z: 0.5))
    #expect(text.hasPrefix("tile,name,x,y,z,x_um,y_um,z_um\n0,\"a, b.tif\",0.1,-2,3,0.2,-4,1.5\n"))
    let read = try table(text)
    #expect(read.rows.map(\.voxels) == rows.map(\.voxels))
    #expect(read.rows.map(\.name) == rows.map(\.name))
    // Without a voxel size the other unit's columns are empty, and µm are read as µm.
    let micrometers = OffsetTable(
      rows: [TileOffset(position: .micrometers(point(1, 2, 3)))], source: "x", format: "CSV")
    #expect(micrometers.csv(voxelSize: nil).hasSuffix("\n0,,,,,1,2,3\n"))
    #expect(try table(micrometers.csv(voxelSize: nil)).rows[0].micrometers == point(1, 2, 3))
  }
}
