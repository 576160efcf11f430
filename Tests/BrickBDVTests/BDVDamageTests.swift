import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

@Suite struct BDVDamageTests {
  @Test func aChangedByteIsAnErrorOrOtherVoxelsButNoTrap() throws {
    let folder = try TemporaryFolder()
    let test = BDVCase(
      type: .uint16, options: .init(), chunk: Index3(repeating: 4), size: Index3(z: 5, y: 6, x: 7),
      factors: [.one])
    _ = try test.write(to: folder("a.h5"))
    let bytes = try Files.read(folder("a.h5"))
    var random = SplitMix64(seed: 1)
    var threw = 0
    for _ in 0..<300 {
      var damaged = bytes
      damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
      let file = try ReplacingFile(temporaryPath: folder("b.h5"))
      try unsafe file.append(damaged.span.bytes)
      try file.seal()
      do { try readAll(folder("b.h5")) } catch { threw += 1 }
    }
    #expect(threw > 0)
  }

  private func readAll(_ path: String) throws {
    let file = try BDVFile(path)
    _ = try file.levels(of: file.setups[0])
    let volume = try file.volume(setup: file.setups[0], timepoint: file.timepoints[0], level: 0)
    // A size that grew is for the caller's memory budget to refuse.
    if let volume, volume.size.volume < 1 << 20 { _ = try volume.block(of: volume.bounds) }
  }
}
