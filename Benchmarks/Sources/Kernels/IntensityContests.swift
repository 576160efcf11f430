import Brickwork
import CYardsticks

/// Histograms and scaling.
var intensityContests: [() throws -> Contest] {
  var contests: [() throws -> Contest] = []
  for type in VoxelType.allCases where type.byteCount <= 2 && type.isUnsigned {
    contests.append { counting(type, equal: false) }
    contests.append { counting(type, equal: true) }
  }
  for type in VoxelType.allCases { contests.append { try scaling(type) } }
  return contests
}

private final class Counts {
  var histogram: VoxelHistogram
  init(_ type: VoxelType) { histogram = VoxelHistogram(type: type) }
}

private func counting(_ type: VoxelType, equal: Bool) -> Contest {
  let source = equal ? Bytes(size.volume * type.byteCount) : cameraVoxels(type, seed: 8)
  let from = Brick(size, type, source)
  let ours = Counts(type)
  let bins = Bytes((1 << 16) * 8)
  let loop = type == .uint8 ? yard_histogram8 : yard_histogram16
  return Contest(
    kernel: "histogram", variant: "\(type) \(equal ? "constant" : "noise")",
    byteCount: source.count,
    ours: { from.read { ours.histogram.add(VoxelView($0)) } },
    yardstick: { loop(source.start, bins.start.assumingMemoryBound(to: Int64.self), size.volume) },
    difference: {
      let counts = bins.start.assumingMemoryBound(to: Int64.self)
      var total = 0
      for bin in 0..<1 << 16 { total += Int(counts[bin]) }
      guard ours.histogram.count == total else {
        return "\(ours.histogram.count) voxels, not \(total)"
      }
      var (below, bin) = (0, 0)
      while below <= (total - 1) / 2 {
        below += Int(counts[bin])
        bin += 1
      }
      let median = ours.histogram.percentile(50) ?? -1
      return abs(median - Double(bin - 1)) <= 1 ? nil : "the median is \(median), not \(bin - 1)"
    })
}

private func scaling(_ type: VoxelType) throws -> Contest {
  let source = cameraVoxels(type, seed: 9)
  let bytes = Array(UnsafeRawBufferPointer(start: source.start, count: source.count))
  let scaled = try ArrayVolume(bytes: bytes, type: type, size: size).scaledToUInt8(
    low: 13, high: 77)
  let to = Brick(size, .uint8)
  let expected = Bytes(size.volume)
  return Contest(
    kernel: "scale", variant: type.rawValue, byteCount: source.count,
    ours: { try scaled.read(into: &to.block) },
    yardstick: {
      yard_scale(
        type.number, source.start, expected.start.assumingMemoryBound(to: UInt8.self), size.volume,
        13, 77)
    },
    difference: { expected.difference(from: to.block) })
}
