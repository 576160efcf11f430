public import BrickCore
internal import BrickFiles

/// Images of one plane as NumPy arrays of two dimensions, y, x.
public enum NPYImage {
  /// Writes a volume of one plane in its own type; aside, and put in place when it is whole.
  ///
  /// - Throws: `BrickworkError` if the file can't be written, or what reading the volume throws.
  /// - Precondition: the volume has one plane.
  public static func write(_ image: any Volume, to path: String) throws {
    let size = image.size
    precondition(size.z == 1, "An image has one plane, not \(size.z)")
    let file = try ReplacingFile(temporaryPath: path + ".partial")
    do {
      let header = NPYArray.header(descr(image.type), shape: "(\(size.y), \(size.x))")
      try unsafe file.append(header.span.bytes)
      var rows = VoxelBlock()
      try Slabs.cut(image.bounds, bytesPerVoxel: image.type.byteCount) { part in
        rows.reshape(to: part, type: image.type)
        try image.read(into: &rows)
        try file.append(rows.bytes)
      }
      try file.seal()
      try Files.rename(file.temporaryPath, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
  }

  /// Reads an array of two dimensions, y, x, of any numbers as an image of float64; nil if the file is no NumPy array.
  ///
  /// The array is held in memory.
  ///
  /// - Throws: `BrickworkError` if there is no such file, it is damaged or larger than 256 MiB, or the array has
  ///   another shape.
  public static func read(_ path: String) throws -> (any Volume)? {
    guard !Files.isFolder(path) else { return nil }
    guard Files.size(path) != nil else {
      throw BrickworkError(.missingInput, path: path, reason: "there is no such file")
    }
    guard try NPYArray.start(of: MappedFile(path), path: path) != nil else { return nil }
    let array = try NPYArray(try Files.read(path), path: path)
    guard array.shape.count == 2 else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason: "holds an array of \(array.shape.count) dimensions where an image has 2, y and x")
    }
    return ArrayVolume(array.values, size: Index3(z: 1, y: array.shape[0], x: array.shape[1]))
  }

  private static func descr(_ type: VoxelType) -> String {
    let kind = type.isFloat ? "f" : type.isSigned ? "i" : "u"
    return (type.byteCount == 1 ? "|" : "<") + "\(kind)\(type.byteCount)"
  }
}
