import Brickwork
import Synchronization

/// Reads every voxel of the sources once and drops it: how fast tiles come out of their files.
///
///     ReadTiles THREADS PLANES CACHE_MIB sum|read SOURCE…
///
/// THREADS workers take slabs of PLANES planes in turn. Prints one JSON object: bytes of voxels, seconds, and with `sum`
/// the sum of all bytes, by which the answer can be checked against another reader's.
@main
struct ReadTiles {
  static func main() async throws {
    let words = CommandLine.arguments.dropFirst()
    guard words.count >= 5, let threads = Int(words[1]), let planes = Int(words[2]),
      let megabytes = Int(words[3])
    else {
      Terminal.write("ReadTiles THREADS PLANES CACHE_MIB sum|read SOURCE…\n", to: .error)
      return
    }
    SystemMemory.reuseFreedMemory()
    let clock = ContinuousClock()
    let start = clock.now
    let cache = PieceCache(capacity: megabytes << 20)
    let wantsSum = words[4] == "sum"
    let slabs = try Self.slabs(of: Array(words.dropFirst(4)), planes: planes, cache: cache)
    let opened = clock.now
    let total = Total()
    let next = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<threads {
        group.addTask {
          var block = VoxelBlock()
          var bytes = 0
          var sum: UInt64 = 0
          while let slab = next.take(of: slabs.count).map({ slabs[$0] }) {
            block.reshape(to: slab.box, type: slab.volume.type)
            slab.volume.willRead(slab.box)
            try slab.volume.read(into: &block)
            slab.volume.didRead(slab.box)
            bytes += block.byteCount
            if wantsSum { sum &+= Self.sum(block) }
          }
          total.add(bytes, sum)
        }
      }
      try await group.waitForAll()
    }
    let (bytes, sum) = total.value
    let report: JSON = [
      "bytes": JSON(bytes), "sum": JSON(sum),
      "open_seconds": .number((opened - start) / .seconds(1)),
      "seconds": .number((clock.now - start) / .seconds(1)),
      "decoded_pieces": JSON(cache.decodedPieces),
    ]
    Terminal.write(report.text(pretty: false) + "\n", to: .output)
  }

  private struct Slab: Sendable {
    let volume: any Volume
    let box: Box3
  }

  private static func slabs(of paths: [String], planes: Int, cache: PieceCache) throws -> [Slab] {
    var slabs: [Slab] = []
    for tile in try TileSet.open(paths, cache: cache).tiles {
      for timepoint in 0..<tile.info.timepoints {
        let volumes = try tile.info.channelNames.indices.map {
          try tile.volume(channel: $0, timepoint: timepoint)
        }
        let size = tile.info.size
        for z in stride(from: 0, to: size.z, by: planes) {
          let box = Box3(
            from: Index3(z: z, y: 0, x: 0),
            to: Index3(z: min(size.z, z + planes), y: size.y, x: size.x))
          slabs += volumes.map { Slab(volume: $0, box: box) }
        }
      }
    }
    return slabs
  }

  /// The sum of all bytes, in a loop that vectorises, so that checking costs little.
  private static func sum(_ block: borrowing VoxelBlock) -> UInt64 {
    let bytes = Span<UInt8>(_bytes: block.bytes)
    var sum: UInt64 = 0
    for place in bytes.indices { sum &+= UInt64(bytes[place]) }
    return sum
  }
}

/// Bytes and sums of all workers.
private final class Total: Sendable {
  private let state = Mutex((bytes: 0, sum: UInt64(0)))

  func add(_ bytes: Int, _ sum: UInt64) {
    state.withLock {
      $0.bytes += bytes
      $0.sum &+= sum
    }
  }

  var value: (Int, UInt64) { state.withLock { ($0.bytes, $0.sum) } }
}

/// Hands out places one by one.
private final class Counter: Sendable {
  private let next = Atomic<Int>(0)

  func take(of count: Int) -> Int? {
    let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < count ? place : nil
  }
}
