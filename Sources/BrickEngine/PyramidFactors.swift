public import BrickCore

/// How many pyramid levels to write.
public enum LevelCount: Sendable, Hashable {
  /// Until the largest side has at most 256 voxels.
  case automatic
  /// This many, the full resolution included; at least 1.
  case exactly(Int)
}

/// The factors of a pyramid's levels relative to the full resolution.
///
/// BigDataViewer's rule (`ProposeMipmaps`): an axis is halved only while its voxel is at most twice
/// the finest one, so that z of anisotropic data waits; if no axis may be halved, all are.
public enum PyramidFactors {
  /// The factors of all levels, the first one (1, 1, 1).
  public static func propose(size: Index3, voxelSize: VoxelSize, levels: LevelCount) -> [Index3] {
    var shape = [voxelSize.z, voxelSize.y, voxelSize.x].map { $0 / voxelSize.finest }
    var factor = Index3.one
    var factors = [factor]
    while true {
      let level = size.dividedRoundingUp(by: factor)
      let whole = size.dividedRoundingDown(by: factor)
      let largest = max(whole.z, whole.y, whole.x)
      switch levels {
      case .automatic: if largest <= 256 { return factors }
      case .exactly(let count): if factors.count >= count || largest <= 1 { return factors }
      }
      let fine = (0..<3).filter { shape[$0] <= 2 && level[$0] > 1 }
      for axis in fine.isEmpty ? (0..<3).filter({ level[$0] > 1 }) : fine {
        factor[axis] *= 2
        if !fine.isEmpty { shape[axis] *= 2 }
      }
      let finest = shape.min() ?? 1
      shape = shape.map { $0 / finest }
      factors.append(factor)
    }
  }
}
