internal import BrickCore
internal import CHDF5

extension HDF5File {
  /// Makes a link by which an object of another file is found under a name of this one, with the groups above it.
  ///
  /// - Parameters:
  ///   - object: its path in the other file, which need not be there yet.
  ///   - file: the other file as seen from this one's folder.
  public func makeExternalLink(_ name: String, to object: String, in file: String) throws {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let links = try Self.makingGroups(place)
      try place.check(
        unsafe H5Lcreate_external(file, object, id(), name, links.id, chdf5_default()),
        "make the link to \(file)")
    }
  }
}
