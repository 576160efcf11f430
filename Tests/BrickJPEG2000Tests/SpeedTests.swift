import BrickCore
import BrickFiles
import BrickJPEG2000
import BrickTestSupport
import Dispatch
import Foundation
import Testing

/// Reads or writes one file as fast as it goes and prints the figures, where the environment names it:
/// `BRICKWORK_JP2_FILE`, and to write it first `BRICKWORK_JP2_WRITE=Z,Y,X`; `BRICKWORK_THREADS` workers.
private let file = ProcessInfo.processInfo.environment["BRICKWORK_JP2_FILE"]
private let shape = ProcessInfo.processInfo.environment["BRICKWORK_JP2_WRITE"]
private let threads = Int(ProcessInfo.processInfo.environment["BRICKWORK_THREADS"] ?? "") ?? 1

/// Camera-like planes made as they are read: a scene and noise of a few counts.
private struct Camera: Volume {
  let type = VoxelType.uint16
  let size: Index3
  func scratchBytes(reading size: Index3) -> Int { 0 }

  func read(into block: inout VoxelBlock) throws {
    let box = block.box
    var voxels = block.mutableVoxels(as: UInt16.self)
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        var state = UInt64(z) << 40 ^ UInt64(y) << 20 ^ 0x9E37_79B9
        for x in box.origin.x..<box.end.x {
          state = state &* 6_364_136_223_846_793_005 &+ UInt64(x) | 1
          let noise = Int(state >> 60) + Int(state >> 52 & 15)
          let wave = (x + z * 3) & 255
          voxels[place] = UInt16(100 + (wave < 128 ? wave : 255 - wave) + (y >> 3 & 63) + noise)
          place += 1
        }
      }
    }
  }
}

@Suite(.enabled(if: file != nil, "BRICKWORK_JP2_FILE names no file"))
struct SpeedTests {
  @Test func oneFileSlabBySlab() throws {
    let path = try #require(file)
    let clock = ContinuousClock()
    if let shape {
      let size = try #require(Index3(shape.split(separator: ",").compactMap { Int($0) }))
      let volume = Camera(size: size)
      let time = try clock.measure {
        try JPEG2000Writer.write(
          volume, to: path, JPEG2000Writer.Options(overwrite: true, workers: threads))
      }
      report("wrote", volume, time)
      print("stated scratch:", JPEG2000Writer.scratchBytes(writing: volume, workers: threads) >> 20)
      return
    }
    ResidentPeak.reset()
    let before = ResidentPeak.now >> 20
    let cache = PieceCache(capacity: 32 << 20)
    let image = try JPEG2000File.image(in: path, cache: cache)
    let volume = try image.volume(channel: 0, timepoint: 0)
    let size = volume.size
    let start = processorSeconds()
    let time = clock.measure {
      // A worker takes the next plane, as an engine's take boxes of a slab.
      DispatchQueue.concurrentPerform(iterations: threads) { worker in
        var block = VoxelBlock()
        for z in stride(from: worker, to: size.z, by: threads) {
          block.reshape(
            to: Box3(
              origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x)),
            type: volume.type)
          do { try volume.read(into: &block) } catch { Issue.record(error) }
        }
      }
    }
    report("read", volume, time)
    print("processor seconds", processorSeconds() - start)
    let one = volume.scratchBytes(reading: Index3(z: 1, y: size.y, x: size.x))
    print(
      "stated scratch of a worker:", one >> 20, "MiB; resident before:", before,
      "MiB; pieces decoded:", cache.decodedPieces)
  }

  /// Seconds of processor time of all threads: what other programs on the machine do doesn't change it much.
  private func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  private func report(_ what: String, _ volume: any Volume, _ time: Duration) {
    let bytes = Double(volume.size.volume * volume.type.byteCount)
    let seconds = time / .seconds(1)
    print(
      what, volume.size, volume.type, "threads", threads, "seconds", seconds, "MB/s",
      bytes / seconds / 1e6, "peak MiB", ResidentPeak.now >> 20)
  }
}
