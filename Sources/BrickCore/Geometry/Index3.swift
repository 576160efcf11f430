/// A position, size or stride of voxels along z, y and x, slowest axis first.
public struct Index3: Hashable, Sendable {
  /// Along the slowest axis: the plane.
  public var z: Int
  /// Along the axis of rows.
  public var y: Int
  /// Along the fastest axis: the place in a row.
  public var x: Int

  /// An index from its components, slowest axis first.
  @inlinable
  public init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// The same number along every axis.
  @inlinable
  public init(repeating value: Int) {
    self.init(z: value, y: value, x: value)
  }

  /// The zero position, or no voxel at all as a size.
  public static let zero = Index3(repeating: 0)
  /// One voxel along each axis.
  public static let one = Index3(repeating: 1)

  /// The component along `axis`: 0 is z, 1 is y, 2 is x.
  @inlinable
  public subscript(axis: Int) -> Int {
    get {
      switch axis {
      case 0: z
      case 1: y
      case 2: x
      default: preconditionFailure("An axis is 0 (z), 1 (y) or 2 (x), not \(axis)")
      }
    }
    set {
      switch axis {
      case 0: z = newValue
      case 1: y = newValue
      case 2: x = newValue
      default: preconditionFailure("An axis is 0 (z), 1 (y) or 2 (x), not \(axis)")
      }
    }
  }

  /// The product of the three components, trapping on overflow: for sizes that were checked before.
  @inlinable public var volume: Int { z * y * x }

  /// The product of the three components, or nil if it overflows or a component is negative.
  public var checkedVolume: Int? {
    guard z >= 0, y >= 0, x >= 0 else { return nil }
    let (zy, first) = z.multipliedReportingOverflow(by: y)
    let (zyx, second) = zy.multipliedReportingOverflow(by: x)
    return first || second ? nil : zyx
  }

  /// Applies `transform` to each component.
  @inlinable
  public func map(_ transform: (Int) throws -> Int) rethrows -> Index3 {
    Index3(z: try transform(z), y: try transform(y), x: try transform(x))
  }

  /// Combines each component with the one of `other`.
  @inlinable
  public func zip(_ other: Index3, _ combine: (Int, Int) throws -> Int) rethrows -> Index3 {
    Index3(z: try combine(z, other.z), y: try combine(y, other.y), x: try combine(x, other.x))
  }

  /// The components z, y, x.
  public var components: [Int] { [z, y, x] }

  /// Reads z, y, x from three numbers; nil if there are not exactly three.
  public init?(_ components: [Int]) {
    guard components.count == 3 else { return nil }
    self.init(z: components[0], y: components[1], x: components[2])
  }
}

extension Index3 {
  /// The sums along each axis, trapping on overflow.
  @inlinable public static func + (a: Index3, b: Index3) -> Index3 { a.zip(b, +) }
  /// The differences along each axis, trapping on overflow.
  @inlinable public static func - (a: Index3, b: Index3) -> Index3 { a.zip(b, -) }
  /// The products along each axis, trapping on overflow: a brick's index times its size.
  @inlinable public static func * (a: Index3, b: Index3) -> Index3 { a.zip(b, *) }
  /// Moves `a` by `b`, trapping on overflow.
  @inlinable public static func += (a: inout Index3, b: Index3) { a = a + b }

  /// Each component divided by the one of `divisor`, rounded up.
  ///
  /// Components are not negative.
  @inlinable
  public func dividedRoundingUp(by divisor: Index3) -> Index3 {
    zip(divisor) { ($0 + $1 - 1) / $1 }
  }

  /// Each component divided by the one of `divisor`, rounded down.
  ///
  /// Components are not negative.
  @inlinable
  public func dividedRoundingDown(by divisor: Index3) -> Index3 { zip(divisor) { $0 / $1 } }

  /// The smaller of both along each axis.
  @inlinable
  public func minimum(_ other: Index3) -> Index3 { zip(other) { Swift.min($0, $1) } }

  /// The larger of both along each axis.
  @inlinable
  public func maximum(_ other: Index3) -> Index3 { zip(other) { Swift.max($0, $1) } }

  /// Whether every component is a multiple of the one of `divisor`.
  @inlinable
  public func isMultiple(of divisor: Index3) -> Bool {
    z.isMultiple(of: divisor.z) && y.isMultiple(of: divisor.y) && x.isMultiple(of: divisor.x)
  }
}

extension Index3: CustomStringConvertible {
  /// The components by name, "(z 0, y 1, x 2)".
  public var description: String { "(z \(z), y \(y), x \(x))" }
}
