public import BrickCore
internal import BrickFiles

/// Nikon ND2 files as tiles: one image per stage position.
///
/// Read are the chunked files of versions 2.0 to 3.0, uncompressed or compressed without loss, of 8, 16 and 32 bits.
/// Planes of a stack are z, the components of a pixel are channels in the order of the file, time loops are time
/// points. The chunk map is a hint: what it points at is checked, and a file without a right map is searched.
/// Legacy files, which are JPEG 2000, and lossy ones are refused.
///
/// Source of the format: files of NIS-Elements 4.20 and 5.42 and the behaviour of the readers `nd2` and `limnd2`;
/// there is no public specification.
public enum ND2File {
  private static let signature: [UInt8] = [0xDA, 0xCE, 0xBE, 0x0A]
  private static let jpeg2000: [UInt8] = [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]

  /// Whether a file that begins so is an ND2 file: a chunk's magic number.
  public static func looksLikeND2(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: signature)
  }

  /// Whether the file is a legacy ND2 file: JPEG 2000 with the vendor's tail.
  ///
  /// - Throws: `BrickworkError` if the file can't be read.
  public static func isLegacy(_ path: String) throws -> Bool {
    let map = try MappedFile(path)
    let start = map.copy(of: 0..<min(map.count, jpeg2000.count))
    let isLegacy =
      start == jpeg2000 && map.matches("LABORATORY IMAGING ND BOX MAP 00", at: map.count - 40)
    try map.checkIntact()
    return isLegacy
  }

  /// Why a legacy file is not read, and what helps.
  public static func legacyRefusal(_ path: String) -> BrickworkError {
    BrickworkError(
      .unsupportedInput, path: path,
      reason: "is a legacy ND2 file (JPEG 2000 inside), which is not read",
      remedy: "Open it in NIS-Elements and save it as ND2 again, or export its frames as TIFF")
  }

  /// Opens the file and reads its metadata, not its frames.
  ///
  /// Frames that are missing read as zeros and are told in `info.notes`, as are repaired chunk maps; a frame that is
  /// damaged fails when it is read. The position of a tile is (−x, y, z) of its stage position in µm, and
  /// `cameraPosition` the stage position turned into the image's axes by the camera's orientation.
  /// - Returns: one image per stage position, in the order of the file; without any frame, images of no planes.
  /// - Throws: `BrickworkError` with code `.damagedInput` where no frame could be read, or `.unsupportedInput`.
  public static func images(in path: String, cache: PieceCache) throws -> [any TileImage] {
    try open(path, cache: cache)
  }

  /// The same images by their own type, which tells the metadata and times of the acquisition.
  ///
  /// - Throws: `BrickworkError` as `images` does.
  public static func open(_ path: String, cache: PieceCache) throws -> [ND2Image] {
    let map = try MappedFile(path)
    let start = map.copy(of: 0..<min(map.count, 8))
    if start == jpeg2000 {
      if try isLegacy(path) { throw legacyRefusal(path) }
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason: "is a JPEG 2000 file without the tail of an ND2 file",
        remedy: "Give it the suffix .jp2 if it is a picture")
    }
    guard start.starts(with: signature) else {
      throw BrickworkError(
        .damagedInput, path: path,
        reason: map.count == 0
          ? "is empty: 0 bytes" : "is no ND2 file: it begins with the bytes \(start)",
        remedy: "Check that the file was copied whole")
    }
    guard map.matches("ND2 FILE SIGNATURE CHUNK NAME01!", at: Chunk.headerBytes), map.count > 112
    else {
      throw BrickworkError(
        .damagedInput, path: path,
        reason: "begins like an ND2 file of which \(map.count) bytes are left",
        remedy: "Copy the file again from where it was acquired")
    }
    return ND2Images(try ND2Opening(map), cache: cache).images()
  }
}
