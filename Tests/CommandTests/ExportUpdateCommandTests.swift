import BrickTestSupport
import Brickwork
import Testing

/// Files that are changed by the command.
@Suite struct ExportUpdateCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FiveDimensionalStore.write(folder("s.zarr"))
  }

  private func export(_ more: [String]) throws -> Executable.Result {
    try Executable.run(
      ["export", folder("s.zarr"), "-o", folder("e.h5"), "--progress", "none", "--channel", "1"]
        + more)
  }

  private func voxels() throws -> [UInt8] {
    let volume = try #require(
      try BDVFile(folder("e.h5")).volume(setup: 0, timepoint: 0, level: 0))
    return try volume.block(of: volume.bounds).values(UInt8.self)
  }

  @Test func anUpdateTellsWhatItWrote() throws {
    #expect(try export([]).status == 0)
    let same = try export(["--update"])
    #expect(same.status == 0 && same.output.contains("nothing was to be done"))
    // Other options made another file.
    let other = try export(["--update", "--compression", "deflate:6"])
    #expect(other.status == 64 && other.errors.contains("deflate: 1 in the file, now 6"))
    let json = try export(["--update", "--json"])
    let document = try JSON(parsing: Array(json.output.utf8), path: "output")
    #expect(document["changed_bricks"]?.intValue == 0 && document["written_chunks"]?.intValue == 0)
    #expect((document["total_bricks"]?.intValue ?? 0) > 0)
  }

  @Test func aRegionMakesAFileAndChangesOne() throws {
    #expect(try export(["--region", "0:1,:,:"]).status == 0)
    #expect(try voxels() == [2, 0, 2, 0, 2, 0, 2, 0])
    #expect(try export(["--region", "1:2,1:2,1:2"]).status == 0)
    #expect(try voxels() == [2, 0, 2, 0, 2, 0, 2, 2])
    #expect(try export(["--region", "0:3,:,:"]).status == 64)
    #expect(try export(["--region", "0:1,:,:", "--overwrite"]).status == 64)
    #expect(try export(["--region", "0:1,:,:", "--update"]).status == 64)
  }
}
