import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// Three setups of two levels at three time points, split in every way.
@Suite struct BDVSplitTests {
  private let folder: TemporaryFolder
  private let setups: [BDVSetup]
  private let timepoints = [0, 7, 123456]
  private let type = VoxelType.uint16

  init() throws {
    folder = try TemporaryFolder()
    setups = [0, 7, 123].map { id in
      let size = Index3(z: 3, y: 5, x: 4 + id % 5)
      return BDVSetup(
        id: id, name: "tile \(id)", channelName: "c", tile: id,
        voxelSize: VoxelSize(x: 1, y: 1, z: 2), offset: Point3(x: Double(3 * id), y: 0, z: 0),
        levels: [
          BDVLevel(factor: .one, size: size, chunk: Index3(repeating: 2)),
          BDVLevel(
            factor: Index3(z: 1, y: 2, x: 2),
            size: size.dividedRoundingUp(by: Index3(z: 1, y: 2, x: 2)), chunk: Index3(repeating: 2)),
        ])
    }
  }

  private func partitions(_ setups: Int?, _ times: Int?) -> BDVPartitions {
    BDVPartitions(
      path: folder("big.h5"), setups: self.setups, timepoints: timepoints, setupsPerFile: setups,
      timepointsPerFile: times)
  }

  /// What stands in a view, of the setup and time point at these places.
  private func volume(_ setup: Int, _ timepoint: Int, _ level: Int) -> ArrayVolume {
    var random = SplitMix64(seed: UInt64(setup * 100 + timepoint * 10 + level))
    return BDVSample.volume(type: type, size: setups[setup].levels[level].size, using: &random)
  }

  private func export(_ partition: BDVPartitions.Partition) throws {
    let writer = try BDVFileWriter(
      path: partition.path, type: type, setups: Array(setups[partition.setups]),
      timepoints: Array(timepoints[partition.timepoints]), options: BDVExportOptions(),
      overwrite: false)
    let encoder = try writer.makeEncoder()
    var scratch = VoxelBlock()
    for (place, time) in partition.timepoints.enumerated() {
      for (number, setup) in partition.setups.enumerated() {
        for (level, shape) in setups[setup].levels.enumerated() {
          let grid = BrickGrid(size: shape.size, brick: shape.chunk)
          let volume = self.volume(setup, time, level)
          try Box3(size: grid.counts).forEachPosition { index in
            try volume.withVoxels(of: grid.box(at: index), scratch: &scratch) {
              guard let chunk = try encoder.encode($0, level: level, setup: number) else { return }
              try writer.write(chunk, level: level, at: index, setup: number, timepoint: place)
            }
          }
        }
      }
    }
    try writer.finish()
  }

  private func split(
    _ partitions: BDVPartitions, fingerprint: String = "job", overwrite: Bool = false
  ) -> BDVSplit {
    BDVSplit(
      partitions, type: type, options: BDVExportOptions(), fingerprint: fingerprint,
      overwrite: overwrite)
  }

  /// Compares all views as they are read through the master.
  private func check(_ path: String) throws {
    let file = try BDVFile(path)
    #expect(file.setups == setups.map(\.id) && file.timepoints == timepoints)
    for (time, timepoint) in timepoints.enumerated() {
      for (place, setup) in setups.enumerated() {
        for level in setup.levels.indices {
          let found = try #require(
            try file.volume(setup: setup.id, timepoint: timepoint, level: level))
          let wanted = volume(place, time, level)
          let isSame =
            try found.block(of: found.bounds).values(UInt16.self)
            == wanted.block(of: wanted.bounds).values(UInt16.self)
          #expect(isSame && found.type == type)
        }
      }
    }
  }

  @Test(arguments: [(1, nil), (nil, 1), (1, 1), (2, 2), (nil, nil)] as [(Int?, Int?)])
  func everySplitIsReadThroughTheMaster(_ setupsPerFile: Int?, _ timesPerFile: Int?) async throws {
    let partitions = self.partitions(setupsPerFile, timesPerFile)
    let counts = (
      setupsPerFile.map { (3 + $0 - 1) / $0 } ?? 1, timesPerFile.map { (3 + $0 - 1) / $0 } ?? 1
    )
    #expect(partitions.partitions.count == counts.0 * counts.1)
    var written: [String] = []
    let outcome = try await split(partitions).run {
      written.append(Files.name(of: $0.path))
      try export($0)
    }
    #expect(outcome == .finished && written.count == partitions.partitions.count)
    #expect(
      try Set(Files.names(in: folder.path)) == Set(["big.h5", "big.xml"] + written))
    #expect(written.first == "big-00-00.h5")
    try check(folder("big.h5"))
    let project = try BDVProject(reading: folder("big.xml"))
    #expect(project.loader.path == folder("big.h5"))
    #expect(project.loader.partitions.map(\.path) == written)
    #expect(project.loader.partitions.first?.setups.first == 0)
    #expect(try project.offsets(timepoint: 7).map(\.offset.x) == [0, 21, 369])
    let tiles = try BDVTiles.images(in: folder("big.xml"), cache: PieceCache(capacity: 1 << 20))
    #expect(
      tiles.count == 3 && tiles.allSatisfy { $0.info.timepoints == 3 && $0.info.notes.isEmpty })
  }

  @Test func aPartitionIsMadeAgainAndAnotherJobTakesAll() async throws {
    let partitions = self.partitions(1, nil)
    // Killed after one partition: it has an XML of its own.
    struct Killed: Error {}
    var count = 0
    await #expect(throws: Killed.self) {
      _ = try await split(partitions).run {
        count += 1
        if count == 2 { throw Killed() }
        try export($0)
      }
    }
    try Files.remove(partitions.partitions[0].path)
    #expect(try await split(partitions).run { try export($0) } == .finished)
    let again = try await split(partitions, fingerprint: "another", overwrite: true).run {
      try export($0)
    }
    #expect(again == .finished)
    try check(folder("big.h5"))
  }

  @Test func theFolderMayMove() async throws {
    _ = try await split(partitions(1, nil)).run { try export($0) }
    let moved = try TemporaryFolder()
    try Files.remove(moved.path)
    try Files.rename(folder.path, to: moved.path)
    try check(moved("big.h5"))
  }

  @Test(.enabled(if: BDVEnvironment.hasPython, "needs h5py"))
  func h5pyReadsThroughTheMaster() async throws {
    _ = try await split(partitions(2, 1)).run { try export($0) }
    let sums = (0..<3).flatMap { time in
      (0..<3).map { setup in
        let block = try? volume(setup, time, 0).block(of: Box3(size: setups[setup].levels[0].size))
        return (block?.values(UInt16.self) ?? []).reduce(0) { $0 + Int($1) }
      }
    }
    let script = """
      import h5py, sys
      with h5py.File(sys.argv[1]) as f:
        sums = [int(f[f't{t:05d}/s{s:02d}/0/cells'][:].sum()) for t in (0, 7, 123456) for s in (0, 7, 123)]
        link = f.get('t00007/s123/1/cells', getlink=True)
        assert isinstance(link, h5py.ExternalLink) and link.filename == 'big-01-01.h5', link.filename
        assert link.path == '/t00007/s123/1/cells' and f['s07'].attrs['dataType'] in ('uint16', b'uint16')
        assert f['s07/resolutions'][:].tolist() == [[1, 1, 1], [2, 2, 1]]
        print(*sums)
      """
    let result = try BDVEnvironment.run(["-c", script, folder("big.h5")])
    #expect(result.output == sums.map(String.init).joined(separator: " ") + "\n")
  }

  @Test func severalAtOnceShareThePartitions() async throws {
    let partitions = self.partitions(1, 1)
    let outcomes = try await withThrowingTaskGroup(of: (BDVSplit.Outcome, Int).self) { group in
      for _ in 0..<4 {
        group.addTask {
          var count = 0
          let outcome = try await split(partitions).run {
            count += 1
            try export($0)
            await Task.yield()
          }
          return (outcome, count)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.reduce(0) { $0 + $1.1 } == 9)
    #expect(outcomes.contains { $0.0 == .finished })
    try check(folder("big.h5"))
    #expect(try Files.names(in: folder.path).count == 11)
  }

  @Test func aPartitionInOtherHandsIsLeftToThem() async throws {
    let partitions = self.partitions(1, nil)
    let other = try FolderLock(partitions.partitions[1].path + ".claim")
    let outcome = try await split(partitions).run { try export($0) }
    #expect(outcome == .othersAtWork([partitions.partitions[1].path]))
    #expect(!Files.exists(folder("big.xml")) && !Files.exists(folder("big.h5")))
    withExtendedLifetime(other) {}
  }

  @Test func whatAKilledRunFinishedIsKept() async throws {
    struct Killed: Error {}
    let partitions = self.partitions(1, nil)
    var written = 0
    await #expect(throws: Killed.self) {
      try await split(partitions).run {
        if written == 2 { throw Killed() }
        written += 1
        try export($0)
      }
    }
    #expect(!Files.exists(folder("big.xml")))
    let outcome = try await split(partitions).run {
      written += 1
      try export($0)
    }
    #expect(outcome == .finished && written == 3)
    try check(folder("big.h5"))
  }

  @Test func filesOfAnotherJobAreNeverTakenForFinished() async throws {
    let partitions = self.partitions(1, nil)
    // A partition of other content, left by another job with its note, and one without any.
    try Files.replace(partitions.partitions[0].path, with: Array("another".utf8))
    try Files.replace(partitions.partitions[0].path + ".split", with: Array("other job".utf8))
    func run(_ overwrite: Bool) async throws -> BDVSplit.Outcome {
      try await split(partitions, overwrite: overwrite).run { try export($0) }
    }
    await #expect { try await run(false) } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .outputExists && error?.path == partitions.partitions[0].path
    }
    #expect(try await run(true) == .finished)
    try check(folder("big.h5"))
    // A finished project is one too.
    await #expect { try await run(false) } throws: {
      ($0 as? BrickworkError)?.code == .outputExists
    }
    #expect(try await run(true) == .finished)
  }

  @Test func aMasterWithoutAllPartitionsIsNotWritten() throws {
    let partitions = self.partitions(1, nil)
    try export(partitions.partitions[0])
    #expect {
      try partitions.writeMaster(type: type, options: BDVExportOptions())
    } throws: { ($0 as? BrickworkError)?.code == .missingInput }
    try Files.replace(
      partitions.partitions[1].path, with: Files.read(partitions.partitions[0].path))
    #expect {
      try partitions.writeMaster(type: type, options: BDVExportOptions())
    } throws: { ($0 as? BrickworkError)?.code == .damagedInput }
    #expect(!Files.exists(folder("big.h5")) && !Files.exists(folder("big.h5.partial")))
  }
}
