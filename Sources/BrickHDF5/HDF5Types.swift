internal import BrickCore
internal import CHDF5

/// A filter of a dataset, in the order in which chunks pass them when they are written.
public struct HDF5Filter: Sendable, Hashable {
  /// The registered number: 1 deflate, 2 shuffle, 3 fletcher32, 6 scale-offset.
  public var id: Int
  /// The name the file gives, or a well-known one.
  public var name: String
  /// The filter's own numbers: deflate's level, the shuffle's element size.
  public var parameters: [UInt32]

  /// A filter by its registered number.
  public init(id: Int, name: String, parameters: [UInt32]) {
    self.id = id
    self.name = name
    self.parameters = parameters
  }
}

extension VoxelType {
  private var kind: Int32 { isFloat ? 2 : isSigned ? 1 : 0 }

  /// The library's type of this element in memory.
  var nativeHDF5: hid_t { chdf5_native_type(kind, Int32(byteCount)) }
  /// The library's type of this element in a file: little-endian.
  var storedHDF5: hid_t { chdf5_little_type(kind, Int32(byteCount)) }

  /// The element a stored type holds; nil for enumerations, odd widths, strings and so on.
  init?(hdf5 type: hid_t) {
    let bytes = H5Tget_size(type)
    guard [1, 2, 4, 8].contains(bytes), H5Tget_precision(type) == bytes * 8 else { return nil }
    switch H5Tget_class(type) {
    case H5T_INTEGER:
      self.init(rawValue: (H5Tget_sign(type) == H5T_SGN_2 ? "int" : "uint") + "\(bytes * 8)")
    case H5T_FLOAT: self.init(rawValue: "float\(bytes * 8)")
    default: return nil
    }
  }
}
