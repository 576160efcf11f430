internal import BrickCore
internal import BrickFiles

/// Stacks that have one directory for all their planes, which follow each other without gaps.
///
/// ImageJ writes them beyond 4 GB, where classic TIFF can't address the later directories (`TiffEncoder`,
/// `images=` in the description); tifffile's "shaped" files do it when truncated (`{"shape": [...]}`).
enum SingleDirectoryStack {
  /// More planes than this in one file are taken for damage.
  private static let mostPlanes = 1 << 24

  /// The page once per plane, or nil where the file says nothing of further planes.
  static func planes(
    description: [UInt8], page: TIFFPage, layout: PageLayout, map: MappedFile
  ) throws -> [TIFFPage]? {
    guard let planeBytes = layout.byteCount else { return nil }
    let writer: String
    let count: Int
    if let imageJ = ImageJDescription(description) {
      (writer, count) = ("ImageJ", imageJ.images)
    } else if let shape = ShapedDescription.voxels(description) {
      guard shape.isMultiple(of: layout.size.volume) else { return nil }
      (writer, count) = ("tifffile", shape / layout.size.volume)
    } else {
      return nil
    }
    guard count > 1 else { return nil }
    guard page.dataOffset >= 0 else {
      throw BrickworkError(
        .damagedInput, path: map.path,
        reason:
          "\(writer) says \(count) planes, the file has 1 page, which is compressed or in pieces",
        remedy: "Export the stack again")
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: planeBytes)
    guard !overflow, bytes <= map.count - page.dataOffset else {
      throw BrickworkError(
        .damagedInput, path: map.path,
        reason: "\(writer) says \(count) planes of \(planeBytes) bytes from \(page.dataOffset) on, "
          + "the file has \(map.count) bytes",
        remedy: "The file was cut: copy or export it again")
    }
    guard count <= mostPlanes else {
      throw BrickworkError(
        .unsupportedInput, path: map.path,
        reason: "has \(count) planes of \(planeBytes) bytes; the most is \(mostPlanes)")
    }
    return (0..<count).map { plane in
      var copy = page
      copy.dataOffset += plane * planeBytes
      return copy
    }
  }
}

/// The description that tifffile writes: JSON with the array's shape.
enum ShapedDescription {
  /// The number of voxels of the whole array; nil where there is no such description or it overflows.
  ///
  /// Only the list after `"shape":` is read: the rest is the user's own.
  static func voxels(_ description: [UInt8]) -> Int? {
    guard description.first == UInt8(ascii: "{"), description.count < 1 << 20 else { return nil }
    let text = String(decoding: description, as: UTF8.self)
    guard let key = text.firstRange(of: "\"shape\":") else { return nil }
    let rest = text[key.upperBound...].drop { $0 == " " }
    guard rest.first == "[", let end = rest.firstIndex(of: "]") else { return nil }
    var product = 1
    for part in rest[rest.index(after: rest.startIndex)..<end].split(separator: ",") {
      guard let number = Int(part.filter { $0 != " " }), number > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: number)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}
