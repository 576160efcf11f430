import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// A file system of a megabyte; nil where this user may not mount one.
private final class SmallDisk: Sendable {
  let path: String

  init?(in folder: String) throws {
    path = folder + "/small"
    try Files.makeFolder(path)
    guard Self.call("mount", ["-t", "tmpfs", "-o", "size=1m", "brickwork-test", path]) else {
      return nil
    }
  }

  deinit { _ = Self.call("umount", [path]) }

  private static func call(_ name: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  static let isPossible: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return (try? SmallDisk(in: folder.path)).flatMap { $0 } != nil
  }()
}

@Suite struct EstimateCommandTests {
  private let folder: TemporaryFolder

  /// Two tiles of noise that doesn't compress, 2 MiB each.
  init() throws {
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 4)
    for name in ["a.tif", "b.tif"] {
      let bytes = TinyTIFF.stack(
        width: 128, height: 128, depth: 64,
        voxels: (0..<128 * 128 * 64).map { _ in UInt16.random(in: 0...65535, using: &random) })
      try Files.replace(folder(name), with: bytes)
    }
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\na.tif,0,0,0\nb.tif,100,0,0\n".utf8))
  }

  private var tiles: [String] {
    [
      folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size", "1,1,1",
      "--progress", "none",
    ]
  }

  private func plan(_ arguments: [String]) throws -> JSON {
    let result = try Executable.run(arguments + ["--dry-run", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    return try JSON(parsing: Array(result.output.utf8), path: "-")
  }

  @Test(
    arguments: [
      (["stitch"], "s.zarr", []), (["import"], "i.zarr", []), (["export"], "e.h5", []),
      (["export"], "v.h5", ["--layout", "views"]),
      (["export"], "w.h5", ["--layout", "views", "--split", "setup"]),
    ] as [([String], String, [String])])
  func aDryRunEstimates(_ command: [String], _ name: String, _ more: [String]) throws {
    let before = try Files.names(in: folder.path)
    let arguments = command + tiles + more + ["-o", folder(name)]
    let document = try plan(arguments)
    let estimate = try #require(document["estimate"])
    #expect(try Files.names(in: folder.path) == before)
    let isStitched = more.isEmpty && command != ["import"]
    let voxels = (isStitched ? 228 : 256) * 128 * 64 * 2
    let read = command == ["stitch"] ? 4 << 20 : voxels
    #expect(estimate["voxel_bytes_in"]?.intValue == read)
    #expect((estimate["file_bytes_in"]?.intValue ?? 0) > 4 << 20)
    #expect(estimate["levels"]?[0]?["voxel_bytes"]?.intValue == voxels)
    #expect((estimate["bricks"]?.intValue ?? 0) > 4)
    #expect((estimate["seconds"]?.doubleValue ?? 0) > 0 && estimate["fits"] == true)
    #expect((estimate["free_bytes"]?.intValue ?? 0) > 0)
    #expect(
      (estimate["peak_memory_bytes"]?.intValue ?? 0) >= document["planned_bytes"]?.intValue ?? 1)
    let text = try Executable.run(arguments + ["--dry-run"]).output
    for words in ["\nreads ", "\nwrites about ", "\ntakes about ", " are free where it goes"] {
      #expect(text.contains(words), "\(text)")
    }
    #expect(try Executable.run(arguments).status == 0)
    var out = DiskSpace.byteCount(of: folder(name))
    if more.contains("--split") {
      out += try Files.names(in: folder.path).filter { $0.hasPrefix("w-") }
        .reduce(0) { $0 + (Files.size(folder($1)) ?? 0) }
    }
    let foreseen = try #require(estimate["bytes_out"]?.intValue)
    #expect(abs(foreseen - out) < out * 15 / 100, "\(foreseen) for \(out)")
  }

  @Test func volumesAreEstimated() throws {
    for (name, more) in [
      ("t.tif", []), ("d.tif", ["--compression", "deflate"]), ("a.npy", []),
      ("p.h5", ["--format", "hdf5"]),
    ] as [(String, [String])] {
      let arguments = ["export", folder("a.tif"), "-o", folder(name)] + more
      let foreseen = try #require(try plan(arguments)["estimate"]?["bytes_out"]?.intValue)
      #expect(!Files.exists(folder(name)))
      #expect(try Executable.run(arguments + ["--progress", "none"]).status == 0)
      let out = try #require(Files.size(folder(name)))
      #expect(abs(foreseen - out) < out * 15 / 100, "\(name): \(foreseen) for \(out)")
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a small file system"))
  func aDiskThatIsTooSmallEndsWith73() throws {
    let disk = try #require(try SmallDisk(in: folder.path))
    let outputs: [([String], String)] = [
      (["stitch"] + tiles, "s.zarr"), (["import"] + tiles, "i.zarr"), (["export"] + tiles, "e.h5"),
      (["export"] + tiles + ["--layout", "views"], "v.h5"),
      (["export", folder("a.tif")], "t.tif"), (["export", folder("a.tif")], "a.npy"),
      (["export", folder("a.tif"), "--format", "hdf5"], "p.h5"),
      (["blank", "--size", "64,128,128", "--noise", "60000"], "b.h5"),
    ]
    for (arguments, name) in outputs {
      let command = arguments + ["-o", disk.path + "/" + name]
      let dry = try Executable.run(command + ["--dry-run"])
      #expect(dry.status == 73, "\(name): \(dry.errors)")
      #expect(dry.output.contains("too little for "), "\(dry.output)")
      let run = try Executable.run(command)
      for result in [dry, run] {
        #expect(result.status == 73, "\(name): \(result.errors)")
        #expect(result.errors.contains("the disk is too small: about "))
        #expect(result.errors.contains(" KiB are free") || result.errors.contains(" MiB are free"))
        #expect(result.errors.contains("--ignore-free-disk"))
      }
      #expect(try Files.names(in: disk.path).isEmpty, "\(name)")
      #expect(try Executable.run(command + ["--dry-run", "--ignore-free-disk"]).status == 0)
    }
    let command = ["stitch"] + tiles + ["-o", disk.path + "/s.zarr", "--ignore-free-disk"]
    #expect(try Executable.run(command).status == 74)
  }
}
