import BrickCodecs
import Brickwork
import Foundation

/// How fast the default codec is on the bricks of a tile, with nothing else to do: the limit of every job that writes or
/// reads a store.
///
///     CodecRate THREADS Z,Y,X TILE
///
/// Up to 64 bricks of Z,Y,X voxels from the middle of the tile are shuffled and compressed with zstd level 1, then
/// decompressed again, for a second each on every thread. Prints one JSON object: bytes of voxels per second of processor
/// time, summed over the threads, which run at once, and the ratio.
@main
struct CodecRate {
  static func main() async throws {
    let words = CommandLine.arguments.dropFirst()
    guard words.count == 3, let threads = Int(words[1]),
      let shape = Index3(words[2].split(separator: ",").compactMap { Int($0) })
    else {
      Terminal.write("CodecRate THREADS Z,Y,X TILE\n", to: .error)
      exit(64)
    }
    let cache = PieceCache(capacity: 64 << 20)
    let tile = try TileSet.open([words[3]], cache: cache).tiles[0]
    let volume = try tile.volume(channel: 0, timepoint: 0)
    var rates = Rates()
    try await withThrowingTaskGroup(of: Rates.self) { group in
      for _ in 0..<threads { group.addTask { try Self.measure(volume, shape) } }
      for try await one in group { rates.add(one) }
    }
    let report: JSON = [
      "compress": .number(rates.compressing), "decompress": .number(rates.decompressing),
      "ratio": .number(rates.ratio),
    ]
    Terminal.write(report.text(pretty: false) + "\n", to: .output)
  }

  private struct Rates {
    var compressing = 0.0
    var decompressing = 0.0
    var ratio = 0.0

    mutating func add(_ other: Rates) {
      compressing += other.compressing
      decompressing += other.decompressing
      ratio = other.ratio
    }
  }

  /// One thread's work; each has its own copies of the bricks, as workers have.
  private static func measure(_ volume: any Volume, _ shape: Index3) throws -> Rates {
    let grid = BrickGrid(size: volume.size, brick: shape)
    let step = max(1, grid.count / 64)
    let boxes = stride(from: 0, to: grid.count, by: step).map { grid.box(at: grid.index(at: $0)) }
      .filter { $0.size == shape }
    guard let first = boxes.first else {
      throw BrickworkError(
        .badRequest, path: nil, reason: "the tile is smaller than a brick",
        remedy: "Give a smaller brick")
    }
    let byteCount = first.count * volume.type.byteCount
    let bricks = try boxes.prefix(64).map { box in
      let brick = Buffer(byteCount)
      try brick.change { block in
        block.reshape(to: box, type: volume.type)
        try volume.read(into: &block)
      }
      return brick
    }
    let frames = bricks.map { _ in Buffer(BloscFrame.bound(byteCount)) }
    let compressor = try BloscCompressor(level: 1, width: volume.type.byteCount)
    var sizes = [Int](repeating: 0, count: bricks.count)
    var rates = Rates()
    rates.compressing = try rate(bricks.count, byteCount) { place in
      sizes[place] = try bricks[place].read { brick in
        try frames[place].change { frame in
          var target = frame.mutableBytes
          return try compressor.compress(brick.bytes, into: &target)
        }
      }
    }
    let decompressor = BloscDecompressor(try ZstdDecompressor())
    let decoded = Buffer(byteCount)
    rates.decompressing = try rate(bricks.count, byteCount) { place in
      try frames[place].read { frame in
        try decoded.change { decoded in
          var target = decoded.mutableBytes
          _ = try decompressor.decompress(
            frame.bytes.extracting(0..<sizes[place]), into: &target, expected: byteCount...byteCount
          )
        }
      }
    }
    rates.ratio = Double(byteCount * bricks.count) / Double(sizes.reduce(0, +))
    return rates
  }

  /// Bytes per second of this thread's processor time of a body that does one brick, for about a second.
  private static func rate(
    _ count: Int, _ byteCount: Int, _ body: (Int) throws -> Void
  ) throws -> Double {
    // Once without the clock: memory is new.
    for place in 0..<count { try body(place) }
    let start = processorTime
    var (done, now) = (0, start)
    while now - start < 1 {
      for place in 0..<count { try body(place) }
      done += count * byteCount
      now = processorTime
    }
    return Double(done) / (now - start)
  }

  /// So that other programs on the machine don't count, but what another thread takes of a shared core does.
  private static var processorTime: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// A block in an array, which can't hold one itself.
private final class Buffer {
  private var block: VoxelBlock

  init(_ byteCount: Int) {
    block = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: byteCount)), type: .uint8)
  }

  func read<Result>(_ body: (borrowing VoxelBlock) throws -> Result) rethrows -> Result {
    try body(block)
  }

  func change<Result>(_ body: (inout VoxelBlock) throws -> Result) rethrows -> Result {
    try body(&block)
  }
}
