internal import BrickCore
internal import CHDF5

extension HDF5File {
  /// Writes a table of doubles: rows of equal length, at least one.
  public func writeTable(_ name: String, doubles rows: [[Double]]) throws {
    let values = rows.flatMap { $0 }
    try makeTable(name, rows, chdf5_little_double()) { dataset in
      unsafe H5Dwrite(
        dataset, chdf5_native_double(), chdf5_all(), chdf5_all(), chdf5_default(), values)
    }
  }

  /// Writes a table of 32-bit integers: rows of equal length, at least one.
  public func writeTable(_ name: String, integers rows: [[Int32]]) throws {
    let values = rows.flatMap { $0 }
    try makeTable(name, rows, chdf5_little_int32()) { dataset in
      unsafe H5Dwrite(
        dataset, chdf5_native_int32(), chdf5_all(), chdf5_all(), chdf5_default(), values)
    }
  }

  private func makeTable<Number>(
    _ name: String, _ rows: [[Number]], _ type: hid_t, write: (hid_t) -> herr_t
  ) throws {
    let columns = rows.first?.count ?? 0
    precondition(
      columns > 0 && rows.allSatisfy { $0.count == columns }, "A table has equal rows, at least one"
    )
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let space = try place.own(
        unsafe H5Screate_simple(2, [hsize_t(rows.count), hsize_t(columns)], nil), "make the shape",
        closer: H5Sclose)
      let links = try Self.makingGroups(place)
      let creation = try Self.withoutTimes(place)
      let dataset = try place.own(
        unsafe H5Dcreate2(
          id(), name, type, space.id, links.id, creation.id, chdf5_default()),
        "make the table", closer: H5Dclose)
      try place.check(write(dataset.id), "write the table")
    }
  }

  /// A table of numbers of any type, as rows of doubles.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if it is not two-dimensional, or has more than
  ///   65 536 numbers.
  public func table(_ name: String) throws -> [[Double]] {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let dataset = try place.own(
        unsafe H5Dopen2(id(), name, chdf5_default()), "open the table", closer: H5Dclose)
      let space = try place.own(H5Dget_space(dataset.id), "read the shape", closer: H5Sclose)
      let type = try place.own(H5Dget_type(dataset.id), "read the type", closer: H5Tclose)
      var counts: [hsize_t] = [0, 0]
      guard H5Sget_simple_extent_ndims(space.id) == 2,
        unsafe H5Sget_simple_extent_dims(space.id, &counts, nil) == 2,
        counts[0] <= 65536, counts[1] <= 65536, counts[0] * counts[1] <= 65536,
        [H5T_INTEGER, H5T_FLOAT].contains(H5Tget_class(type.id))
      else {
        throw BrickworkError(
          .damagedInput, path: path, place: name, reason: "is not a small table of numbers",
          remedy: "Restore the file from a copy, or export it again")
      }
      let (rows, columns) = (Int(counts[0]), Int(counts[1]))
      guard rows * columns > 0 else { return [] }
      var values = [Double](repeating: 0, count: rows * columns)
      try place.check(
        unsafe H5Dread(
          dataset.id, chdf5_native_double(), chdf5_all(), chdf5_all(), chdf5_default(), &values),
        "read the table")
      return (0..<rows).map { Array(values[$0 * columns..<($0 + 1) * columns]) }
    }
  }
}
