internal import BrickCore
internal import CHDF5

extension HDF5File {
  /// Writes a text attribute of a group or dataset, as the Java writer of BigDataViewer does: a scalar of
  /// fixed length, ASCII, padded with nulls.
  public func setAttribute(_ name: String, of object: String, to text: String) throws {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place("\(object), attribute \(name)")
      let type = try place.own(H5Tcopy(chdf5_c_string()), "make a text type", closer: H5Tclose)
      let bytes = Array(text.utf8)
      try place.check(H5Tset_size(type.id, max(1, bytes.count)), "set the text's length")
      try place.check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), "set the text's padding")
      let space = try place.own(H5Screate(H5S_SCALAR), "make a scalar", closer: H5Sclose)
      let attribute = try place.own(
        unsafe H5Acreate_by_name(
          id(), object, name, type.id, space.id, chdf5_default(), chdf5_default(), chdf5_default()),
        "make the attribute", closer: H5Aclose)
      // The library reads as many bytes as the type has, also for an empty text.
      try place.check(
        unsafe H5Awrite(attribute.id, type.id, bytes.isEmpty ? [0] : bytes), "write the attribute")
    }
  }

  /// The text of a scalar attribute, of fixed or variable length, ASCII or UTF-8; nil where there is none
  /// or it is no text.
  public func attribute(_ name: String, of object: String) throws -> String? {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place("\(object), attribute \(name)")
      let file = try id()
      guard
        try place.check(
          unsafe H5Aexists_by_name(file, object, name, chdf5_default()), "look for the attribute")
          > 0
      else { return nil }
      let attribute = try place.own(
        unsafe H5Aopen_by_name(file, object, name, chdf5_default(), chdf5_default()),
        "open the attribute", closer: H5Aclose)
      let type = try place.own(H5Aget_type(attribute.id), "read the type", closer: H5Tclose)
      let space = try place.own(H5Aget_space(attribute.id), "read the shape", closer: H5Sclose)
      guard H5Tget_class(type.id) == H5T_STRING, H5Sget_simple_extent_npoints(space.id) == 1 else {
        return nil
      }
      if try place.check(H5Tis_variable_str(type.id), "read the type") > 0 {
        return try variableText(of: attribute.id, type.id, place)
      }
      let length = H5Tget_size(type.id)
      guard length > 0, length <= 1 << 20 else { return nil }
      var bytes = [UInt8](repeating: 0, count: length)
      try place.check(unsafe H5Aread(attribute.id, type.id, &bytes), "read the attribute")
      if H5Tget_strpad(type.id) == H5T_STR_SPACEPAD {
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
      }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private func variableText(
    of attribute: hid_t, _ type: hid_t, _ place: HDF5Place
  ) throws(BrickworkError) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    try place.check(unsafe H5Aread(attribute, type, &text), "read the attribute")
    guard let text = unsafe text else { return "" }
    // The library allocated it, so the library frees it.
    defer { unsafe H5free_memory(text) }
    return unsafe String(cString: text)
  }
}
