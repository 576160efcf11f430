import BrickBDV
import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

/// Writes a volume and its strided levels, as the engine would.
struct BDVCase: Sendable, CustomTestStringConvertible {
  var type: VoxelType
  var options: BDVExportOptions
  /// Voxels of a chunk, cut where a level is smaller.
  var chunk = Index3(repeating: 64)
  var size: Index3
  var factors: [Index3]

  var testDescription: String {
    "\(type) \(options.legacyInt16 ? "legacy" : "modern"), level \(options.deflateLevel.map(String.init) ?? "none"), "
      + "\(options.shuffle ? "shuffled" : "plain"), \(size) in \(chunk)"
  }

  /// Random sizes and chunks for every type, compression and both forms.
  static let all: [BDVCase] = {
    var random = SplitMix64(seed: 11)
    var cases: [BDVCase] = []
    for type in VoxelType.allCases {
      for legacy in type == .uint16 ? [false, true] : [false] {
        for level in [nil, 1, 6] {
          func pick(_ range: ClosedRange<Int>) -> Index3 {
            Index3.one.map { _ in Int.random(in: range, using: &random) }
          }
          cases.append(
            BDVCase(
              type: type,
              options: BDVExportOptions(
                legacyInt16: legacy, deflateLevel: level, shuffle: Bool.random(using: &random)),
              chunk: pick(1...9), size: pick(1...21),
              factors: [.one, Index3(z: 1, y: 2, x: 2), Index3(z: 2, y: 4, x: 4)]))
        }
      }
    }
    return cases
  }()

  var levels: [(factor: Index3, size: Index3, chunk: Index3)] {
    factors.map { ($0, size.dividedRoundingUp(by: $0), chunk) }
  }

  /// Writes the file and returns the volumes of its levels.
  func write(to path: String, overwrite: Bool = false) throws -> [ArrayVolume] {
    var random = SplitMix64(seed: UInt64(size.volume))
    let writer = try BDVFileWriter(
      path: path, type: type, size: size, voxelSize: VoxelSize(x: 0.16, y: 0.16, z: 0.4),
      levels: levels, options: options, setupName: "fused", channelName: "DAPI",
      overwrite: overwrite)
    let encoder = try writer.makeEncoder()
    var volumes: [ArrayVolume] = []
    var scratch = VoxelBlock()
    for (number, level) in writer.setups[0].levels.enumerated() {
      let volume = BDVSample.volume(type: type, size: level.size, using: &random)
      let grid = BrickGrid(size: level.size, brick: level.chunk)
      // Any order will do.
      for place in (0..<grid.count).shuffled(using: &random) {
        let index = grid.index(at: place)
        try volume.withVoxels(of: grid.box(at: index), scratch: &scratch) { view in
          guard let chunk = try encoder.encode(view, level: number) else { return }
          try writer.write(chunk, level: number, at: index)
        }
      }
      volumes.append(volume)
    }
    #expect(!Files.exists(path) || overwrite)
    try writer.finish()
    return volumes
  }
}

@Suite struct BDVFileTests {
  @Test(arguments: BDVCase.all) func whatIsWrittenIsRead(_ test: BDVCase) throws {
    let folder = try TemporaryFolder()
    let volumes = try test.write(to: folder("a.h5"))
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
    let file = try BDVFile(folder("a.h5"))
    #expect(file.setups == [0] && file.timepoints == [0])
    #expect(try file.levels(of: 0).map(\.factor) == test.factors)
    #expect(try file.volume(setup: 0, timepoint: 0, level: 3) == nil)
    var random = SplitMix64(seed: 3)
    for (level, volume) in volumes.enumerated() {
      let back = try #require(try file.volume(setup: 0, timepoint: 0, level: level))
      #expect(back.type == test.type && back.size == volume.size)
      #expect(try back.chunk == file.levels(of: 0)[level].chunk)
      #expect(try same(back, volume, volume.bounds))
      for _ in 0..<5 {
        let origin = volume.size.map { Int.random(in: 0..<$0, using: &random) }
        let end = origin.zip(volume.size) { Int.random(in: $0...$1, using: &random) }
        #expect(try same(back, volume, Box3(from: origin, to: end)))
      }
    }
    let project = try BDVProject(reading: folder("a.xml"))
    #expect(project.loader == .init(format: "bdv.hdf5", path: folder("a.h5")))
    #expect(project.setups[0].size == test.size && project.attributeNames["channel"] == [0: "DAPI"])
    #expect(project.setups[0].voxelSize == VoxelSize(x: 0.16, y: 0.16, z: 0.4))
    let view = BDVProject.View(timepoint: 0, setup: 0)
    #expect(project.affine(of: view) == AffineTransform(scaleX: 1, y: 1, z: 2.5))
  }

  private func same(_ a: some Volume, _ b: some Volume, _ box: Box3) throws -> Bool {
    let first = try a.block(of: box)
    let second = try b.block(of: box)
    let (one, other) = unsafe (
      first.bytes.withUnsafeBytes { unsafe Array($0) },
      second.bytes.withUnsafeBytes { unsafe Array($0) }
    )
    return one == other
  }

  @Test func noiseIsStoredWithoutItsFilters() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 8)
    let noise = ArrayVolume(
      (0..<4096).map { _ in UInt16.random(in: 0...65535, using: &random) },
      size: Index3(repeating: 16))
    let writer = try BDVFileWriter(
      path: folder("n.h5"), type: .uint16, size: noise.size, voxelSize: .unknown,
      levels: [(.one, noise.size, noise.size)], options: BDVExportOptions(), setupName: "n",
      channelName: "", overwrite: false)
    let encoder = try writer.makeEncoder()
    let block = try noise.block(of: noise.bounds)
    let encoded = try encoder.encode(VoxelView(block), level: 0)
    let chunk = try #require(encoded)
    #expect(chunk.bytes.count == 8192)
    try writer.write(chunk, level: 0, at: .zero)
    try writer.finish()
    let back = try #require(try BDVFile(folder("n.h5")).volume(setup: 0, timepoint: 0, level: 0))
    #expect(try same(back, noise, noise.bounds))
  }

  @Test func severalSetupsAndTimePointsShareAFile() throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 2, y: 3, x: 4)
    let setups = [0, 7, 123].map {
      BDVSetup(
        id: $0, name: "tile \($0)", channelName: "c", tile: $0,
        voxelSize: VoxelSize(x: 1, y: 1, z: 2),
        offset: Point3(x: Double($0), y: 0, z: 1.5),
        levels: [BDVLevel(factor: .one, size: size, chunk: size)])
    }
    let writer = try BDVFileWriter(
      path: folder("m.h5"), type: .uint8, setups: setups, timepoints: [0, 123456],
      options: BDVExportOptions(), overwrite: false)
    let encoder = try writer.makeEncoder()
    for setup in 0..<3 {
      for timepoint in 0..<2 {
        let voxels = ArrayVolume(
          [UInt8](repeating: UInt8(1 + setup + 10 * timepoint), count: 24), size: size)
        let block = try voxels.block(of: voxels.bounds)
        let encoded = try encoder.encode(VoxelView(block), level: 0, setup: setup)
        let chunk = try #require(encoded)
        try writer.write(chunk, level: 0, at: .zero, setup: setup, timepoint: timepoint)
      }
    }
    try writer.finish()
    let file = try BDVFile(folder("m.h5"))
    #expect(file.setups == [0, 7, 123] && file.timepoints == [0, 123456])
    let last = try #require(try file.volume(setup: 123, timepoint: 123456, level: 0))
    let block = try last.block(of: last.bounds)
    let sixth = block.voxels(as: UInt8.self)[5]
    #expect(sixth == 13)
    let offsets = try BDVProject(reading: folder("m.xml")).offsets(timepoint: 123456)
    #expect(offsets.map(\.offset) == [0, 7, 123].map { Point3(x: $0, y: 0, z: 1.5) })
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    let folder = try TemporaryFolder()
    let test = BDVCase.all[5]
    _ = try test.write(to: folder("a.h5"))
    #expect { try test.write(to: folder("a.h5")) } throws: { error in
      (error as? BrickworkError)?.code == .outputExists
    }
    _ = try test.write(to: folder("a.h5"), overwrite: true)
    try Files.remove(folder("a.h5"))
    #expect(throws: BrickworkError.self) { try test.write(to: folder("a.h5")) }
  }

  @Test func aDiscardedFileIsGoneAndAKilledOneIsWrittenAnew() throws {
    let folder = try TemporaryFolder()
    let writer = try BDVFileWriter(
      path: folder("a.h5"), type: .uint8, size: .one, voxelSize: .unknown,
      levels: [(.one, .one, .one)], options: BDVExportOptions(), setupName: "", channelName: "",
      overwrite: false)
    #expect(Files.exists(folder("a.h5.partial")) && !Files.exists(folder("a.h5")))
    writer.discard()
    #expect(try Files.names(in: folder.path).isEmpty)
    try Files.replace(folder("a.h5.partial"), with: Array("half a file".utf8))
    _ = try BDVCase.all[0].write(to: folder("a.h5"))
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  private func writer(
    _ path: String, levels: [BDVLevel]? = nil, overwrite: Bool = false
  ) throws -> BDVFileWriter {
    try BDVFileWriter(
      path: path, type: .uint8,
      setups: [
        BDVSetup(
          name: "", channelName: "", voxelSize: .unknown,
          levels: levels ?? [BDVLevel(factor: .one, size: .one, chunk: .one)])
      ],
      timepoints: [0], options: BDVExportOptions(), overwrite: overwrite)
  }

  @Test func finishingIsDoneOnceAndNeverAfterDiscarding() throws {
    let folder = try TemporaryFolder()
    let discarded = try writer(folder("a.h5"))
    discarded.discard()
    discarded.discard()
    #expect { try discarded.finish() } throws: { ($0 as? BrickworkError)?.code == .badRequest }
    #expect(try Files.names(in: folder.path).isEmpty)
    let finished = try writer(folder("a.h5"))
    try finished.finish()
    try finished.finish()
    finished.discard()
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
    try finished.finish()
  }

  @Test func whatFailedToFinishNeverFinishes() throws {
    let folder = try TemporaryFolder()
    let failing = try writer(folder("a.h5"))
    // A file can't be moved to where a folder is.
    try Files.makeFolder(folder("a.h5/inner"))
    #expect(throws: BrickworkError.self) { try failing.finish() }
    try Files.remove(folder("a.h5"))
    #expect { try failing.finish() } throws: { ($0 as? BrickworkError)?.code == .badRequest }
    failing.discard()
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func twoWritersOfOneFileAreOneTooMany() throws {
    let folder = try TemporaryFolder()
    let first = try writer(folder("a.h5"))
    #expect { try writer(folder("a.h5"), overwrite: true) } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .outputExists && error?.path == folder("a.h5")
    }
    // Another file of the folder is free.
    try writer(folder("b.h5")).finish()
    try first.finish()
    try writer(folder("a.h5"), overwrite: true).finish()
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml", "b.h5", "b.xml"])
  }

  @Test func aStartThatFailsLeavesNothing() throws {
    let folder = try TemporaryFolder()
    // There can't be two setups of one number.
    let setup = BDVSetup(
      name: "", channelName: "", voxelSize: .unknown,
      levels: [BDVLevel(factor: .one, size: .one, chunk: .one)])
    #expect(throws: BrickworkError.self) {
      try BDVFileWriter(
        path: folder("a.h5"), type: .uint8, setups: [setup, setup], timepoints: [0],
        options: BDVExportOptions(), overwrite: false)
    }
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func theLegacyFormIsForUInt16Alone() {
    #expect {
      try BDVCase(type: .uint8, options: .init(legacyInt16: true), size: .one, factors: [.one])
        .write(to: "/nowhere/a.h5")
    } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .badRequest && error?.description.contains("uint8") == true
    }
  }

  @Test func xmlPathsFollowTheirFile() {
    #expect(BDVFileWriter.xmlPath(for: "/a.b/c.h5") == "/a.b/c.xml")
    #expect(BDVFileWriter.xmlPath(for: "c.ome.HDF5") == "c.ome.xml")
    #expect(BDVFileWriter.xmlPath(for: "/a.h5/c") == "/a.h5/c.xml")
  }

  @Test(.enabled(if: BDVEnvironment.hasSharedData, "needs the shared data (BRICKWORK_SHARED)"))
  func filesOfOtherProgramsAreRead() throws {
    let levels: [(String, Int)] = [
      ("bdv/mri-stack.h5", 1), ("bdv/mri-stack-multilevel.h5", 4), ("bdv/pybdv/example.h5", 2),
      ("bdv/elephant/sample.h5", 1), ("bdv/tiny/tiny-dataset.h5", 1),
    ]
    for (name, count) in levels {
      let file = try BDVFile(BDVEnvironment.data(name))
      #expect(try file.levels(of: 0).count == count, "\(name)")
      for level in 0..<count {
        let volume = try #require(
          try file.volume(setup: 0, timepoint: file.timepoints[0], level: level))
        #expect(volume.type == .uint16)
        _ = try volume.block(of: volume.bounds)
      }
    }
  }

  @Test(.enabled(if: BDVEnvironment.hasSharedData, "needs the shared data (BRICKWORK_SHARED)"))
  func aFileCutShortSaysSo() throws {
    #expect { try BDVFile(BDVEnvironment.data("truncated/70_mri-stack.h5")) } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .damagedInput && error?.description.contains("truncated file") == true
    }
  }

  @Test func otherFilesAreToldApart() throws {
    let folder = try TemporaryFolder()
    #expect { try BDVFile(folder("none.h5")) } throws: {
      ($0 as? BrickworkError)?.code == .missingInput
    }
    try Files.replace(folder("text.h5"), with: Array("no HDF5".utf8))
    #expect { try BDVFile(folder("text.h5")) } throws: {
      ($0 as? BrickworkError)?.code == .damagedInput
    }
    let plain = try HDF5File(creating: folder("plain.h5"))
    try plain.makeGroup("/a/b")
    try plain.setAttribute("x", of: "/a", to: "")
    #expect(try plain.attribute("x", of: "/a") == "" && plain.attribute("y", of: "/a") == nil)
    #expect(plain.contains("a/b") && !plain.contains("/a/c/d"))
    try plain.close()
    #expect(throws: BrickworkError.self) { try plain.makeGroup("/c") }
    #expect { try BDVFile(folder("plain.h5")) } throws: {
      ($0 as? BrickworkError)?.code == .unsupportedInput
    }
  }
}
