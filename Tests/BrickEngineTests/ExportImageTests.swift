import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import Testing

private func bytes(_ block: borrowing VoxelBlock) -> [UInt8] {
  unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
}

/// The levels a pyramid should have, each from the whole one before.
private func cascade(
  _ volume: any Volume, _ factors: [Index3], _ reduction: LevelReduction
) throws -> [[UInt8]] {
  var block = try volume.block(of: volume.bounds)
  var levels = [bytes(block)]
  for (coarse, fine) in zip(factors.dropFirst(), factors) {
    var next = VoxelBlock()
    let step = coarse.dividedRoundingDown(by: fine)
    switch reduction {
    case .mean: block.downsampled(by: step, into: &next)
    case .majority: block.majority(by: step, into: &next)
    }
    levels.append(bytes(next))
    swap(&block, &next)
  }
  return levels
}

private func run(
  _ images: [ExportImage], _ path: String, memory: Int = 256 << 20, threads: Int = 2
) async throws -> ExportJob.Summary {
  try await ExportJob(
    path: path, images: images, budget: MemoryBudget(byteCount: memory), threads: threads,
    cache: PieceCache(capacity: 0)
  ).run()
}

@Suite struct ExportImageTests {
  /// Deep pyramids of thin volumes: passes of several levels, and others that read the file in the making.
  @Test(arguments: VoxelType.allCases)
  func everyLevelIsMadeFromTheOneBefore(type: VoxelType) async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    for (number, chunk) in [nil, Index3(z: 3, y: 5, x: 7), Index3(z: 2, y: 4, x: 32)].enumerated() {
      let size = Index3(
        z: Int.random(in: 1...9, using: &random), y: Int.random(in: 1...40, using: &random),
        x: Int.random(in: 1100...2300, using: &random))
      let volume = BDVSample.volume(type: type, size: size, using: &random)
      for reduction in LevelReduction.allCases where reduction.method.serves(type) {
        let path = folder("\(number)\(reduction).h5")
        let image = try ExportImage(
          name: "image", volumes: [volume], voxelSize: VoxelSize(x: 0.2, y: 0.2, z: 0.3),
          chunk: chunk, reduction: reduction)
        _ = try await run([image], path)
        let file = try BDVFile(path)
        let factors = try file.levels(of: 0).map(\.factor)
        #expect(factors.count >= 4 && factors == image.pyramid.map(\.factor))
        for (level, expected) in try cascade(volume, factors, reduction).enumerated() {
          let back = try #require(try file.volume(setup: 0, timepoint: 0, level: level))
          #expect(back.size == size.dividedRoundingUp(by: factors[level]))
          #expect(
            try bytes(back.block(of: back.bounds)) == expected,
            "seed \(seed), size \(size), chunk \(String(describing: chunk)), level \(level)")
        }
      }
    }
  }

  @Test func theVoxelsDependNeitherOnTheBudgetNorOnThreads() async throws {
    var random = SplitMix64(seed: 7)
    let volume = BDVSample.volume(
      type: .uint16, size: Index3(z: 70, y: 300, x: 530), using: &random)
    let image = try ExportImage(name: "image", volumes: [volume], voxelSize: .unknown)
    let folder = try TemporaryFolder()
    var files: [[[UInt8]]] = []
    for (memory, threads) in [(112 << 20, 1), (300 << 20, 3), (4 << 30, 2)] {
      let path = folder("\(memory).h5")
      _ = try await run([image], path, memory: memory, threads: threads)
      let file = try BDVFile(path)
      files.append(
        try image.pyramid.indices.map { level in
          let back = try #require(try file.volume(setup: 0, timepoint: 0, level: level))
          return bytes(try back.block(of: back.bounds))
        })
    }
    #expect(files[0] == files[1] && files[0] == files[2])
    #expect(try files[0] == cascade(volume, image.pyramid.map(\.factor), .mean))
    let error = await #expect(throws: BrickworkError.self) {
      try await run([image], folder("none.h5"), memory: 40 << 20)
    }
    #expect(error?.code == .outOfBudget)
  }

  /// Over a hundred tiles of several sizes, two channels at two time points.
  @Test func tilesAreSetupsInTheirPlaces() async throws {
    var random = SplitMix64(seed: 99)
    let folder = try TemporaryFolder()
    let path = folder("views.h5")
    let voxelSize = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
    var images: [ExportImage] = []
    var volumes: [[ArrayVolume]] = []
    for tile in 0..<105 {
      let size = Index3(z: 1 + tile % 3, y: 2 + tile % 5, x: tile == 50 ? 600 : 3 + tile % 7)
      let own = (0..<4).map { _ in BDVSample.volume(type: .uint8, size: size, using: &random) }
      volumes.append(own)
      images.append(
        try ExportImage(
          name: "tile \(tile)", channelNames: ["DAPI", ""], volumes: own, voxelSize: voxelSize,
          offset: Point3(x: 10.5 * Double(tile), y: -3, z: 4)))
    }
    _ = try await run(images, path)
    let file = try BDVFile(path)
    #expect(file.setups == Array(0..<210) && file.timepoints == [0, 1])
    let project = try BDVProject(reading: folder("views.xml"))
    for tile in [0, 1, 50, 99, 100, 104] {
      for channel in 0..<2 {
        // Channel by channel, tiles fastest: as BigStitcher and npy2bdv number them.
        let setup = channel * 105 + tile
        #expect(
          project.setups[setup].attributes == [
            "illumination": 0, "channel": channel, "tile": tile, "angle": 0,
          ])
        #expect(project.setups[setup].name == "tile \(tile) " + ["DAPI", "channel 1"][channel])
        for timepoint in 0..<2 {
          let volume = volumes[tile][2 * timepoint + channel]
          let transforms = try #require(
            project.registrations[.init(timepoint: timepoint, setup: setup)])
          #expect(transforms.map(\.name) == ["Translation to Regular Grid", "calibration"])
          // In calibrated pixels: z voxels are 2.5 times as long as the finest.
          #expect(
            transforms[0].affine.rows == [1, 0, 0, 10.5 * Double(tile), 0, 1, 0, -3, 0, 0, 1, 10])
          #expect(transforms[1].affine.rows == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2.5, 0])
          let factors = try file.levels(of: setup).map(\.factor)
          #expect(factors.count == (tile == 50 ? 3 : 1))
          for (level, expected) in try cascade(volume, factors, .mean).enumerated() {
            let back = try #require(
              try file.volume(setup: setup, timepoint: timepoint, level: level))
            #expect(try bytes(back.block(of: back.bounds)) == expected)
          }
        }
      }
    }
  }

  @Test func imagesThatDontFitEachOtherAreRefused() throws {
    var random = SplitMix64(seed: 1)
    func image(_ type: VoxelType, parts: Int = 1, channels: Int = 1) throws -> ExportImage {
      try ExportImage(
        name: "\(type)", channelNames: Array(repeating: "", count: channels),
        volumes: (0..<parts).map { _ in BDVSample.volume(type: type, size: .one, using: &random) },
        voxelSize: .unknown)
    }
    func refusal(_ images: [ExportImage]) throws -> String? {
      let error = #expect(throws: BrickworkError.self) {
        try ExportJob(
          path: "e.h5", images: images, budget: MemoryBudget(byteCount: 256 << 20), threads: 1,
          cache: PieceCache(capacity: 0))
      }
      #expect(error?.code == .badRequest)
      return error?.reason
    }
    let types = try refusal([image(.uint8), image(.uint16)])
    #expect(types == "a file holds voxels of one type, and uint16 has uint16, uint8 uint8")
    let counts = try refusal([image(.uint8, parts: 2, channels: 2), image(.uint8, parts: 2)])
    #expect(counts?.contains("1 channels at 2 time points, and uint8 2 at 1") == true)
    _ = try refusal([])
    for wrong in [0, 3] {
      let volume = BDVSample.volume(type: .uint8, size: Index3(z: 1, y: 1, x: 300), using: &random)
      let error = #expect(throws: BrickworkError.self) {
        try ExportImage(name: "i", volumes: [volume], voxelSize: .unknown, levels: .first(wrong))
      }
      #expect(error?.code == .badRequest)
    }
    let floats = BDVSample.volume(type: .float32, size: .one, using: &random)
    let error = #expect(throws: BrickworkError.self) {
      try ExportImage(name: "i", volumes: [floats], voxelSize: .unknown, reduction: .majority)
    }
    #expect(error?.code == .badRequest)
  }
}
