import BrickTestSupport
import Brickwork
import Testing

/// `brickwork blank`: files of noise, or of nothing.
@Suite struct BlankCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @discardableResult
  private func blank(_ arguments: [String], _ name: String = "b.h5") throws -> JSON {
    let result = try Executable.run(
      ["blank", "-o", folder(name), "--json", "--progress", "none"] + arguments)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    return try JSON(parsing: Array(result.output.utf8), path: "-")
  }

  private func bytes(of volume: any Volume) throws -> [UInt8] {
    let block = try volume.block(of: volume.bounds)
    return unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
  }

  /// The voxels of all views and levels.
  private func voxels(_ name: String) throws -> [[UInt8]] {
    let file = try BDVFile(folder(name))
    return try file.timepoints.flatMap { timepoint in
      try file.setups.flatMap { setup in
        try file.levels(of: setup).indices.map { level in
          try bytes(
            of: #require(try file.volume(setup: setup, timepoint: timepoint, level: level)))
        }
      }
    }
  }

  @Test(arguments: VoxelType.allCases)
  func everyViewHasItsOwnNoiseAndMeansAbove(_ type: VoxelType) throws {
    let summary = try blank([
      "--size", "3,5,300", "--grid", "1,2,2", "--overlap", "0,1,60", "--channels", "2",
      "--timepoints",
      "2", "--type", type.rawValue, "--noise", "100", "--seed", "9", "--voxel-size", "0.5,0.5,2",
      "--chunk", "2,4,64",
    ])
    #expect(summary["tiles"] == 4 && summary["levels"] == 2)
    let file = try BDVFile(folder("b.h5"))
    #expect(file.setups == Array(0..<8) && file.timepoints == [0, 1])
    for timepoint in 0..<2 {
      for setup in 0..<8 {
        // Channel by channel, tiles fastest.
        let noise = try NoiseVolume(
          type: type, size: Index3(z: 3, y: 5, x: 300), amplitude: 100, seed: 9,
          stream: timepoint * 8 + setup)
        let levels = try file.levels(of: setup)
        #expect(levels.map(\.factor) == [.one, Index3(z: 1, y: 2, x: 2)])
        for (level, wanted) in [
          noise, noise.downsampled(by: levels[1].factor, method: .mean),
        ].enumerated() {
          let found = try #require(
            try file.volume(setup: setup, timepoint: timepoint, level: level))
          #expect(found.type == type)
          let isSame = try bytes(of: found) == bytes(of: wanted)
          #expect(isSame, "setup \(setup), time point \(timepoint), level \(level)")
        }
      }
    }
    let project = try BDVProject(reading: folder("b.xml"))
    #expect(
      try project.offsets(timepoint: 1).map { [$0.offset.x, $0.offset.y] }
        == [[0, 0], [240, 0], [0, 4], [240, 4], [0, 0], [240, 0], [0, 4], [240, 4]])
    #expect(project.setups[5].voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 2))
  }

  @Test func theSameSeedGivesTheSameVoxelsWhateverTheMachineDoes() throws {
    let common = ["--size", "20,70,300", "--grid", "1,1,3", "--noise", "1000"]
    try blank(common + ["--threads", "1", "--memory", "256MiB"], "a.h5")
    try blank(common + ["--threads", "4", "--chunk", "7,30,100", "--compression", "none"], "b.h5")
    try blank(common + ["--seed", "1"], "c.h5")
    let (a, b, c) = (try voxels("a.h5"), try voxels("b.h5"), try voxels("c.h5"))
    #expect(a == b && a != c)
    #expect(Set(a).count == a.count)
  }

  @Test func withoutNoiseNothingIsStored() throws {
    // 2 TB of voxels.
    let summary = try blank(["--size", "1000,10000,10000", "--grid", "1,2,5", "--type", "uint16"])
    #expect(summary["bytes_written"] == 0)
    #expect((Files.size(folder("b.h5")) ?? .max) < 4 << 20)
    let file = try BDVFile(folder("b.h5"))
    let volume = try #require(try file.volume(setup: 9, timepoint: 0, level: 0))
    let far = Box3(origin: Index3(z: 990, y: 9990, x: 9900), size: Index3(z: 2, y: 3, x: 50))
    #expect(try volume.block(of: far).values(UInt16.self).allSatisfy { $0 == 0 })
    #expect(try Executable.run(["info", folder("b.xml")]).status == 0)
    #expect(try Files.names(in: folder.path) == ["b.h5", "b.xml"])
  }

  @Test func tilesLieWhereAFileSays() throws {
    try Files.replace(folder("o.csv"), with: Array("x_um,y_um,z_um\n0,0,0\n-5,2,1\n".utf8))
    try blank([
      "--size", "3,4,5", "--offsets", folder("o.csv"), "--voxel-size", "0.5,0.5,2", "--noise", "9",
    ])
    let offsets = try BDVProject(reading: folder("b.xml")).offsets(timepoint: 0).map(\.offset)
    #expect(offsets == [.zero, Point3(x: -10, y: 4, z: 0.5)])
  }

  @Test func whatCanNotBeIsRefused() throws {
    func status(_ arguments: [String]) throws -> Int32 {
      try Executable.run(["blank", "-o", folder("b.h5"), "--progress", "none"] + arguments).status
    }
    #expect(try status(["--size", "2,3,4", "--noise", "1.5"]) == 64)
    #expect(try status(["--size", "2,3,4", "--type", "uint8", "--noise", "257"]) == 64)
    #expect(try status(["--size", "2,3,4", "--type", "int7"]) == 64)
    #expect(try status(["--size", "2,3,4", "--type", "uint8", "--legacy"]) == 64)
    #expect(try status(["--size", "2,3,4", "--overlap", "0,3,0"]) == 64)
    #expect(try status(["--size", "2,3,4", "--grid", "1,1,2", "--offsets", folder("o.csv")]) == 64)
    #expect(try status(["--size", "2,3,4", "--levels", "store"]) == 64)
    #expect(try status(["--size", "2,3,4", "--compression", "zstd:1"]) == 64)
    #expect(try status(["--size", "2,3,4", "--dry-run"]) == 0)
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(try status(["--size", "2,3,4"]) == 0)
    #expect(try status(["--size", "2,3,4"]) == 73)
    #expect(try status(["--size", "2,3,4", "--overwrite", "--noise", "3"]) == 0)
  }
}
