/// The element type of a volume, known only when a file is opened.
///
/// Raw values are the names Zarr and NumPy use. A kernel switches on the type once per block and calls
/// its own specialised loop: a generic call across modules would run a hundred times slower.
public enum VoxelType: String, Sendable, Hashable, CaseIterable, Codable {
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64
  case float32, float64

  /// Bytes of one voxel.
  @inlinable
  public var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Whether voxels are floating-point numbers.
  public var isFloat: Bool { self == .float32 || self == .float64 }

  /// Whether voxels can be negative, as floats can.
  public var isSigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64: false
    default: true
    }
  }
}
