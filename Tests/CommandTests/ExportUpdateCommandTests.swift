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

  @Test func aRegionOfAnotherChannelIsRefused() throws {
    #expect(try export(["--overwrite"]).status == 0)
    let one = try voxels()
    let all = try Executable.run([
      "export", folder("s.zarr"), "-o", folder("e.h5"), "--channel", "all", "--overwrite",
      "--progress", "none",
    ])
    #expect(all.status == 0, "\(all.errors)")
    let before = try voxels()
    let refused = try export(["--region", "0:1,:,:"])
    #expect(refused.status == 64 && refused.errors.contains("has the setups"), "\(refused.errors)")
    #expect(try voxels() == before && before != one)
  }

  @Test func aRegionDoesNotDiscardAnUnfinishedExport() throws {
    // What a killed export leaves: its voxels, and a journal of them.
    try Files.replace(folder("e.h5.partial"), with: [1, 2, 3])
    try Files.replace(folder("e.h5.partial.journal"), with: [1, 2, 3])
    let refused = try export(["--region", "0:1,:,:"])
    #expect(refused.status == 73 && refused.errors.contains("not finished"), "\(refused.errors)")
    #expect(Files.exists(folder("e.h5.partial")) && !Files.exists(folder("e.h5")))
  }
}
