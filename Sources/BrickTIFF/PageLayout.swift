internal import BrickCore
internal import CTIFF

/// How the voxels of a page are stored: its size and type, and how it is cut into strips or tiles.
struct PageLayout: Hashable, Sendable {
  /// Strips that decode to more are read in bands of rows.
  static let largestStrip = 16 << 20
  private static let bandBytes = 4 << 20
  /// Tiles and rows that decode to more are refused: they can only be decoded as a whole.
  private static let largestPiece = 64 << 20

  /// Planes (more than one only with the ImageDepth tag), rows and columns.
  let size: Index3
  let type: VoxelType
  let compression: Int
  let isTiled: Bool
  /// Voxels of a strip or tile; tiles at the border are padded to it, the last strip is not.
  let piece: Index3
  /// Rows decoded at once: those of a strip, or fewer where a strip is large.
  let bandRows: Int
  let isSwapped: Bool

  /// Reads the layout of the handle's directory.
  ///
  /// - Throws: `BrickworkError` with code `.unsupportedInput` where the page is no grid of single
  ///   numbers, and `.damagedInput` where its tags contradict each other. Path and place are added
  ///   by the caller.
  init(_ handle: TIFFHandle) throws {
    let width = handle.long(TIFFTAG_IMAGEWIDTH) ?? 0
    let length = handle.long(TIFFTAG_IMAGELENGTH) ?? 0
    let depth = handle.long(TIFFTAG_IMAGEDEPTH) ?? 1
    type = try Self.voxelType(handle)
    guard width > 0, length > 0, depth > 0 else {
      throw BrickworkError(
        .damagedInput, reason: "has a size of \(width) × \(length) × \(depth) voxels (x, y, z)",
        remedy: "Restore the file from a copy")
    }
    size = Index3(z: depth, y: length, x: width)
    compression = handle.short(TIFFTAG_COMPRESSION) ?? 1
    isTiled = handle.isTiled
    isSwapped = handle.isSwapped
    guard TIFFHandle.canDecode(compression: compression) else {
      throw BrickworkError(
        .unsupportedInput,
        reason: "uses compression \(compression), which the installed libtiff can't decode",
        remedy: "Save the file uncompressed or with deflate, e.g. in Fiji")
    }
    (piece, bandRows) = try Self.pieces(handle, size: size, type: type, isTiled: isTiled)
    let listed = handle.pieceCount
    guard let needed = grid.counts.checkedVolume, listed >= needed else {
      throw BrickworkError(
        .damagedInput,
        reason: "lists \(listed) strips or tiles, its size needs \(grid.counts) of them",
        remedy: "Restore the file from a copy")
    }
  }

  private static func pieces(
    _ handle: TIFFHandle, size: Index3, type: VoxelType, isTiled: Bool
  ) throws -> (piece: Index3, bandRows: Int) {
    let piece: Index3
    if isTiled {
      let depth = handle.long(TIFFTAG_TILEDEPTH) ?? 1
      guard depth == 1 else {
        // TIFFTileSize leaves the depth out, so only a tile's first plane would be decoded.
        throw BrickworkError(
          .unsupportedInput,
          reason: "has tiles of \(depth) planes (TileDepth tag), which libtiff doesn't decode",
          remedy: "Save it with one page per plane, e.g. with tifffile")
      }
      piece = Index3(
        z: 1, y: handle.long(TIFFTAG_TILELENGTH) ?? 0,
        x: handle.long(TIFFTAG_TILEWIDTH) ?? 0)
    } else {
      guard size.z == 1 else {
        throw BrickworkError(
          .unsupportedInput, reason: "has strips of \(size.z) planes (ImageDepth tag)",
          remedy: "Save it with one page per plane, e.g. in Fiji")
      }
      piece = Index3(
        z: 1, y: min(size.y, handle.long(TIFFTAG_ROWSPERSTRIP) ?? size.y), x: size.x)
    }
    guard let voxels = piece.checkedVolume, voxels > 0 else {
      throw BrickworkError(
        .damagedInput, reason: "is cut into strips or tiles of \(piece) voxels",
        remedy: "Restore the file from a copy")
    }
    // The size of a row fits: it is below 2³² · 8.
    let rowBytes = piece.x * type.byteCount
    let (bytes, overflow) = voxels.multipliedReportingOverflow(by: type.byteCount)
    let largest = isTiled ? (overflow ? Int.max : bytes) : rowBytes
    guard largest <= largestPiece else {
      throw BrickworkError(
        .unsupportedInput,
        reason:
          "has \(isTiled ? "tiles" : "rows") of \(largest) bytes; the most is \(largestPiece)",
        remedy: "Save it in strips, or in tiles of 256 × 256")
    }
    let isBanded = !isTiled && (overflow || bytes > largestStrip)
    return (piece, isBanded ? max(1, bandBytes / rowBytes) : piece.y)
  }

  private static func voxelType(_ handle: TIFFHandle) throws -> VoxelType {
    let samples = handle.short(TIFFTAG_SAMPLESPERPIXEL) ?? 1
    let photometric = handle.short(TIFFTAG_PHOTOMETRIC) ?? Int(PHOTOMETRIC_MINISBLACK)
    if let colours = colourName(photometric, samples: samples) {
      throw BrickworkError(
        .unsupportedInput,
        reason: "is \(colours), \(samples) sample\(samples == 1 ? "" : "s") per pixel",
        remedy:
          "Convert it to grey, e.g. in Fiji: Image > Type > 16-bit, or Image > Color > Split Channels"
      )
    }
    guard samples == 1 else {
      let isSeparate = handle.short(TIFFTAG_PLANARCONFIG) == Int(PLANARCONFIG_SEPARATE)
      throw BrickworkError(
        .unsupportedInput,
        reason:
          "has \(samples) samples per pixel in \(isSeparate ? "separate planes" : "one plane")",
        remedy: "Save each channel as a page, e.g. in Fiji: Image > Color > Split Channels")
    }
    let bits = handle.short(TIFFTAG_BITSPERSAMPLE) ?? 1
    let format = handle.short(TIFFTAG_SAMPLEFORMAT) ?? Int(SAMPLEFORMAT_UINT)
    switch (format, bits) {
    case (1, 8), (4, 8): return .uint8
    case (1, 16), (4, 16): return .uint16
    case (1, 32), (4, 32): return .uint32
    case (1, 64), (4, 64): return .uint64
    case (2, 8): return .int8
    case (2, 16): return .int16
    case (2, 32): return .int32
    case (2, 64): return .int64
    case (3, 32): return .float32
    case (3, 64): return .float64
    default:
      let kind =
        switch format {
        case 1, 4: "unsigned integers"
        case 2: "signed integers"
        case 3: "floating-point numbers"
        case 5, 6: "complex numbers"
        default: "numbers of unknown format \(format)"
        }
      throw BrickworkError(
        .unsupportedInput, reason: "holds \(kind) of \(bits) bit\(bits == 1 ? "" : "s")",
        remedy: "Convert it to 8, 16 or 32 bit, e.g. in Fiji: Image > Type")
    }
  }

  /// What the photometric interpretation says if it isn't grey.
  private static func colourName(_ photometric: Int, samples: Int) -> String? {
    switch Int32(photometric) {
    case PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE: nil
    // Grey pages marked RGB by mistake are plain numbers all the same.
    case PHOTOMETRIC_RGB: samples == 1 ? nil : "RGB"
    case PHOTOMETRIC_PALETTE: "a palette image"
    case PHOTOMETRIC_MASK: "a transparency mask"
    case PHOTOMETRIC_SEPARATED: "CMYK"
    case PHOTOMETRIC_YCBCR: "YCbCr colour"
    case PHOTOMETRIC_CIELAB, PHOTOMETRIC_ICCLAB, PHOTOMETRIC_ITULAB: "CIE L*a*b* colour"
    case PHOTOMETRIC_LOGL, PHOTOMETRIC_LOGLUV: "a logarithmic luminance image"
    default: "of photometric interpretation \(photometric)"
    }
  }

  /// The strips or tiles of a page.
  var grid: BrickGrid { BrickGrid(size: size, brick: piece) }
  /// Bands in a full strip; 1 for tiles and small strips.
  var bandsPerStrip: Int { (piece.y + bandRows - 1) / bandRows }
  /// Separately decoded pieces of a page.
  var pieceCount: Int { grid.count * bandsPerStrip }
  var rowBytes: Int { size.x * type.byteCount }
  /// The bytes of all voxels, or nil if they overflow.
  var byteCount: Int? {
    guard let voxels = size.checkedVolume else { return nil }
    let (bytes, overflow) = voxels.multipliedReportingOverflow(by: type.byteCount)
    return overflow ? nil : bytes
  }
  /// The bytes of the largest separately decoded piece.
  var pieceBytes: Int { piece.z * min(piece.y, bandRows) * piece.x * type.byteCount }

  /// The layout in words: "strips, deflate, big-endian".
  func words(isBigEndian: Bool) -> String {
    let names = [
      1: "uncompressed", 5: "LZW", 7: "JPEG", 8: "deflate", 32946: "deflate", 32773: "PackBits",
      34887: "LERC", 34925: "LZMA", 50000: "zstd", 50001: "WebP",
    ]
    return [
      isTiled ? "tiles" : "strips", names[compression] ?? "compression \(compression)",
      isBigEndian ? "big-endian" : "little-endian",
    ].joined(separator: ", ")
  }
}
