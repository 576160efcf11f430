import BrickCore
import BrickND2
import Dispatch
import Foundation
import Synchronization
import Testing

/// Measurements of a file that `BRICKWORK_ND2` names; `Tests/Python/read_nd2.py` does the same with the nd2 package.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["BRICKWORK_ND2"] != nil,
    "measures a file: set BRICKWORK_ND2 to its path and BRICKWORK_THREADS"))
struct ND2SpeedTests {
  private let path = ProcessInfo.processInfo.environment["BRICKWORK_ND2"] ?? ""
  private let threads =
    ProcessInfo.processInfo.environment["BRICKWORK_THREADS"].flatMap { Int($0) } ?? 1

  /// Every plane of every channel into contiguous memory, as a job reads it: announced, read, given back.
  @Test func everyPlaneIsRead() throws {
    let clock = ContinuousClock()
    var images: [any TileImage] = []
    let opening = try clock.measure {
      images = try ND2File.images(in: path, cache: PieceCache(capacity: 256 << 20))
    }
    var planes: [(volume: any Volume, z: Int)] = []
    for image in images {
      for timepoint in 0..<image.info.timepoints {
        let volumes = try image.info.channelNames.indices.map {
          try image.volume(channel: $0, timepoint: timepoint)
        }
        for z in 0..<image.info.size.z { planes += volumes.map { ($0, z) } }
      }
    }
    let bytes = Atomic<Int>(0)
    let failures = Atomic<Int>(0)
    let job = planes
    let count = threads
    let isAnnounced = ProcessInfo.processInfo.environment["BRICKWORK_ANNOUNCE"] != "0"
    let before = clock_t.now
    let time = clock.measure {
      DispatchQueue.concurrentPerform(iterations: count) { worker in
        var block = VoxelBlock()
        for (volume, z) in job.enumerated().filter({ $0.offset % count == worker }).map(\.element) {
          let size = volume.size
          let box = Box3(
            origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x))
          block.reshape(to: box, type: volume.type)
          if isAnnounced { volume.willRead(box) }
          do { try volume.read(into: &block) } catch {
            failures.wrappingAdd(1, ordering: .relaxed)
          }
          if isAnnounced { volume.didRead(box) }
          bytes.wrappingAdd(block.byteCount, ordering: .relaxed)
        }
      }
    }
    #expect(failures.load(ordering: .relaxed) == 0)
    let megabytes = Double(bytes.load(ordering: .relaxed)) / 1e6
    let processor = Double(clock_t.now - before) / Double(CLOCKS_PER_SEC)
    let speed = Int(megabytes / (time / .seconds(1)))
    print(
      "opened in \(opening / .milliseconds(1)) ms, read \(speed) MB/s with \(threads) threads, "
        + "\(Int(megabytes / processor)) MB per second of processor time")
  }
}

extension clock_t {
  /// The processor time of this process so far: on a busy machine it tells more than the time of day.
  fileprivate static var now: clock_t { clock() }
}
