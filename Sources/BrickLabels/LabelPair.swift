/// A label of one tile and a label of another that share voxels.
public struct LabelPair: Sendable, Hashable, Comparable, BitwiseCopyable {
  /// The label in the first tile; labels are counted as bits of 64, whatever the tile's type.
  public var first: UInt64
  /// The label in the second tile.
  public var second: UInt64

  /// A pair of labels.
  public init(_ first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  /// By the first label, then by the second.
  public static func < (a: LabelPair, b: LabelPair) -> Bool {
    (a.first, a.second) < (b.first, b.second)
  }
}
