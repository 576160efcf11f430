import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// What is known of the machine and of this process.
@Suite struct MachineTests {
  @Test func theMachineHasCoresMemoryAndAName() {
    let machine = MachineDescription.current
    #expect(machine.usableCores >= 1 && machine.cores >= machine.usableCores)
    #expect(machine.memory > 256 << 20)
    #expect(!machine.kernel.isEmpty && !machine.architecture.isEmpty)
    if let limit = machine.controlGroupLimit { #expect(limit > 0) }
  }

  @Test func allFilesBelowAFolderAreListed() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder("b/c"))
    for name in ["b/c/2", "b/1", "a"] { try Files.replace(folder(name), with: [1]) }
    #expect(try Files.all(in: folder.path) == [folder("a"), folder("b/1"), folder("b/c/2")])
  }

  @Test func whatTheSystemKeepsOfAFileIsKnown() throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](repeating: 7, count: 300_001)
    try Files.replace(folder("f"), with: bytes)
    #expect(try Files.read(folder("f")) == bytes)
    #expect(try PageCache.keptBytes(of: folder("f")) == bytes.count)
    // Forgetting is a wish: file systems in memory don't.
    try PageCache.forget(folder("f"))
    let kept = try PageCache.keptBytes(of: folder("f"))
    #expect(kept >= 0 && kept <= bytes.count)
    #expect(try Files.read(folder("f")) == bytes)
    try Files.replace(folder("empty"), with: [])
    #expect(try PageCache.keptBytes(of: folder("empty")) == 0)
    #expect(throws: BrickworkError.self) { try PageCache.keptBytes(of: folder("missing")) }
  }

  @Test func computingTakesProcessorTime() throws {
    let (own, all) = (ProcessUsage.processorSeconds, ProcessUsage.machineSeconds)
    var sum: UInt64 = 1
    let start = ContinuousClock.now
    while ProcessUsage.processorSeconds - own < 0.05, ContinuousClock.now - start < .seconds(20) {
      for step in 0..<1_000_000 as Range<UInt64> { sum = sum &* 31 &+ step }
    }
    #expect(ProcessUsage.processorSeconds - own >= 0.05 && sum != 0)
    if let all { #expect(try #require(ProcessUsage.machineSeconds) > all) }
  }

  #if os(Linux)
    /// A job's peak is its own, not that of one before it.
    @Test func thePeakOfMemoryBeginsAnew() throws {
      func peak(_ mebibytes: Int) throws -> MemoryWatch.Peak {
        let watch = MemoryWatch()
        BlockStorage.keep(atMost: 0)
        var block = VoxelBlock(
          Box3(size: Index3(z: 1, y: 1, x: mebibytes << 20)), type: .uint8)
        block.clear()
        // A few looks at what is anonymous.
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(80) {}
        return watch.finish()
      }
      let (large, small) = (try peak(256), try peak(16))
      try #require(large.isExact && small.isExact)
      #expect(large.resident - small.resident > 200 << 20)
      // What tests before this one left in the process is in both.
      let anonymous = (large: try #require(large.anonymous), small: try #require(small.anonymous))
      #expect(anonymous.large > 250 << 20)
      #expect(anonymous.large - anonymous.small > 200 << 20)
      #expect(large.maximum(small) == large)
    }
  #endif
}
