import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// A small export that can be stopped after any number of chunks.
struct StoppedExport: Sendable {
  var size = Index3(z: 20, y: 33, x: 40)
  var chunk = Index3(z: 8, y: 8, x: 16)
  var fingerprint = "source 1"
  let voxels: ArrayVolume

  init(seed: UInt64 = 1) {
    var random = SplitMix64(seed: seed)
    voxels = BDVSample.volume(type: .uint16, size: size, using: &random)
  }

  var levels: [BDVLevel] {
    [Index3.one, Index3(repeating: 2)].map {
      BDVLevel(factor: $0, size: size.dividedRoundingUp(by: $0), chunk: chunk)
    }
  }
  private var volumes: [any Volume] {
    levels.map { voxels.downsampled(by: $0.factor, method: .mean) }
  }
  var chunks: Int { levels.reduce(0) { $0 + BrickGrid(size: $1.size, brick: $1.chunk).count } }

  func writer(_ path: String, overwrite: Bool = false) throws -> BDVFileWriter {
    try BDVFileWriter(
      path: path, type: .uint16,
      setups: [BDVSetup(name: "a", channelName: "", voxelSize: .unknown, levels: levels)],
      timepoints: [0], options: BDVExportOptions(), fingerprint: fingerprint, overwrite: overwrite)
  }

  /// Encodes at most so many chunks that are missing, and finishes if none is left; the number it encoded.
  @discardableResult
  func run(_ writer: BDVFileWriter, atMost limit: Int = .max) throws -> Int {
    let encoder = try writer.makeEncoder()
    var done = 0
    for (number, level) in levels.enumerated() {
      let grid = BrickGrid(size: level.size, brick: level.chunk)
      for place in 0..<grid.count {
        let index = grid.index(at: place)
        if writer.isStored(level: number, at: index) { continue }
        if done == limit { return done }
        let block = try volumes[number].block(of: grid.box(at: index))
        if let chunk = try encoder.encode(VoxelView(block), level: number) {
          try writer.write(chunk, level: number, at: index)
        } else {
          try writer.writeEmpty(level: number, at: index)
        }
        done += 1
      }
    }
    try writer.finish()
    return done
  }

  func check(_ path: String) throws {
    let file = try BDVFile(path)
    for (number, wanted) in volumes.enumerated() {
      let volume = try #require(try file.volume(setup: 0, timepoint: 0, level: number))
      #expect(try isSame(volume, wanted))
    }
  }
}

/// Whether two volumes hold the same bytes.
func isSame(_ a: any Volume, _ b: any Volume) throws -> Bool {
  guard a.size == b.size, a.type == b.type else { return false }
  return try bytes(of: a, a.bounds) == bytes(of: b, b.bounds)
}

/// The bytes of a box.
func bytes(of volume: any Volume, _ box: Box3) throws -> [UInt8] {
  let block = try volume.block(of: box)
  return unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
}

@Suite struct ResumeTests {
  /// Stops a run after so many chunks; the library closes the file, whose metadata nobody looks at again.
  private func stop(_ export: StoppedExport, _ path: String, after chunks: Int) throws {
    try export.run(try export.writer(path), atMost: chunks)
  }

  @Test(arguments: [0, 1, 7, 33, 56]) func whatWasStoredIsNotEncodedAgain(_ chunks: Int) throws {
    let folder = try TemporaryFolder()
    let export = StoppedExport()
    let path = folder("a.h5")
    try stop(export, path, after: chunks)
    #expect(!Files.exists(path) && BDVFileWriter.isUnfinished(path))
    let writer = try export.writer(path)
    #expect(writer.resumption.keptChunks == chunks)
    #expect(writer.resumption.totalChunks == export.chunks && !writer.resumption.discardedForeign)
    #expect(try export.run(writer) == export.chunks - chunks)
    try export.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  @Test func aFileInTheMakingIsReadBack() throws {
    let folder = try TemporaryFolder()
    let export = StoppedExport()
    let writer = try export.writer(folder("a.h5"))
    try export.run(writer, atMost: 20)
    let grid = BrickGrid(size: export.size, brick: export.chunk)
    let volume = try writer.volume(level: 0)
    for place in 0..<grid.count {
      let box = grid.box(at: grid.index(at: place))
      let got = try bytes(of: volume, box)
      #expect(try place < 20 ? got == bytes(of: export.voxels, box) : got.allSatisfy { $0 == 0 })
    }
  }

  @Test func otherSourcesAreNeverMixed() throws {
    let folder = try TemporaryFolder()
    try stop(StoppedExport(), folder("a.h5"), after: 30)
    var other = StoppedExport(seed: 2)
    other.fingerprint = "source 2"
    let writer = try other.writer(folder("a.h5"))
    #expect(writer.resumption.keptChunks == 0 && writer.resumption.discardedForeign)
    try other.run(writer)
    try other.check(folder("a.h5"))
    // The shape belongs to it as well.
    try stop(StoppedExport(), folder("b.h5"), after: 30)
    other.fingerprint = "source 1"
    other.chunk = Index3(z: 4, y: 8, x: 16)
    #expect(try other.writer(folder("b.h5")).resumption.keptChunks == 0)
  }

  @Test func damagedBytesAndTornJournalsCostTheirChunksAlone() throws {
    let export = StoppedExport()
    for seed in 0..<12 {
      var random = SplitMix64(seed: UInt64(seed))
      let folder = try TemporaryFolder()
      let path = folder("a.h5")
      try stop(export, path, after: 40)
      // Flip bytes of the file and of the journal, and cut one of them.
      for name in [path + ".partial", path + ".partial.journal"] {
        var bytes = try Files.read(name)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0x40
        }
        if seed % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
        try Files.replace(name, with: bytes)
      }
      let writer = try export.writer(path)
      let kept = writer.resumption.keptChunks
      if seed % 3 != 0 && !writer.resumption.discardedForeign {
        #expect(kept >= 32, "seed \(seed)")
      }
      #expect(try export.run(writer) == export.chunks - kept)
      try export.check(path)
      #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
    }
  }

  @Test func severalSalvagedFilesComeTogether() throws {
    let export = StoppedExport()
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    try stop(export, path, after: 25)
    // A kill in the middle of salvage leaves chunks in the old file that are in the new one too, and others that
    // are not: the old one stays until all are moved.
    let bytes = try Files.read(path + ".partial")
    let journal = try Files.read(path + ".partial.journal")
    try stop(export, path, after: 5)
    try Files.replace(path + ".salvage-1", with: bytes)
    try Files.replace(path + ".salvage-1.journal", with: journal)
    let writer = try export.writer(path)
    #expect(writer.resumption.keptChunks == 30)
    try export.run(writer)
    try export.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  @Test func namesHalfChangedAreUnderstood() throws {
    let export = StoppedExport()
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    try stop(export, path, after: 25)
    try Files.rename(path + ".partial.journal", to: path + ".salvage-3.journal")
    #expect(try export.writer(path).resumption.keptChunks == 25)
    // A salvaged file without its journal was moved already.
    try Files.replace(path + ".salvage-9", with: Array("rest".utf8))
    let writer = try export.writer(path)
    #expect(writer.resumption.keptChunks == 25)
    #expect(try export.run(writer) == export.chunks - 25)
    try export.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  @Test func aRunKilledBetweenItsLastStepsIsFinished() throws {
    let export = StoppedExport()
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    try stop(export, path, after: export.chunks - 1)
    // The XML can't be written where a folder is: the file is whole and has its name already, or not yet.
    try Files.makeFolder(folder("a.xml.partial"))
    #expect(throws: BrickworkError.self) {
      try export.run(try export.writer(path, overwrite: true))
    }
    try Files.remove(folder("a.xml.partial"))
    #expect(Files.exists(path) && !Files.exists(folder("a.xml")))
    #expect(BDVFileWriter.isUnfinished(path))
    let again = try export.writer(path)
    #expect(again.resumption.keptChunks == export.chunks)
    #expect(try isSame(again.volume(level: 0), export.voxels))
    #expect(try export.run(again) == 0)
    try export.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
    #expect { try export.writer(path) } throws: { ($0 as? BrickworkError)?.code == .outputExists }
  }

  @Test func anExistingFileStaysUntilTheNewOneIsWhole() throws {
    let (old, new) = (StoppedExport(seed: 5), StoppedExport())
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    try old.run(try old.writer(path))
    try new.run(try new.writer(path, overwrite: true), atMost: 20)
    try old.check(path)
    let writer = try new.writer(path, overwrite: true)
    #expect(writer.resumption.keptChunks == 20)
    try new.run(writer)
    try new.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }
}
