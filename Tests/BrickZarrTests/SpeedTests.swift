import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Foundation
import Testing

/// Camera-like voxels: an offset, blurred blobs, and noise that grows with the signal.
private func cameraVoxels(_ size: Index3) -> [UInt16] {
  var random = SplitMix64(seed: 1)
  var voxels: [UInt16] = []
  voxels.reserveCapacity(size.volume)
  Box3(size: size).forEachPosition { at in
    let wave = sin(Double(at.x) / 9) * sin(Double(at.y) / 11) * sin(Double(at.z) / 7)
    let signal = 20 + 400 * max(0, wave) * max(0, wave)
    let noise = (0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &random) }
    voxels.append(UInt16(max(0, 100 + 2.17 * (signal + noise * signal.squareRoot() * 0.87))))
  }
  return voxels
}

/// Prints MB/s of voxels of one thread; not a check, since machines differ.
@Test(
  .enabled(if: ProcessInfo.processInfo.environment["BRICKWORK_SPEED"] != nil, "set BRICKWORK_SPEED")
)
func speedOfBricks() throws {
  let size = Index3(repeating: 64)
  let folder = try TemporaryFolder()
  let clock = ContinuousClock()
  func best(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<rounds {
      let time = try clock.measure(body)
      best = min(best, Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds))
    }
    return best
  }
  let voxels = cameraVoxels(size)
  let floats = voxels.map { Float($0) }
  let volumes: [ArrayVolume] = [
    ArrayVolume(voxels, size: size),
    ArrayVolume(voxels.map { UInt8(min(255, $0 / 4)) }, size: size),
    ArrayVolume(voxels.map { UInt32($0) / 200 }, size: size), ArrayVolume(floats, size: size),
  ]
  for volume in volumes {
    for codec in [BrickCodec.bloscZstd(level: 1), .bloscZstd(level: -1), .zstd(level: 1), .none] {
      let encoder = try BrickEncoder(codec: codec, type: volume.type, brick: size)
      var scratch = VoxelBlock()
      var bytes: [UInt8] = []
      let encode = try best(30) {
        bytes.removeAll(keepingCapacity: true)
        try volume.withVoxels(of: volume.bounds, scratch: &scratch) {
          _ = try encoder.encode($0, into: &bytes)
        }
      }
      let array = ZarrArray(
        path: folder("\(volume.type)-\(codec)"), size: size, type: volume.type, brick: size,
        shard: size,
        codec: codec)
      try store(volume, as: array)
      let reader = try ZarrVolume(array.path, cache: PieceCache(capacity: 0))
      var block = VoxelBlock(reader.bounds, type: volume.type)
      let decode = try best(30) { try reader.read(into: &block) }
      let megabytes = Double(size.volume * volume.type.byteCount) / 1e6
      print(
        "\(volume.type) \(codec.name) \(codec.level ?? 0): ratio "
          + "\((megabytes * 1e6 / Double(bytes.count) * 100).rounded() / 100), encode "
          + "\(Int(megabytes / encode)) MB/s, decode \(Int(megabytes / decode)) MB/s, "
          + "scratch \(encoder.scratchBytes >> 10) KiB, reading \(reader.scratchBytes(reading: size) >> 10) KiB"
      )
    }
  }
}
