internal import BrickCore
internal import CHDF5

extension HDF5File {
  /// Writes an attribute of doubles, a list of at least one.
  public func setAttribute(_ name: String, of object: String, to values: [Double]) throws {
    precondition(!values.isEmpty, "An attribute has at least one number")
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place("\(object), attribute \(name)")
      let space = try place.own(
        unsafe H5Screate_simple(1, [hsize_t(values.count)], nil), "make the shape",
        closer: H5Sclose)
      let attribute = try place.own(
        unsafe H5Acreate_by_name(
          id(), object, name, chdf5_little_double(), space.id, chdf5_default(), chdf5_default(),
          chdf5_default()),
        "make the attribute", closer: H5Aclose)
      try place.check(
        unsafe H5Awrite(attribute.id, chdf5_native_double(), values), "write the attribute")
    }
  }
}

extension HDF5Source {
  /// Whether a dataset says that it is a coarser level of another one.
  func isLevel(_ name: String) throws -> Bool {
    try HDF5Library.locked { () throws(BrickworkError) in
      unsafe H5Aexists(try HDF5Pool.dataset(self, name), HDF5Tiles.levelAttribute) > 0
    }
  }
}

extension HDF5Tiles {
  /// The attribute of a dataset that is a coarser level: the path of the finest one.
  public static let levelAttribute = "level_of"
}
