import BrickTestSupport
import Brickwork
import Testing

@Suite struct ExportCommandTests {
  private let folder: TemporaryFolder

  /// A store of 2 time points and 3 channels.
  init() throws {
    folder = try TemporaryFolder()
    try FiveDimensionalStore.write(folder("s.zarr"))
  }

  /// The first voxel of the exported volume.
  private func voxel(_ path: String) throws -> UInt8? {
    let volume = try BDVFile(path).volume(setup: 0, timepoint: 0, level: 0)
    guard let volume else { return nil }
    return try volume.block(of: volume.bounds).values(UInt8.self).first
  }

  @Test func whatIsLeftOutUnaskedIsNamed() throws {
    let result = try Executable.run(
      ["export", folder("s.zarr"), "-o", folder("e.h5"), "--progress", "none"])
    #expect(result.status == 0)
    #expect(
      result.errors
        == "brickwork: warning: \(folder("s.zarr")): of 3 channels only 0 (DAPI) is exported, not 1 (GFP), 2 (RFP); "
        + "choose with --channel\n"
        + "brickwork: warning: \(folder("s.zarr")): of 2 time points only 0 is exported, not 1; "
        + "choose with --timepoint\n")
    #expect(try voxel(folder("e.h5")) == 1)
  }

  @Test(arguments: [("RFP", "1", 13), ("1", "0", 2)] as [(String, String, UInt8)])
  func aChannelAndTimePointAreChosen(_ channel: String, _ timepoint: String, _ value: UInt8) throws
  {
    let result = try Executable.run([
      "export", folder("s.zarr"), "-o", folder("e.h5"), "--channel", channel, "--timepoint",
      timepoint, "--progress", "none",
    ])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(try voxel(folder("e.h5")) == value)
  }

  @Test func thoseThatAreNotThereAreBadRequests() throws {
    for wrong in [["--channel", "3"], ["--channel", "YFP"], ["--timepoint", "2"]] {
      let result = try Executable.run(
        ["export", folder("s.zarr"), "-o", folder("e.h5")] + wrong)
      #expect(result.status == 64)
    }
    #expect(try Files.names(in: folder.path) == ["s.zarr"])
  }

  @Test func theDryRunAsksTheBudgetAndWritesNothing() throws {
    let arguments = [
      "export", folder("s.zarr"), "-o", folder("e.h5"), "--dry-run", "--channel", "0",
      "--timepoint", "0", "--threads", "1",
    ]
    let text = try Executable.run(arguments + ["--memory", "256MiB"])
    #expect(text.status == 0 && text.errors.isEmpty)
    #expect(text.output.contains("level 0: 2×2×2, chunks 2×2×2\n"))
    #expect(text.output.contains("1 workers, "))
    #expect(text.output.hasSuffix(" planned of 256 MiB allowed; nothing was written\n"))
    let document = try JSON(
      parsing: Array(try Executable.run(arguments + ["--json"]).output.utf8), path: "-")
    #expect(document["workers"]?.intValue == 1 && document["dry_run"] == true)
    #expect((document["planned_bytes"]?.intValue ?? 0) > 1 << 20)
    let small = try Executable.run(arguments + ["--memory", "1MiB"])
    #expect(small.status != 0 && small.errors.contains("a memory budget of 1 MiB is too small"))
    #expect(try Files.names(in: folder.path) == ["s.zarr"])
  }
}
