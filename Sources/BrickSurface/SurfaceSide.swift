/// From where a surface is looked for.
public enum SurfaceSide: String, Sendable, Hashable, CaseIterable {
  /// Going up from plane 0: the first plane of each column that is above its threshold. Direction 1 of the reference.
  case bottom
  /// Going down from the last plane: direction −1 of the reference.
  case top
}
