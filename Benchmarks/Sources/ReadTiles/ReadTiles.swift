import Brickwork
import Reading

/// Reads every voxel of the sources once and drops it: how fast tiles come out of their files.
///
///     ReadTiles THREADS PLANES CACHE_MIB sum|read SOURCE…
///
/// THREADS workers take slabs of PLANES planes in turn. Prints one JSON object: bytes of voxels, seconds, processor
/// seconds, and with `sum` the sum of all bytes, by which the answer can be checked against another reader's.
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
    let clock = Stopwatch()
    let cache = PieceCache(capacity: megabytes << 20)
    let slabs = try Self.slabs(of: Array(words.dropFirst(4)), planes: planes, cache: cache)
    let crew = ReadingCrew(threads: threads, wantsSum: words[4] == "sum")
    let (bytes, sum) = try await crew.read(slabs)
    let (seconds, processorSeconds) = clock.elapsed
    let report: JSON = [
      "bytes": JSON(bytes), "sum": JSON(sum),
      "seconds": .number(seconds), "cpu_s": .number(processorSeconds),
      "decoded_pieces": JSON(cache.decodedPieces),
    ]
    Terminal.write(report.text(pretty: false) + "\n", to: .output)
  }

  private static func slabs(of paths: [String], planes: Int, cache: PieceCache) throws -> [Portion]
  {
    var slabs: [Portion] = []
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
          slabs += volumes.map { Portion($0, box) }
        }
      }
    }
    return slabs
  }
}
