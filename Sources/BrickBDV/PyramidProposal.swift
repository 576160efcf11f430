public import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One resolution of a pyramid.
public struct MipmapLevel: Sendable, Hashable {
  /// Voxels of level 0 in one voxel of this level, along each axis.
  public var factor: Index3
  /// Voxels of a chunk at this level.
  public var chunk: Index3

  /// A level from its factor and chunk, both z, y, x.
  public init(factor: Index3, chunk: Index3) {
    self.factor = factor
    self.chunk = chunk
  }
}

/// The pyramid that BigDataViewer proposes for a volume.
///
/// An axis is halved while its voxels are at most twice as long as the finest, so anisotropic z waits.
/// A port of `ProposeMipmaps` in bigdataviewer-core (https://github.com/bigdataviewer/bigdataviewer-core).
public enum PyramidProposal {
  /// Levels, finest first, until the longest axis has at most 256 voxels.
  ///
  /// - Parameters:
  ///   - voxelSize: Only the ratios count; where it is no valid size, voxels are taken as cubes.
  ///   - maxChunkVoxels: The most voxels of a chunk, a power of two.
  public static func levels(
    size: Index3, voxelSize: VoxelSize, maxChunkVoxels: Int = 4096
  ) -> [MipmapLevel] {
    // The rules break ties in x, y, z order, so everything here is in that order.
    let whole = [size.x, size.y, size.z]
    let valid = voxelSize.isValid ? voxelSize : .unknown
    var lengths = normalized([valid.x, valid.y, valid.z])
    var factor = [1, 1, 1]
    var levels: [MipmapLevel] = []
    while true {
      let counts = (0..<3).map { max(1, whole[$0] / factor[$0]) }
      let chunk = chunk(lengths, counts, maxChunkVoxels)
      levels.append(
        MipmapLevel(
          factor: Index3(z: factor[2], y: factor[1], x: factor[0]),
          chunk: Index3(z: chunk[2], y: chunk[1], x: chunk[0])))
      if counts.allSatisfy({ $0 <= 256 }) { return levels }
      let halved = (0..<3).filter { lengths[$0] <= 2 && counts[$0] > 1 }
      for axis in halved.isEmpty ? [0, 1, 2] : halved { factor[axis] *= 2 }
      for axis in halved { lengths[axis] *= 2 }
      lengths = normalized(lengths)
    }
  }

  private static func normalized(_ lengths: [Double]) -> [Double] {
    let finest = lengths.min() ?? 1
    return lengths.map { $0 / finest }
  }

  /// A chunk as close to a cube of space as powers of two allow.
  private static func chunk(_ lengths: [Double], _ counts: [Int], _ most: Int) -> [Int] {
    let weights = lengths.map { 1 / $0 }
    let scale = pow(Double(most) / weights.reduce(1, *), 1 / 3)
    let wanted = weights.map { log2(scale * $0) }
    // The bits that cover the level: a chunk need not be longer.
    let caps = counts.map { $0 <= 1 ? 0 : max(0, Int(log2(Double($0 - 1))) + 1) }
    var bits = (0..<3).map { min(caps[$0], max(0, Int(wanted[$0].rounded(.down)))) }
    let bias = [0.03, 0.02, 0.01]
    while Double(bits.reduce(0, +) + 1) <= log2(Double(most)) {
      let open = (0..<3).filter { bits[$0] < caps[$0] }
      let best = open.max {
        wanted[$0] - Double(bits[$0]) + bias[$0] < wanted[$1] - Double(bits[$1]) + bias[$1]
      }
      bits[best ?? 0] += 1
    }
    // BigDataViewer goes beyond the limit where one axis is over 64 times coarser; such chunks help nobody.
    while bits.reduce(0, +) > 0, Double(bits.reduce(0, +)) > log2(Double(most)) {
      bits[(0..<3).max { bits[$0] < bits[$1] } ?? 0] -= 1
    }
    return bits.map { 1 << $0 }
  }
}
