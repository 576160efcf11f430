/// Some of the three axes.
public struct AxisSet: OptionSet, Sendable, Hashable {
  /// The axes as bits.
  public let rawValue: Int

  /// The axes of these bits: 1 is z, 2 is y, 4 is x.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The axes whose argument is true.
  public init(z: Bool, y: Bool, x: Bool) {
    self.init(rawValue: (z ? 1 : 0) | (y ? 2 : 0) | (x ? 4 : 0))
  }

  /// The slowest axis.
  public static let z = AxisSet(rawValue: 1)
  /// The axis from row to row.
  public static let y = AxisSet(rawValue: 2)
  /// The fastest axis.
  public static let x = AxisSet(rawValue: 4)

  /// Whether `axis` is in the set: 0 is z, 1 is y, 2 is x.
  subscript(axis: Int) -> Bool { rawValue & 1 << axis != 0 }
}
