import BrickCore
import BrickFormats
import Dispatch
import Foundation
import Testing

private let stores = ProcessInfo.processInfo.environment["BRICKWORK_SPEED_STORES"]

/// Prints MB/s of voxels of each store of a folder, in whole bricks and in boxes that cut them; not a check,
/// since machines differ.
@Test(.enabled(if: stores != nil, "set BRICKWORK_SPEED_STORES to a folder of stores"))
func speedOfStores() throws {
  let folder = try #require(stores)
  for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
    let cache = PieceCache(capacity: 64 << 20)
    guard let set = try? TileSet.open([folder + "/" + name], cache: cache) else { continue }
    let volume = try set.tiles[0].volume(channel: 0, timepoint: 0)
    let megabytes = Double(volume.size.volume * volume.type.byteCount) / 1e6
    var line = "\(name):"
    for (words, brick) in [
      ("whole", Index3(repeating: 64)), ("cut", Index3(z: 48, y: 100, x: 100)),
    ] {
      let grid = BrickGrid(size: volume.size, brick: brick)
      for threads in [1, 2] {
        var best = Double.infinity
        for _ in 0..<3 {
          let boxes = Box3(size: grid.counts)
          let time = ContinuousClock().measure {
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
              var block = VoxelBlock()
              var number = 0
              boxes.forEachPosition { index in
                number += 1
                guard number % threads == thread else { return }
                block.reshape(to: grid.box(at: index), type: volume.type)
                do { try volume.read(into: &block) } catch { Issue.record(error) }
              }
            }
          }
          best = min(
            best, Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
        }
        line += " \(words)×\(threads) \(Int(megabytes / best)) MB/s;"
      }
    }
    print(line + " \(cache.decodedPieces) pieces decoded for cut boxes")
  }
}
