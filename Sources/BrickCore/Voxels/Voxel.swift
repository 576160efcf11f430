/// A number a voxel can hold: the ten integer and float types of 8 to 64 bits.
///
/// Every bit pattern is a valid value, and the byte order in memory is the processor's.
public protocol Voxel: BitwiseCopyable, Comparable, Hashable, Sendable {
  /// The run-time twin of this type.
  static var voxelType: VoxelType { get }
  /// The value 0: background, and what no tile covers.
  static var zero: Self { get }
  /// The nearest value to `number`: rounded half up for integers, clamped to the type's range. NaN becomes 0 for integers.
  init(nearestTo number: Double)
  /// The value as a double, rounded to nearest for 64-bit integers beyond 2⁵³.
  var asDouble: Double { get }
  /// The same value with its bytes reversed.
  var reversedBytes: Self { get }
}

extension Voxel where Self: FixedWidthInteger {
  @inlinable
  public init(nearestTo number: Double) {
    let rounded = (number + 0.5).rounded(.down)
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
  @inlinable public var asDouble: Double { Double(self) }
  @inlinable public var reversedBytes: Self { byteSwapped }
}

extension UInt8: Voxel { @inlinable public static var voxelType: VoxelType { .uint8 } }
extension UInt16: Voxel { @inlinable public static var voxelType: VoxelType { .uint16 } }
extension UInt32: Voxel { @inlinable public static var voxelType: VoxelType { .uint32 } }
extension UInt64: Voxel { @inlinable public static var voxelType: VoxelType { .uint64 } }
extension Int8: Voxel { @inlinable public static var voxelType: VoxelType { .int8 } }
extension Int16: Voxel { @inlinable public static var voxelType: VoxelType { .int16 } }
extension Int32: Voxel { @inlinable public static var voxelType: VoxelType { .int32 } }
extension Int64: Voxel { @inlinable public static var voxelType: VoxelType { .int64 } }

extension Float: Voxel {
  @inlinable public static var voxelType: VoxelType { .float32 }
  @inlinable public init(nearestTo number: Double) { self = Float(number) }
  @inlinable public var asDouble: Double { Double(self) }
  @inlinable public var reversedBytes: Float { Float(bitPattern: bitPattern.byteSwapped) }
}

extension Double: Voxel {
  @inlinable public static var voxelType: VoxelType { .float64 }
  @inlinable public init(nearestTo number: Double) { self = number }
  @inlinable public var asDouble: Double { self }
  @inlinable public var reversedBytes: Double { Double(bitPattern: bitPattern.byteSwapped) }
}
