public import BrickCore
internal import BrickFiles

/// TIFF files as tiles: stacks of pages, OME-TIFF, ImageJ hyperstacks, BigTIFF.
///
/// Whatever libtiff decodes is read if it is a grid of single integers or floats of 8 to 64 bits; RGB,
/// palette and other pictures are refused with the reason. A region read decodes only the strips or tiles
/// it needs; uncompressed pages are mapped. Values are as stored, also where 0 means white.
///
/// Source of the format: TIFF 6.0 and its supplements as libtiff implements them.
public struct TIFFFile {
  /// Whether a file that begins so is a TIFF: `II*\0`, `MM\0*` or their BigTIFF forms.
  public static func looksLikeTIFF(_ firstBytes: [UInt8]) -> Bool {
    guard firstBytes.count >= 4 else { return false }
    switch (firstBytes[0], firstBytes[1], firstBytes[2], firstBytes[3]) {
    case (0x49, 0x49, 42, 0), (0x4D, 0x4D, 0, 42), (0x49, 0x49, 43, 0), (0x4D, 0x4D, 0, 43):
      return true
    default: return false
    }
  }

  /// Opens the file and reads its directories, not its voxels.
  ///
  /// - Returns: one image per OME `<Image>` with planes in this file; an ordinary stack is one image whose
  ///   z is the page.
  /// - Throws: `BrickworkError` with code `.damagedInput` where the file contradicts itself, or
  ///   `.unsupportedInput` where it holds no grid of voxels.
  public static func images(in path: String, cache: PieceCache) throws -> [any TileImage] {
    let map = try MappedFile(path)
    let start = map.bytes
    let first = (0..<min(4, start.byteCount)).map {
      unsafe start.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
    }
    guard looksLikeTIFF(first) else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "is no TIFF file: it begins with the bytes \(first)",
        remedy: "Check that the file was copied whole")
    }
    let source = try TIFFSource(map, cache: cache)
    if let document = try OMEDocument(source.description, name: path) {
      return try OMEImages.images(of: document, in: source)
    }
    return [try stack(source)]
  }

  /// All pages as one image: an ImageJ hyperstack if the description says so, otherwise a plain stack.
  private static func stack(_ source: TIFFSource) throws -> TIFFImage {
    let pages = source.stackPages
    let name = Files.name(of: source.path)
    guard let imageJ = ImageJDescription(source.description) else {
      return try TIFFImage(
        source: source, pages: pages, channelNames: [""], timepoints: 1, name: name, format: "TIFF")
    }
    guard pages.count >= imageJ.images else {
      throw BrickworkError(
        .damagedInput, path: source.path,
        reason: "ImageJ says \(imageJ.images) images, the file has \(pages.count) pages",
        remedy: "The file was cut: copy or export it again")
    }
    let shape = pages.count == imageJ.images ? imageJ.shape : nil
    let (channels, slices, frames) = shape ?? (1, pages.count, 1)
    var ordered: [Int] = []
    ordered.reserveCapacity(pages.count)
    for frame in 0..<frames {
      for channel in 0..<channels {
        for slice in 0..<slices {
          ordered.append(pages[(frame * slices + slice) * channels + channel])
        }
      }
    }
    return try TIFFImage(
      source: source, pages: ordered, channelNames: Array(repeating: "", count: channels),
      timepoints: frames, name: name, format: "ImageJ TIFF", voxelSize: voxelSize(source, imageJ))
  }

  /// ImageJ's pixels per unit along x and y, and its slice spacing; nil without a unit of length.
  private static func voxelSize(_ source: TIFFSource, _ imageJ: ImageJDescription) -> VoxelSize? {
    guard let unit = imageJ.unit else { return nil }
    let resolution = Resolution.read(
      source.map, isBigEndian: source.isBigEndian, isBigTIFF: source.isBigTIFF)
    guard let x = resolution.x, let y = resolution.y else { return nil }
    return VoxelSize(
      x: unit.micrometres / x, y: unit.micrometres / y, z: unit.micrometres * imageJ.spacing)
  }
}

extension TIFFSource {
  /// The pages that are images of their own: thumbnails and pyramid levels are left out.
  var stackPages: [Int] {
    let full = pages.indices.filter { !pages[$0].isReduced }
    // A writer that marks every page as reduced means none of them.
    return full.isEmpty ? Array(pages.indices) : full
  }
}
