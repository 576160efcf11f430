import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// A store of random voxels, and what its exports are compared with.
private struct Store {
  let folder: TemporaryFolder
  let cache = PieceCache(capacity: 1 << 20)
  let image: OMEZarrImage
  let brick: Index3

  init(
    type: VoxelType, size: Index3, brick: Index3, levels: Int, voxelSize: VoxelSize = .unknown
  ) async throws {
    folder = try TemporaryFolder()
    self.brick = brick
    let path = folder("s.zarr")
    var random = SplitMix64(seed: UInt64(size.volume + levels))
    let volume = BDVSample.volume(type: type, size: size, using: &random)
    let plan = try StorePlan(
      path: path, size: size, type: type, voxelSize: voxelSize, brick: brick, shard: brick * brick,
      levels: .exactly(levels))
    _ = try await StoreJob(
      path: path, source: volume, plan: plan,
      description: StoreDescription(
        name: "sample", voxelSize: voxelSize, channelName: "DAPI", source: [:]),
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0)
    ).run()
    image = try OMEZarrImage(path, cache: cache)
  }

  func job(
    _ path: String, levels: ExportLevels = .store, chunk: Index3? = nil,
    options: BDVExportOptions = BDVExportOptions(), memory: Int = 256 << 20, threads: Int = 2
  ) throws -> ExportJob {
    try ExportJob(
      path: path, images: [try ExportImage(store: image, levels: levels, chunk: chunk)],
      options: options, budget: MemoryBudget(byteCount: memory), threads: threads, cache: cache)
  }

  func level(_ number: Int) throws -> any Volume {
    try image.volume(level: number, channel: 0, timepoint: 0)
  }
}

private func bytes(_ block: borrowing VoxelBlock) -> [UInt8] {
  unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
}

private func bytes(of volume: any Volume) throws -> [UInt8] {
  bytes(try volume.block(of: volume.bounds))
}

@Suite struct ExportJobTests {
  @Test(arguments: [VoxelType.uint8, .uint16, .int32, .float32])
  func theFilesDoNotDependOnThreads(type: VoxelType) async throws {
    let store = try await Store(
      type: type, size: Index3(z: 11, y: 37, x: 45), brick: Index3(z: 2, y: 8, x: 4), levels: 3)
    let (one, five) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try await store.job(one("e.h5"), threads: 1).run()
    // In another second: nothing in the file says when it was written.
    try await Task.sleep(for: .milliseconds(1100))
    _ = try await store.job(five("e.h5"), threads: 5).run()
    #expect(try Files.names(in: one.path) == ["e.h5", "e.xml"])
    #expect(try contents(of: one.path) == contents(of: five.path))
  }

  /// Chunks that are the brick, divide it, exceed it, fit it along no axis, or exceed the volume.
  @Test(arguments: [
    nil, Index3(z: 2, y: 4, x: 4), Index3(z: 8, y: 8, x: 16), Index3(z: 3, y: 7, x: 5),
    Index3(z: 5, y: 16, x: 4), Index3(repeating: 100),
  ])
  func everyLevelOfTheStoreReadsBack(chunk: Index3?) async throws {
    for type in VoxelType.allCases {
      let store = try await Store(
        type: type, size: Index3(z: 13, y: 30, x: 41), brick: Index3(z: 4, y: 8, x: 8), levels: 3,
        voxelSize: VoxelSize(x: 0.16, y: 0.16, z: 0.4))
      let path = store.folder("e.h5")
      let job = try store.job(path, chunk: chunk)
      let summary = try await job.run()
      #expect(summary.levels == store.image.levels.count)
      let file = try BDVFile(path)
      let levels = try file.levels(of: 0)
      #expect(levels.count == summary.levels)
      for (number, level) in levels.enumerated() {
        let stored = try store.level(number)
        #expect(level.factor == store.image.factor(level: number))
        #expect(level.chunk == (chunk ?? store.brick).minimum(stored.size))
        #expect(
          job.images[0].pyramid[number].chunk == level.chunk
            && job.images[0].pyramid[number].size == stored.size)
        let back = try #require(try file.volume(setup: 0, timepoint: 0, level: number))
        #expect(back.type == type && back.size == stored.size)
        #expect(try bytes(of: back) == bytes(of: stored), "\(type), level \(number)")
      }
      let project = try BDVProject(reading: store.folder("e.xml"))
      #expect(project.setups[0].voxelSize == VoxelSize(x: 0.16, y: 0.16, z: 0.4))
      #expect(project.attributeNames["channel"] == [0: "DAPI"])
    }
  }

  @Test(arguments: 1...4) func bigDataViewersLevelsAreTheStoresOrMadeFromTheOneBefore(levels: Int)
    async throws
  {
    let size = Index3(z: 9, y: 33, x: 1100)
    let voxelSize = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
    let store = try await Store(
      type: .uint16, size: size, brick: Index3(z: 4, y: 16, x: 64), levels: levels,
      voxelSize: voxelSize)
    let path = store.folder("e.h5")
    _ = try await store.job(path, levels: .bdv).run()
    let file = try BDVFile(path)
    let proposal = PyramidProposal.levels(size: size, voxelSize: voxelSize)
    #expect(proposal.count > 2)
    #expect(try file.levels(of: 0).map(\.factor) == proposal.map(\.factor))
    var expected = VoxelBlock()
    for (number, wanted) in proposal.enumerated() {
      let stored = store.image.levels.indices.first {
        store.image.factor(level: $0) == wanted.factor
      }
      if let stored {
        expected = try store.level(stored).block(of: try store.level(stored).bounds)
      } else {
        var means = VoxelBlock()
        let step = wanted.factor.dividedRoundingDown(by: proposal[number - 1].factor)
        expected.downsampled(by: step, into: &means)
        swap(&expected, &means)
      }
      let back = try #require(try file.volume(setup: 0, timepoint: 0, level: number))
      #expect(back.size == size.dividedRoundingUp(by: wanted.factor))
      #expect(try bytes(of: back) == bytes(expected), "level \(number)")
    }
  }

  @Test func theLegacyFormHoldsTheSameVoxels() async throws {
    let store = try await Store(
      type: .uint16, size: Index3(z: 5, y: 21, x: 19), brick: Index3(repeating: 4), levels: 2)
    let path = store.folder("e.h5")
    _ = try await store.job(path, options: BDVExportOptions(legacyInt16: true)).run()
    let file = try BDVFile(path)
    for number in 0..<2 {
      let back = try #require(try file.volume(setup: 0, timepoint: 0, level: number))
      #expect(back.type == .uint16)
      #expect(try bytes(of: back) == bytes(of: store.level(number)))
    }
    let other = try await Store(type: .uint8, size: .one, brick: .one, levels: 1)
    let error = await #expect(throws: BrickworkError.self) {
      try await other.job(other.folder("e.h5"), options: .init(legacyInt16: true)).run()
    }
    #expect(error?.code == .badRequest)
    #expect(try Files.names(in: other.folder.path) == ["s.zarr"])
  }

  @Test func theFirstLevelsAreTakenAndNoMoreThanThereAre() async throws {
    let store = try await Store(
      type: .uint8, size: Index3(repeating: 20), brick: Index3(repeating: 4), levels: 3)
    #expect(try store.job("e.h5", levels: .first(2)).images[0].pyramid.count == 2)
    for count in [0, 4] {
      let error = #expect(throws: BrickworkError.self) {
        try store.job("e.h5", levels: .first(count))
      }
      #expect(error?.code == .badRequest)
    }
  }

  @Test func theForecastIsWhatTheRunTakes() async throws {
    let store = try await Store(
      type: .uint16, size: Index3(repeating: 20), brick: Index3(repeating: 4), levels: 2)
    let job = try store.job(store.folder("e.h5"), threads: 3)
    let forecast = try job.forecast()
    #expect(try await job.run().workers == forecast.workers)
    #expect(forecast.plannedBytes > 0 && forecast.plannedBytes <= 256 << 20)
    let small = try store.job(store.folder("f.h5"), memory: 10 << 20)
    let error = #expect(throws: BrickworkError.self) { try small.forecast() }
    #expect(error?.code == .outOfBudget)
  }

  private func job(
    _ image: OMEZarrImage, channels: [Int], timepoints: [Int], _ path: String
  ) throws -> ExportJob {
    try ExportJob(
      path: path,
      images: [try ExportImage(store: image, channels: channels, timepoints: timepoints)],
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0))
  }

  @Test func aChosenChannelAndTimePointAreExported() async throws {
    let folder = try TemporaryFolder()
    let image = try Self.fiveDimensional(folder)
    for (channel, timepoint) in [(0, 0), (1, 0), (2, 1)] {
      let path = folder("\(channel)\(timepoint).h5")
      _ = try await job(image, channels: [channel], timepoints: [timepoint], path).run()
      let back = try #require(try BDVFile(path).volume(setup: 0, timepoint: 0, level: 0))
      let value = UInt8(1 + channel + 10 * timepoint)
      #expect(try bytes(of: back) == [UInt8](repeating: value, count: 8))
      let project = try BDVProject(reading: BDVFileWriter.xmlPath(for: path))
      #expect(project.attributeNames["channel"] == [0: ["DAPI", "GFP", "RFP"][channel]])
    }
    for (channel, timepoint) in [(3, 0), (0, 2), (-1, 0)] {
      let error = #expect(throws: BrickworkError.self) {
        try job(image, channels: [channel], timepoints: [timepoint], "e.h5")
      }
      #expect(error?.code == .badRequest)
    }
  }

  @Test func allChannelsAndTimePointsAreSetupsAtTimePoints() async throws {
    let folder = try TemporaryFolder()
    let image = try Self.fiveDimensional(folder)
    let path = folder("all.h5")
    _ = try await job(image, channels: [0, 1, 2], timepoints: [0, 1], path).run()
    let file = try BDVFile(path)
    #expect(file.setups == [0, 1, 2] && file.timepoints == [0, 1])
    for channel in 0..<3 {
      for timepoint in 0..<2 {
        let back = try #require(
          try file.volume(setup: channel, timepoint: timepoint, level: 0))
        let value = UInt8(1 + channel + 10 * timepoint)
        #expect(try bytes(of: back) == [UInt8](repeating: value, count: 8))
      }
    }
    let project = try BDVProject(reading: folder("all.xml"))
    #expect(project.attributeNames["channel"] == [0: "DAPI", 1: "GFP", 2: "RFP"])
    #expect(project.setups.map { $0.attributes["channel"] } == [0, 1, 2])
    #expect(project.timepoints == [0, 1])
  }

  /// 2 time points of 3 channels of 2×2×2 voxels: 1 + the channel + 10 times the time point.
  static func fiveDimensional(_ folder: TemporaryFolder) throws -> OMEZarrImage {
    let path = folder("tc.zarr")
    try FiveDimensionalStore.write(path)
    return try OMEZarrImage(path, cache: PieceCache(capacity: 0))
  }
}
