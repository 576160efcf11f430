import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// `brickwork export --split`: several files, several processes.
@Suite struct SplitExportTests {
  private let folder: TemporaryFolder

  /// Four tiles of two channels at three time points.
  init() throws {
    folder = try TemporaryFolder()
    let made = try Executable.run([
      "blank", "-o", folder("tiles.h5"), "--size", "12,40,300", "--grid", "1,2,2", "--channels",
      "2",
      "--timepoints", "3", "--noise", "500", "--progress", "none",
    ])
    #expect(made.status == 0, "\(made.errors)")
    try Files.makeFolder(folder("out"))
  }

  private func command(_ name: String, _ split: [String]) -> [String] {
    [
      "export", folder("tiles.xml"), "--layout", "views", "--channel", "all", "--timepoint", "all",
      "-o",
      folder("out/\(name)"), "--chunk", "8,16,32", "--progress", "none",
    ] + split
  }

  /// All views and levels as read through a file.
  private func voxels(_ path: String) throws -> [[UInt16]] {
    let file = try BDVFile(path)
    return try file.timepoints.flatMap { timepoint in
      try file.setups.flatMap { setup in
        try file.levels(of: setup).indices.map { level in
          let volume = try #require(
            try file.volume(setup: setup, timepoint: timepoint, level: level))
          return try volume.block(of: volume.bounds).values(UInt16.self)
        }
      }
    }
  }

  @Test(arguments: [("setup", 8), ("timepoint", 3), ("3", 3)])
  func splitFilesHoldWhatOneFileHolds(_ split: String, _ count: Int) throws {
    #expect(try Executable.run(command("one.h5", [])).status == 0)
    let dry = try Executable.run(command("s.h5", ["--split", split, "--dry-run"]))
    #expect(dry.output.contains("split among \(count) files"))
    let made = try Executable.run(command("s.h5", ["--split", split, "--json"]))
    #expect(made.status == 0, "\(made.errors)")
    let json = try JSON(parsing: Array(made.output.utf8), path: "-")
    #expect(json["is_finished"] == true && json["written_files"]?.intValue == count)
    #expect(try voxels(folder("out/s.h5")) == voxels(folder("out/one.h5")))
    let names = try Files.names(in: folder("out")).filter { $0.hasPrefix("s") }
    #expect(names.count == count + 2 && names.contains("s-00-00.h5"))
    // The XML differs in the file's name and the partitions alone.
    var (one, many) = (
      try BDVProject(reading: folder("out/one.xml")), try BDVProject(reading: folder("out/s.xml"))
    )
    #expect(many.loader.partitions.count == count)
    (one.loader, many.loader) = (.init(format: ""), .init(format: ""))
    (one.path, many.path) = (nil, nil)
    #expect(one == many)
    #expect(try Executable.run(command("s.h5", ["--split", split])).status == 73)
    // Each partition is a BigDataViewer file with the ids of the whole.
    let last = try BDVFile(folder("out/" + (names.filter { $0.contains("-") }.last ?? "")))
    #expect(last.setups.last == 7 && last.timepoints.last == 2)
  }

  @Test func severalProcessesShareTheWork() async throws {
    let command = command("s.h5", ["--split", "setup", "--json"])
    let results = try await withThrowingTaskGroup(of: Executable.Result.self) { group in
      for _ in 0..<3 { group.addTask { try Executable.run(command) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    var written = 0
    for result in results {
      // One that comes when all is done finds the project there.
      #expect(result.status == 0 || result.status == 73, "\(result.errors)")
      guard result.status == 0 else { continue }
      written +=
        try JSON(parsing: Array(result.output.utf8), path: "-")["written_files"]?.intValue ?? 0
    }
    #expect(written == 8)
    #expect(try Files.names(in: folder("out")).count == 10)
    #expect(try Executable.run(self.command("one.h5", [])).status == 0)
    #expect(try voxels(folder("out/s.h5")) == voxels(folder("out/one.h5")))
  }

  @Test func killedProcessesLeaveNothingThatLooksFinished() throws {
    let command = command("s.h5", ["--split", "setup", "--threads", "1"])
    var random = SplitMix64(seed: 21)
    var rounds = 0
    while rounds < 12, !Files.exists(folder("out/s.xml")) {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Executable.path)
      process.arguments = command
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: Double.random(in: 0.01...0.25, using: &random))
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      rounds += 1
      // Every file that has its name is whole.
      for name in try Files.names(in: folder("out")) where name.hasSuffix(".h5") {
        #expect(throws: Never.self) { try voxels(folder("out/\(name)")) }
      }
    }
    if !Files.exists(folder("out/s.xml")) || Files.exists(folder("out/s-00-00.h5.split")) {
      let last = try Executable.run(command)
      #expect(last.status == 0, "\(last.errors)")
    }
    #expect(try Executable.run(self.command("one.h5", [])).status == 0)
    #expect(try voxels(folder("out/s.h5")) == voxels(folder("out/one.h5")))
    #expect(try Files.names(in: folder("out")).filter { $0.hasPrefix("s") }.count == 10)
  }
}
