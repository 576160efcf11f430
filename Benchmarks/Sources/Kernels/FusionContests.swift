import Brickwork
import CYardsticks

/// Copying and fusing tiles.
var fusionContests: [() throws -> Contest] {
  var contests: [() throws -> Contest] = []
  for type in VoxelType.allCases {
    contests.append { copying(type) }
    contests.append {
      combining("overwrite", type, yard_overlay) { block, view in block.overlayNonZero(view) }
    }
    contests.append {
      combining("max", type, yard_maximum) { block, view in block.formMaximum(view) }
    }
    contests.append {
      combining("min", type, yard_minimum) { block, view in block.formMinimum(view) }
    }
    contests.append { try averaging(type) }
    contests.append { try blending(type) }
  }
  return contests
}

private func copying(_ type: VoxelType) -> Contest {
  let source = cameraVoxels(type, seed: 1)
  let from = Brick(size, type, source)
  let to = Brick(size, type)
  let expected = Bytes(source.count)
  return Contest(
    kernel: "copy", variant: type.rawValue, byteCount: source.count,
    ours: { from.read { from in to.change { $0.copy(from: VoxelView(from)) } } },
    yardstick: { yard_copy(source.start, expected.start, source.count) },
    difference: { expected.difference(from: to.block) })
}

/// The second tile over the first, again and again: the answer stays the same after the first time.
private func combining(
  _ kernel: String, _ type: VoxelType,
  _ loop: @escaping (Int32, UnsafeRawPointer?, UnsafeMutableRawPointer?, Int) -> Void,
  _ ours: @escaping (inout VoxelBlock, borrowing VoxelView) -> Void
) -> Contest {
  let source = cameraVoxels(type, seed: 2, zeros: true)
  let from = Brick(size, type, source)
  let below = cameraVoxels(type, seed: 3)
  let to = Brick(size, type, below)
  return Contest(
    kernel: kernel, variant: type.rawValue, byteCount: source.count,
    ours: { from.read { from in to.change { ours(&$0, VoxelView(from)) } } },
    yardstick: { loop(type.number, source.start, below.start, size.volume) },
    difference: { below.difference(from: to.block) })
}

private func overlapping(
  _ type: VoxelType, _ fusion: Fusion
) throws -> (volume: StitchedVolume, a: Bytes, b: Bytes) {
  let (a, b) = (cameraVoxels(type, seed: 4), cameraVoxels(type, seed: 5))
  func volume(_ bytes: Bytes) -> ArrayVolume {
    ArrayVolume(
      bytes: Array(UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)), type: type,
      size: size)
  }
  let placement = try TilePlacement(offsets: [.zero, .zero], sizes: [size, size])
  let stitched = try StitchedVolume([volume(a), volume(b)], placement: placement, fusion: fusion)
  return (stitched, a, b)
}

private func averaging(_ type: VoxelType) throws -> Contest {
  let (volume, a, b) = try overlapping(type, .average)
  let to = Brick(size, type)
  let expected = Bytes(a.count)
  return Contest(
    kernel: "average", variant: type.rawValue, byteCount: 2 * a.count,
    ours: { try volume.read(into: &to.block) },
    yardstick: { yard_average(type.number, a.start, b.start, expected.start, size.volume) },
    difference: { expected.difference(from: to.block) })
}

private func blending(_ type: VoxelType) throws -> Contest {
  let (volume, a, b) = try overlapping(type, .linear(BlendWidth(z: 6, y: 6, x: 6)))
  let to = Brick(size, type)
  let expected = Bytes(a.count)
  let ramp = (0..<64).map { min(1, Double(min($0, 63 - $0) + 1) / 7) }
  let rows = (0..<64 * 64).map { ramp[$0 / 64] * ramp[$0 % 64] }
  return Contest(
    kernel: "linear", variant: type.rawValue, byteCount: 2 * a.count,
    ours: { try volume.read(into: &to.block) },
    yardstick: {
      yard_linear(
        type.number, a.start, b.start, ramp, ramp, rows, rows, expected.start, 64 * 64, 64)
    },
    // The C compiler joins products and sums: rounded once instead of twice, a half may fall the other way.
    difference: { type.isFloat ? nil : expected.largestStep(from: to.block, type) })
}
