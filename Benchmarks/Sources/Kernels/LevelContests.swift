import Brickwork
import CYardsticks

/// Coarser voxels from finer ones.
var levelContests: [() throws -> Contest] {
  var contests: [() throws -> Contest] = []
  for type in VoxelType.allCases {
    for factor in [Index3(z: 2, y: 2, x: 2), Index3(z: 1, y: 2, x: 2)] {
      contests.append { averaging(type, factor) }
    }
    if !type.isFloat { contests.append { voting(type) } }
  }
  return contests
}

private func averaging(_ type: VoxelType, _ factor: Index3) -> Contest {
  let source = cameraVoxels(type, seed: 6)
  let from = Brick(size, type, source)
  let to = Brick(size.dividedRoundingUp(by: factor), type)
  let expected = Bytes(to.block.byteCount)
  return Contest(
    kernel: "mean", variant: "\(type) \(factor.z)×\(factor.y)×\(factor.x)", byteCount: source.count,
    ours: { from.block.downsampled(by: factor, into: &to.block) },
    yardstick: {
      yard_mean(type.number, source.start, expected.start, 64, 64, 64, factor.z)
    },
    difference: { expected.difference(from: to.block) })
}

private func voting(_ type: VoxelType) -> Contest {
  let source = blobs(type, seed: 7)
  // Of 8-bit signed labels only the low half is not negative.
  if type == .int8 {
    let labels = source.start.bindMemory(to: UInt8.self, capacity: source.count)
    for i in 0..<source.count { labels[i] &= 0x7F }
  }
  let from = Brick(size, type, source)
  let factor = Index3(repeating: 2)
  let to = Brick(Index3(repeating: 32), type)
  let expected = Bytes(to.block.byteCount)
  return Contest(
    kernel: "majority", variant: "\(type) 2×2×2", byteCount: source.count,
    ours: { from.block.majority(by: factor, into: &to.block) },
    yardstick: { yard_majority(type.number, source.start, expected.start, 64, 64, 64) },
    difference: { expected.difference(from: to.block) })
}
