/// A voxel with an unsigned key that sorts as the voxels do: what histograms and selections count.
///
/// Unsigned integers are their own key; signed ones have their top bit turned. A float's bits are sign and
/// magnitude: positive ones get the top bit, negative ones are turned as a whole. −0.0 lies just below
/// +0.0. NaN has no key: it is counted apart.
protocol OrderedVoxel: Voxel {
  associatedtype Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
  var key: Key { get }
  init(key: Key)
}

extension OrderedVoxel where Self: UnsignedInteger {
  @inline(__always) var key: Self { self }
  init(key: Self) { self = key }
}

extension UInt8: OrderedVoxel {}
extension UInt16: OrderedVoxel {}
extension UInt32: OrderedVoxel {}
extension UInt64: OrderedVoxel {}

extension OrderedVoxel where Self: SignedInteger & FixedWidthInteger, Key == Magnitude {
  @inline(__always) var key: Key { Key(truncatingIfNeeded: self ^ .min) }
  init(key: Key) { self = Self(truncatingIfNeeded: key) ^ .min }
}

extension Int8: OrderedVoxel { typealias Key = UInt8 }
extension Int16: OrderedVoxel { typealias Key = UInt16 }
extension Int32: OrderedVoxel { typealias Key = UInt32 }
extension Int64: OrderedVoxel { typealias Key = UInt64 }

extension Float: OrderedVoxel {
  @inline(__always) var key: UInt32 {
    // The sign spread over all bits turns a negative number's, and sets a positive one's top bit.
    bitPattern ^ (UInt32(bitPattern: Int32(bitPattern: bitPattern) >> 31) | 1 << 31)
  }
  init(key: UInt32) { self.init(bitPattern: key >> 31 == 1 ? key ^ 1 << 31 : ~key) }
}

extension Double: OrderedVoxel {
  @inline(__always) var key: UInt64 {
    bitPattern ^ (UInt64(bitPattern: Int64(bitPattern: bitPattern) >> 63) | 1 << 63)
  }
  init(key: UInt64) { self.init(bitPattern: key >> 63 == 1 ? key ^ 1 << 63 : ~key) }
}

extension VoxelType {
  /// The value of a key, as a double.
  func value(ofKey key: UInt64) -> Double {
    switch self {
    case .uint8: UInt8(truncatingIfNeeded: key).asDouble
    case .uint16: UInt16(truncatingIfNeeded: key).asDouble
    case .uint32: UInt32(truncatingIfNeeded: key).asDouble
    case .uint64: key.asDouble
    case .int8: Int8(key: UInt8(truncatingIfNeeded: key)).asDouble
    case .int16: Int16(key: UInt16(truncatingIfNeeded: key)).asDouble
    case .int32: Int32(key: UInt32(truncatingIfNeeded: key)).asDouble
    case .int64: Int64(key: key).asDouble
    case .float32: Float(key: UInt32(truncatingIfNeeded: key)).asDouble
    case .float64: Double(key: key)
    }
  }

  /// The key of an infinite float.
  func key(of infinity: Double) -> UInt64 {
    self == .float32 ? UInt64(Float(infinity).key) : infinity.key
  }

  /// Bits of a key.
  var keyBits: Int { byteCount * 8 }
}

extension FixedWidthInteger {
  /// The 16 bits of a wide key behind its first 16.
  @inline(__always)
  var next16: Int {
    Int(truncatingIfNeeded: self &>> Self(truncatingIfNeeded: Self.bitWidth - 32)) & 0xFFFF
  }
}
