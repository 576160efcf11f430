/// The value of a voxel, exactly, whatever its type.
public enum VoxelNumber: Sendable, Hashable {
  /// Of a signed integer type.
  case signed(Int64)
  /// Of an unsigned integer type.
  case unsigned(UInt64)
  /// Of a float type.
  case real(Double)

  /// The value as a double, rounded to nearest for integers beyond 2⁵³.
  public var asDouble: Double {
    switch self {
    case .signed(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .real(let number): number
    }
  }

  /// The value as JSON: exact, infinities as the strings that Zarr uses.
  public var json: JSON {
    switch self {
    case .signed(let number): .integer(number)
    case .unsigned(let number): JSON(number)
    case .real(let number): .number(number)
    }
  }

  /// The value of an integer; nil for floats.
  var integer: Int128? {
    switch self {
    case .signed(let number): Int128(number)
    case .unsigned(let number): Int128(number)
    case .real: nil
    }
  }

  /// The value of a key of the type.
  init(key: UInt64, of type: VoxelType) {
    switch type {
    case .uint8, .uint16, .uint32, .uint64: self = .unsigned(key)
    case .int8: self = .signed(Int64(Int8(key: UInt8(truncatingIfNeeded: key))))
    case .int16: self = .signed(Int64(Int16(key: UInt16(truncatingIfNeeded: key))))
    case .int32: self = .signed(Int64(Int32(key: UInt32(truncatingIfNeeded: key))))
    case .int64: self = .signed(Int64(key: key))
    case .float32, .float64: self = .real(type.value(ofKey: key))
    }
  }
}
