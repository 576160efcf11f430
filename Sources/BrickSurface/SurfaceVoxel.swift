internal import BrickCore

/// What a voxel has to exceed to be above a threshold that lies between voxels.
enum SurfaceLimit<V> {
  /// Above the threshold is what is greater than this voxel.
  case above(V)
  /// No voxel is above it.
  case never
  /// Every voxel is above it.
  case always
}

/// A voxel that can be ranked and compared with a threshold, exactly.
protocol SurfaceVoxel: Voxel {
  /// An unsigned integer as wide as the voxel: comparisons that count in it stay in one kind of vector.
  associatedtype Mask: FixedWidthInteger & UnsignedInteger

  /// Not greater than any voxel but NaN.
  static var lowest: Self { get }
  /// No voxel is greater.
  static var highest: Self { get }
  /// The limit that decides as `Double(voxel) > threshold` would, if the double were exact.
  static func limit(_ threshold: Double) -> SurfaceLimit<Self>
}

extension SurfaceVoxel where Self: FixedWidthInteger {
  static var lowest: Self { .min }
  static var highest: Self { .max }

  static func limit(_ threshold: Double) -> SurfaceLimit<Self> {
    // The upper bound as a double may lie one past the type's largest value, so `>=` keeps it out.
    let floor = threshold.rounded(.down)
    guard !floor.isNaN, floor < Double(Self.max) else { return .never }
    return floor < Double(Self.min) ? .always : .above(Self(floor))
  }
}

extension UInt8: SurfaceVoxel { typealias Mask = UInt8 }
extension UInt16: SurfaceVoxel { typealias Mask = UInt16 }
extension UInt32: SurfaceVoxel { typealias Mask = UInt32 }
extension UInt64: SurfaceVoxel { typealias Mask = UInt64 }
extension Int8: SurfaceVoxel { typealias Mask = UInt8 }
extension Int16: SurfaceVoxel { typealias Mask = UInt16 }
extension Int32: SurfaceVoxel { typealias Mask = UInt32 }
extension Int64: SurfaceVoxel { typealias Mask = UInt64 }

extension Float: SurfaceVoxel {
  typealias Mask = UInt32
  static var lowest: Float { -.infinity }
  static var highest: Float { .infinity }

  static func limit(_ threshold: Double) -> SurfaceLimit<Float> {
    guard threshold < .infinity else { return .never }
    let near = Float(threshold)
    return .above(Double(near) > threshold ? near.nextDown : near)
  }
}

extension Double: SurfaceVoxel {
  typealias Mask = UInt64
  static var lowest: Double { -.infinity }
  static var highest: Double { .infinity }

  static func limit(_ threshold: Double) -> SurfaceLimit<Double> {
    threshold < .infinity ? .above(threshold) : .never
  }
}

extension Span where Element: SurfaceVoxel {
  /// Whether a voxel is greater than the limit at the same place, or is NaN: a loop of vector instructions
  /// without an exit.
  @inline(__always)
  func exceeds(_ limits: Span<Element>) -> Bool {
    let count = count
    precondition(limits.count == count, "Each voxel has its limit")
    var found: Element.Mask = 0
    for place in 0..<count {
      // Both counts were compared: a check for each voxel would keep the loop from being vectorised.
      let isWithin = unsafe self[unchecked: place] <= limits[unchecked: place]
      found |= isWithin ? 0 : 1
    }
    return found != 0
  }
}
