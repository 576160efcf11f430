import Brickwork
import Foundation
import Reading

/// Reads level 0 of a store, all of it or boxes here and there; the clock goes around the reads alone.
///
///     ReadStore STORE [--box Z,Y,X] [--random COUNT] [--align Z,Y,X] [--keep] [--sum] [--threads N] [--cache MIB]
///
/// Without --random it reads the whole volume in boxes of --box, with --keep into memory that holds all of it in the
/// end, else each worker into one block again and again. --random reads COUNT boxes whose places are multiples of
/// --align, the same places as `read_store.py` for the same numbers. Prints one JSON object: bytes of voxels,
/// seconds, processor seconds, bricks decoded through the cache, and with --sum the sum of all bytes.
@main
struct ReadStore {
  static func main() async throws {
    var (path, threads, megabytes, count) = ("", 1, 0, 0)
    var (box, align) = (Index3(z: 64, y: 512, x: 512), Index3(z: 1, y: 1, x: 1))
    var (keeps, wantsSum, isClear) = (false, false, true)
    var words = CommandLine.arguments.dropFirst()
    func number() -> Int? { words.popFirst().flatMap { Int($0) } }
    func triple() -> Index3? {
      let three = (words.popFirst() ?? "").split(separator: ",").compactMap { Int($0) }
      return three.count == 3 ? Index3(z: three[0], y: three[1], x: three[2]) : nil
    }
    while let word = words.popFirst() {
      switch word {
      case "--box": if let value = triple() { box = value } else { isClear = false }
      case "--align": if let value = triple() { align = value } else { isClear = false }
      case "--random": if let value = number() { count = value } else { isClear = false }
      case "--threads": if let value = number() { threads = value } else { isClear = false }
      case "--cache": if let value = number() { megabytes = value } else { isClear = false }
      case "--keep": keeps = true
      case "--sum": wantsSum = true
      default: if path.isEmpty { path = word } else { isClear = false }
      }
    }
    guard isClear, !path.isEmpty, threads > 0, box.components.allSatisfy({ $0 > 0 }),
      align.components.allSatisfy({ $0 > 0 })
    else {
      Terminal.write(
        "ReadStore STORE [--box Z,Y,X] [--random COUNT] [--align Z,Y,X] [--keep] [--sum] "
          + "[--threads N] [--cache MIB]\n", to: .error)
      exit(64)
    }
    // Large pages pay for blocks that are used again and again. For memory that is filled once they cost more than they
    // save where the page cache has taken the rest: the kernel moves pages to make room for them.
    if !keeps { SystemMemory.reuseFreedMemory() }
    let cache = PieceCache(capacity: megabytes << 20)
    let volume = try TileSet.open([path], cache: cache).tiles[0].volume(channel: 0, timepoint: 0)
    let boxes =
      count == 0
      ? Self.boxes(of: volume.size, box)
      : Self.randomBoxes(of: volume.size, box, align: align, count: count)
    let portions = boxes.map { Portion(volume, $0) }
    let crew = ReadingCrew(threads: threads, wantsSum: wantsSum, keeps: keeps)
    let clock = Stopwatch()
    let (bytes, sum) = try await crew.read(portions)
    let (seconds, processorSeconds) = clock.elapsed
    let report: JSON = [
      "bytes": JSON(bytes), "sum": JSON(sum), "boxes": JSON(boxes.count),
      "seconds": .number(seconds), "cpu_s": .number(processorSeconds),
      "decoded_pieces": JSON(cache.decodedPieces),
    ]
    Terminal.write(report.text(pretty: false) + "\n", to: .output)
  }

  private static func boxes(of size: Index3, _ box: Index3) -> [Box3] {
    let grid = BrickGrid(size: size, brick: box)
    return (0..<grid.count).map { grid.box(at: grid.index(at: $0)) }
  }

  /// Places of a plain congruential generator, which another language repeats in two lines.
  private static func randomBoxes(
    of size: Index3, _ box: Index3, align: Index3, count: Int
  ) -> [Box3] {
    var state: UInt64 = 1
    func place(_ size: Int, _ box: Int, _ align: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % (max(0, size - box) / align + 1) * align
    }
    return (0..<count).map { _ in
      let origin = Index3(
        z: place(size.z, box.z, align.z), y: place(size.y, box.y, align.y),
        x: place(size.x, box.x, align.x))
      let end = Index3(
        z: min(size.z, origin.z + box.z), y: min(size.y, origin.y + box.y),
        x: min(size.x, origin.x + box.x))
      return Box3(from: origin, to: end)
    }
  }
}
