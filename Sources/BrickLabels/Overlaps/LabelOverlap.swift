/// Two labels of two tiles, and the voxels they share.
public struct LabelOverlap: Sendable, Hashable, BitwiseCopyable {
  /// The label in the first tile and the one in the second.
  public var labels: LabelPair
  /// Voxels that hold the one label in the first tile and the other in the second; at least 1.
  public var voxels: Int

  /// Two labels that share `voxels` voxels.
  public init(_ labels: LabelPair, voxels: Int) {
    self.labels = labels
    self.voxels = voxels
  }
}

/// A label and its voxels in a box.
public struct LabelCount: Sendable, Hashable, BitwiseCopyable {
  /// The label.
  public var label: UInt64
  /// The number of voxels that hold it; at least 1.
  public var voxels: Int

  /// A label that `voxels` voxels hold.
  public init(_ label: UInt64, voxels: Int) {
    self.label = label
    self.voxels = voxels
  }
}
