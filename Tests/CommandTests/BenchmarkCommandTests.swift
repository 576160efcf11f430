import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// `brickwork benchmark`: the machine against its limits.
@Suite struct BenchmarkCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func benchmark(_ arguments: [String]) throws -> Executable.Result {
    try Executable.run(
      ["benchmark", "--folder", folder.path, "--size", "64MiB", "--progress", "none"] + arguments)
  }

  private func json(_ arguments: [String]) throws -> JSON {
    let result = try benchmark(arguments + ["--json"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    return try JSON(parsing: Array(result.output.utf8), path: "-")
  }

  /// Every number of a document with the keys that lead to it.
  private func numbers(_ json: JSON, _ path: String = "") -> [(path: String, value: Double)] {
    if let value = json.doubleValue { return [(path, value)] }
    if let elements = json.arrayValue {
      return elements.enumerated().flatMap { numbers($1, "\(path)[\($0)]") }
    }
    return (json.objectValue?.members ?? []).flatMap { numbers($0.value, "\(path).\($0.key)") }
  }

  /// What is rightly 0: nothing is left in the page cache, nobody else computes, and reading writes nothing.
  private static let mayBeZero = ["others_cores", "bytes_read_from_page_cache", "bytes_written"]

  @Test func everyFigureIsThereAndTheFolderIsLeftAsItWas() throws {
    let budget = 192 << 20
    let report = try json(["--memory", "192MiB", "--threads", "2"])
    for (path, value) in numbers(report) {
      let isFine = Self.mayBeZero.contains { path.hasSuffix($0) } ? value >= 0 : value > 0
      #expect(value.isFinite && isFine, "\(path) is \(value)")
    }
    #expect(report["memory_bytes"]?.intValue == budget)
    #expect(report["voxels_checked"] == true && report["within_budget"] == true)
    #expect(report["codecs"]?.arrayValue?.count == 3)
    let jobs = try #require(report["jobs"]?.arrayValue)
    #expect(jobs.map { $0["job"] } == ["stitch", "export", "read"])
    for job in jobs {
      let peak = try #require(job["peak_resident_bytes"]?.intValue)
      #expect(peak <= budget, "\(job)")
      #if os(Linux)
        let anonymous = try #require(job["peak_anonymous_bytes"]?.intValue)
        #expect(anonymous <= peak)
      #endif
      let limits = try #require(job["limit_seconds"]?.objectValue).members
      #expect(limits.map(\.key).contains("codec"))
      #expect(limits[0].key == job["limited_by"]?.stringValue)
    }
    let tiles = try #require(report["tile_bytes"]?.intValue)
    #expect(tiles <= 64 << 20 && tiles > 60 << 20)
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func theTableNamesEveryRowAndEndsInWords() throws {
    let result = try benchmark(["--memory", "256MiB", "--threads", "1"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    for row in [
      "memory copy ", "disk write ", "disk read ", "page cache ", "blosc-zstd encode, camera ",
      "blosc-zstd decode, camera ", "zstd encode, labels ", "zstd decode, labels ",
      "deflate encode, camera ", "job ", "stitch ", "export ", "read ",
    ] {
      #expect(
        result.output.split(separator: "\n").contains { $0.hasPrefix(row) },
        "\(row) in \(result.output)")
    }
    let words = result.output.split(separator: "\n").drop { !$0.hasPrefix("Stitching") }
    #expect(words.first?.hasPrefix("Stitching is limited by ") == true)
    #expect(words.dropFirst().first?.hasPrefix("Exporting is limited by ") == true)
    #expect(words.count <= 3 && words.allSatisfy { $0.hasSuffix(".") })
  }

  @Test func theSmallestMemoryThatIsNamedWorks() throws {
    let small = try benchmark(["--memory", "32MiB", "--threads", "2"])
    #expect(small.status == 1)
    let match = try #require(
      small.errors.firstMatch(
        of: /a memory budget of 32 MiB is too small: the benchmark takes at least (\d+) MiB/))
    let smallest = try #require(Int(match.1))
    #expect(small.errors.hasSuffix("Raise --memory to \(smallest)MiB or more\n"))
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(try benchmark(["--memory", "\(smallest - 1)MiB", "--threads", "2"]).status == 1)
    let report = try json(["--memory", "\(smallest)MiB", "--threads", "2"])
    #expect(report["within_budget"] == true)
  }

  @Test func placesWithoutRoomAreRefused() throws {
    let full = try benchmark(["--size", "64TiB"])
    #expect(full.status == 73)
    #expect(
      full.errors.contains(
        try Regex(
          "has \\d+ MiB of free disk, and a benchmark of 67108864 MiB of tiles takes up to \\d+ MiB"
        )))
    #expect(full.errors.hasSuffix("Choose another folder with --folder, or less with --size\n"))
    #if os(Linux)
      // No file system for files.
      #expect(try benchmark(["--folder", "/sys"]).status == 73)
    #endif
    try Files.replace(folder("file"), with: [1])
    let file = try benchmark(["--folder", folder("file")])
    #expect(file.status == 73 && file.errors.contains("is a file, where a folder is wanted"))
    let missing = try benchmark(["--folder", folder("missing")])
    #expect(missing.status == 73 && missing.errors.contains("does not exist"))
    #expect(try benchmark(["--size", "1MiB"]).status == 64)
    #expect(try Files.names(in: folder.path) == ["file"])
  }

  @Test func aFolderThatCanNotBeWrittenIsRefused() throws {
    let closed = folder("closed")
    try Files.makeFolder(closed)
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: closed)
    // Who may do anything may write here too.
    guard !FileManager.default.isWritableFile(atPath: closed) else { return }
    let result = try benchmark(["--folder", closed])
    #expect(result.status == 74)
    #expect(result.errors.contains("could not make the folder"))
  }

  @Test func anInterruptedRunLeavesNothing() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Executable.path)
    process.arguments = ["benchmark", "--folder", folder.path, "--size", "2GiB", "--quiet"]
    process.standardError = Pipe()
    try process.run()
    let start = ContinuousClock.now
    while try Files.names(in: folder.path).isEmpty, ContinuousClock.now - start < .seconds(30) {
      usleep(20_000)
    }
    #expect(try Files.names(in: folder.path).first?.hasPrefix("brickwork-benchmark-") == true)
    usleep(300_000)
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try Files.names(in: folder.path).isEmpty)
  }
}
