/// A number a voxel can hold: the ten integer and float types of 8 to 64 bits.
///
/// Every bit pattern is a valid value, and the byte order in memory is the processor's.
public protocol Voxel: BitwiseCopyable, Comparable, Hashable, Sendable {
  /// The run-time twin of this type.
  static var voxelType: VoxelType { get }
  /// The value 0: background, and what no tile covers.
  static var zero: Self { get }
  /// The nearest value to `number`.
  ///
  /// Integers are rounded half up and clamped to the type's range, and NaN becomes 0.
  init(nearestTo number: Double)
  /// The value as a double, rounded to nearest for 64-bit integers beyond 2⁵³.
  var asDouble: Double { get }
  /// The same value with its bytes reversed.
  var reversedBytes: Self { get }
}

extension Voxel where Self: FixedWidthInteger {
  /// The nearest integer, halves up (−0.5 becomes 0), cut to the type's range.
  ///
  /// NaN becomes 0.
  @inlinable
  public init(nearestTo number: Double) {
    // Adding a half first would round itself: 0.49999999999999994 would become 1, and odd numbers beyond 2⁵² even.
    let floor = number.rounded(.down)
    let rounded = number - floor >= 0.5 ? floor + 1 : floor
    // The upper bound as a double may lie one past the type's largest value, so `>=` clamps it too.
    if rounded >= Double(Self.max) {
      self = .max
    } else if rounded <= Double(Self.min) {
      self = .min
    } else if rounded.isNaN {
      self = 0
    } else {
      self = Self(rounded)
    }
  }
  /// The value as a double, rounded to nearest beyond 2⁵³.
  @inlinable public var asDouble: Double { Double(self) }
  /// The value with its bytes in the other order.
  @inlinable public var reversedBytes: Self { byteSwapped }
}

extension UInt8: Voxel {
  /// The run-time twin, `uint8`.
  @inlinable public static var voxelType: VoxelType { .uint8 }
}
extension UInt16: Voxel {
  /// The run-time twin, `uint16`.
  @inlinable public static var voxelType: VoxelType { .uint16 }
}
extension UInt32: Voxel {
  /// The run-time twin, `uint32`.
  @inlinable public static var voxelType: VoxelType { .uint32 }
}
extension UInt64: Voxel {
  /// The run-time twin, `uint64`.
  @inlinable public static var voxelType: VoxelType { .uint64 }
}
extension Int8: Voxel {
  /// The run-time twin, `int8`.
  @inlinable public static var voxelType: VoxelType { .int8 }
}
extension Int16: Voxel {
  /// The run-time twin, `int16`.
  @inlinable public static var voxelType: VoxelType { .int16 }
}
extension Int32: Voxel {
  /// The run-time twin, `int32`.
  @inlinable public static var voxelType: VoxelType { .int32 }
}
extension Int64: Voxel {
  /// The run-time twin, `int64`.
  @inlinable public static var voxelType: VoxelType { .int64 }
}

extension Float: Voxel {
  /// The run-time twin, `float32`.
  @inlinable public static var voxelType: VoxelType { .float32 }
  /// The nearest float, ties to even; beyond the range infinite, and NaN stays NaN.
  @inlinable public init(nearestTo number: Double) { self = Float(number) }
  /// The value as a double, exactly.
  @inlinable public var asDouble: Double { Double(self) }
  /// The value with its four bytes in the other order.
  @inlinable public var reversedBytes: Float { Float(bitPattern: bitPattern.byteSwapped) }
}

extension Double: Voxel {
  /// The run-time twin, `float64`.
  @inlinable public static var voxelType: VoxelType { .float64 }
  /// The number itself.
  @inlinable public init(nearestTo number: Double) { self = number }
  /// The value itself.
  @inlinable public var asDouble: Double { self }
  /// The value with its eight bytes in the other order.
  @inlinable public var reversedBytes: Double { Double(bitPattern: bitPattern.byteSwapped) }
}
