internal import BrickCore
internal import CHDF5

/// What the elements of a dataset are, as voxels.
struct HDF5Element: Sendable, Hashable {
  /// The type of a voxel in memory.
  var type: VoxelType
  /// Whether the stored bits are those of `type`, in one of the two byte orders; otherwise the library converts.
  var isExact: Bool
  /// Whether the stored byte order is not the processor's.
  var isSwapped: Bool

  /// The element of a stored type.
  ///
  /// - Throws: `HDF5Refusal` with the reason if it holds no numbers.
  init(_ stored: hid_t) throws(HDF5Refusal) {
    let bytes = H5Tget_size(stored)
    let order = H5Tget_order(stored)
    switch H5Tget_class(stored) {
    case H5T_INTEGER:
      let precision = H5Tget_precision(stored)
      guard bytes >= 1, bytes <= 8, precision >= 1, precision <= bytes * 8 else {
        throw HDF5Refusal("the elements are integers of \(bytes) bytes")
      }
      let width = [1, 2, 4, 8].first { $0 >= bytes } ?? 8
      let name = (H5Tget_sign(stored) == H5T_SGN_2 ? "int" : "uint") + "\(width * 8)"
      type = VoxelType(rawValue: name) ?? .uint64
      isExact = width == bytes && precision == bytes * 8
    case H5T_FLOAT:
      guard bytes >= 2, bytes <= 8 else {
        throw HDF5Refusal("the elements are floats of \(bytes) bytes")
      }
      type = bytes <= 4 ? .float32 : .float64
      isExact =
        (0..<2).contains { H5Tequal(stored, chdf5_ieee_float(Int32(bytes), $0)) > 0 }
    case H5T_STRING: throw HDF5Refusal("the elements are text")
    case H5T_ENUM: throw HDF5Refusal("the elements are an enumeration, as h5py stores bool")
    case H5T_COMPOUND:
      throw HDF5Refusal("the elements are compounds of several values, as complex numbers are")
    case H5T_BITFIELD: throw HDF5Refusal("the elements are bit fields")
    case H5T_OPAQUE: throw HDF5Refusal("the elements are opaque bytes")
    case H5T_REFERENCE: throw HDF5Refusal("the elements are references")
    case H5T_VLEN, H5T_ARRAY: throw HDF5Refusal("the elements are arrays")
    default: throw HDF5Refusal("the elements are of no known kind")
    }
    guard order == H5T_ORDER_LE || order == H5T_ORDER_BE || bytes == 1 else {
      throw HDF5Refusal("the elements are in a mixed byte order")
    }
    isSwapped = bytes > 1 && (order == H5T_ORDER_BE) != (Int(1).bigEndian == 1)
  }
}

/// Why something in a file is no voxels: continues a sentence about it.
struct HDF5Refusal: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}
