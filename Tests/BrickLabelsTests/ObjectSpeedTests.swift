import BrickCore
import BrickLabels
import BrickTestSupport
import Foundation
import Testing

/// Prints MB/s of voxels of one thread; not a check, since machines differ.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["BRICKWORK_SPEED"] != nil, "set BRICKWORK_SPEED"))
struct ObjectSpeedTests {
  private func cpuSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  private func measure<V: Voxel & FixedWidthInteger>(_: V.Type) throws {
    let size = Index3(z: 64, y: 256, x: 512)
    for kind in ["empty", "blobs", "noise of 4", "all different"] {
      var random = SplitMix64(seed: 1)
      var voxels: [V] = []
      voxels.reserveCapacity(size.volume)
      Box3(size: size).forEachPosition { at in
        switch kind {
        case "empty": voxels.append(0)
        case "noise of 4": voxels.append(V.random(in: 0...3, using: &random))
        case "all different": voxels.append(V(truncatingIfNeeded: voxels.count))
        default:
          // Ellipsoids of 11×22×22 voxels that fill half of the space.
          let cell = Index3(z: at.z / 16, y: at.y / 24, x: at.x / 24)
          let (z, y, x) = (at.z % 16 - 8, at.y % 24 - 12, at.x % 24 - 12)
          let number = (cell.z * 11 + cell.y) * 22 + cell.x + 1
          voxels.append(4 * z * z + y * y + x * x < 122 ? V(truncatingIfNeeded: number) : 0)
        }
      }
      let block = VoxelBlock(voxels, box: Box3(size: size))
      let collector = try ObjectCollector(
        type: V.voxelType, memory: 4 << 30, scratchFolder: "/nowhere")
      var best = Double.infinity
      for _ in 0..<9 {
        let start = cpuSeconds()
        try collector.add(VoxelView(block))
        best = min(best, cpuSeconds() - start)
      }
      let bytes = Double(block.byteCount)
      print(
        "\(V.self) \(kind): \(Int(bytes / best / 1e6)) MB/s,",
        "\(Int(Double(size.volume) / best / 1e6)) million voxels/s")
    }
  }

  @Test func speedOfFindingObjects() throws {
    try measure(UInt16.self)
    try measure(UInt32.self)
    try measure(UInt64.self)
  }
}
