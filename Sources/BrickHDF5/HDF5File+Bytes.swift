internal import BrickCore
internal import CHDF5

extension HDF5File {
  /// Writes bytes that mean something to their owner alone: a dataset of uint8 of one dimension, in one piece.
  ///
  /// One of that name and length is written over in its place.
  public func writeBytes(_ name: String, _ bytes: [UInt8]) throws {
    precondition(!bytes.isEmpty, "There is something to write")
    let isThere = contains(name)
    try writing { () throws(BrickworkError) in
      let place = place(name)
      let file = try id()
      let dataset: HDF5Handle
      if isThere {
        dataset = try place.own(
          unsafe H5Dopen2(file, name, chdf5_default()), "open the bytes", closer: H5Dclose)
        let count = try Self.byteCount(of: dataset.id, place)
        guard count == bytes.count else {
          throw BrickworkError(
            .badRequest, path: path, place: name,
            reason: "has \(count) bytes, and \(bytes.count) are to be written")
        }
      } else {
        let space = try place.own(
          unsafe H5Screate_simple(1, [hsize_t(bytes.count)], nil), "make the shape",
          closer: H5Sclose)
        let links = try Self.makingGroups(place)
        let creation = try Self.withoutTimes(place)
        dataset = try place.own(
          unsafe H5Dcreate2(
            file, name, chdf5_little_type(0, 1), space.id, links.id, creation.id, chdf5_default()),
          "make the bytes", closer: H5Dclose)
      }
      try place.check(
        unsafe H5Dwrite(
          dataset.id, chdf5_native_type(0, 1), chdf5_all(), chdf5_all(), chdf5_default(), bytes),
        "write the bytes")
    }
  }

  /// The bytes that `writeBytes` wrote; nil where there are none.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if they are something else, or more than `limit`.
  public func bytes(_ name: String, limit: Int = 1 << 30) throws -> [UInt8]? {
    guard contains(name) else { return nil }
    return try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let dataset = try place.own(
        unsafe H5Dopen2(id(), name, chdf5_default()), "open the bytes", closer: H5Dclose)
      let count = try Self.byteCount(of: dataset.id, place)
      guard count <= limit else { throw place.damaged("has \(count) bytes, more than \(limit)") }
      var bytes = [UInt8](repeating: 0, count: count)
      try place.check(
        unsafe H5Dread(
          dataset.id, chdf5_native_type(0, 1), chdf5_all(), chdf5_all(), chdf5_default(), &bytes),
        "read the bytes")
      return bytes
    }
  }

  private static func byteCount(of dataset: hid_t, _ place: HDF5Place) throws(BrickworkError) -> Int
  {
    let space = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
    let type = try place.own(H5Dget_type(dataset), "read the type", closer: H5Tclose)
    guard H5Sget_simple_extent_ndims(space.id) == 1, H5Tget_size(type.id) == 1,
      H5Tget_class(type.id) == H5T_INTEGER
    else { throw place.damaged("is no row of bytes") }
    return Int(clamping: H5Sget_simple_extent_npoints(space.id))
  }
}
