internal import BrickCore
internal import BrickFiles

/// How fast the disk of a folder is written and read in order.
struct DiskProbe: Sendable {
  let folder: String
  /// Bytes of the file to write.
  let byteCount: Int
  let threads: Int
  let meter: ProgressMeter

  /// Bytes of one call.
  private static let step = 8 << 20
  private static let largestFile = 512 << 20
  /// Rounds of each measurement, and the seconds after which there is no other one: a slow disk is steady enough.
  private static let rounds = 3
  private static let patience = 5.0

  /// Bytes of the file for a data set of `byteCount` bytes, in whole steps: no more than the page cache can keep.
  static func fileBytes(for byteCount: Int) -> Int {
    max(4 * step, min(largestFile, byteCount, SystemMemory.available / 4) / step * step)
  }

  /// Bytes that the probe holds.
  static func memory(threads: Int) -> Int { step + threads * step }

  func run() async throws -> MachineReport.Disk {
    let path = Files.join(folder, "disk.bin")
    defer { try? Files.remove(path) }
    let bytes = Self.incompressible()
    let writing = try await rate { try write(bytes, to: path) }
    // A disk that remembers a file in its own memory can't be seen from here, one that the system keeps can.
    var kept = 0
    func cold() throws {
      try PageCache.forget(path)
      kept = max(kept, try PageCache.keptBytes(of: path))
    }
    let one = try await rate(after: cold) { try await read(path, readers: 1) }
    let all =
      threads == 1 ? one : try await rate(after: cold) { try await read(path, readers: threads) }
    try await read(path, readers: 1)
    let warmOne = try await rate { try await read(path, readers: 1) }
    let warmAll = threads == 1 ? warmOne : try await rate { try await read(path, readers: threads) }
    return MachineReport.Disk(
      fileBytes: byteCount, writing: writing,
      reading: MachineReport.Rates(oneThread: one, allThreads: all), keptBytes: kept,
      pageCache: MachineReport.Rates(oneThread: warmOne, allThreads: warmAll))
  }

  /// The median rate of some rounds in bytes per second.
  private func rate(
    after prepare: () throws -> Void = {}, _ body: () async throws -> Void
  ) async throws -> Double {
    var seconds: [Double] = []
    while seconds.count < Self.rounds, seconds.reduce(0, +) < Self.patience {
      try prepare()
      let start = ContinuousClock.now
      try await body()
      seconds.append(max(1e-9, (ContinuousClock.now - start).inSeconds))
    }
    return Double(byteCount) / seconds.sorted()[seconds.count / 2]
  }

  /// Writes a new file, from the first byte to the wait until the last is on the disk.
  private func write(_ bytes: [UInt8], to path: String) throws {
    try Files.remove(path)
    try Files.replace(path, with: [])
    let file = try RandomAccessFile(path)
    for offset in stride(from: 0, to: byteCount, by: Self.step) {
      try Task.checkCancellation()
      try file.write(bytes, at: offset)
      meter.add(voxelBytes: Self.step, written: Self.step)
    }
    try file.flush()
  }

  /// Reads the file, each reader a part of its own, and always asks for what it will want next.
  private func read(_ path: String, readers: Int) async throws {
    let steps = byteCount / Self.step
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reader in 0..<readers {
        group.addTask {
          let map = try MappedFile(path)
          var block = VoxelBlock(
            Box3(size: Index3(z: 1, y: 1, x: Self.step)), type: .uint8)
          for place in reader * steps / readers..<(reader + 1) * steps / readers {
            try Task.checkCancellation()
            let range = place * Self.step..<(place + 1) * Self.step
            map.willNeed(range.lowerBound..<range.upperBound + Self.step)
            Self.copy(range, of: map, to: &block)
            meter.add(voxelBytes: Self.step)
          }
          try map.checkIntact()
        }
      }
      try await group.waitForAll()
    }
  }

  private static func copy(_ range: Range<Int>, of map: MappedFile, to block: inout VoxelBlock) {
    var bytes = block.mutableBytes
    map.copy(range, to: &bytes, at: 0)
  }

  /// Bytes that no file system makes smaller.
  private static func incompressible() -> [UInt8] {
    var random = Randomness(seed: 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(step)
    while bytes.count < step {
      var word = random.next()
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    return bytes
  }
}
