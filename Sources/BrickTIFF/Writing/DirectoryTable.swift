internal import BrickCore
internal import BrickFiles
internal import CTIFF

/// The front of a file that is written: its header and the directories of all pages and levels.
///
/// Their sizes are known before a voxel is, so they have their place before the pieces, one after the other: a reader
/// finds them all in one stretch.
struct DirectoryTable {
  private let plan: TIFFPlan
  private let options: TIFFWriter.Options
  private let description: String
  let isBigTIFF: Bool

  init(_ plan: TIFFPlan, _ options: TIFFWriter.Options) {
    self.plan = plan
    self.options = options
    description = TIFFDescription.text(plan, options)
    // What can't be compressed grows: by LZW to 12 bits for a byte, else a little. Directories and tables come on top.
    let padded = plan.pieceCount.multipliedReportingOverflow(by: plan.pieceBytes)
    let most = plan.isTiled ? (padded.overflow ? .max / 4 : padded.partialValue) : plan.voxelBytes
    let growth = options.compression == .lzw ? most / 2 : most / 64
    let overhead =
      growth + plan.pieceCount * 64 + plan.pages * plan.levels.count * 512
      + description.utf8.count
    isBigTIFF = options.isBigTIFF ?? (most > 0xFFFF_0000 || most + overhead > 0xFFFF_0000)
  }

  private static let headerBytes = 16

  /// Where the first piece goes.
  var end: Int {
    Self.headerBytes + pageBytes(0) + (plan.pages - 1) * pageBytes(1)
  }

  /// Bytes of a page's directories, of which all but the first have the same.
  private func pageBytes(_ page: Int) -> Int {
    plan.levels.indices.reduce(0) { sum, level in
      sum + directory(level: level, isFirst: page == 0, pieces: nil, subdirectories: nil).byteCount
    }
  }

  /// Writes the directories and at last the header, without which the file is none.
  ///
  /// - Parameter firstPiece: how many pieces stand before that with the number 0.
  func write(to file: PieceFile, firstPiece: Int) throws {
    let pieces = try file.snapshot()
    let bytesOfOthers = plan.pages > 1 ? pageBytes(1) : 0
    var place = Self.headerBytes
    for page in 0..<plan.pages {
      let bytes = page == 0 ? pageBytes(0) : bytesOfOthers
      let next = page + 1 < plan.pages ? place + bytes : 0
      try unsafe file.write(
        directories(page, at: place, next: next, pieces, firstPiece).span.bytes, at: place)
      place += bytes
      if page % 64 == 63 { pieces.rest() }
    }
    // "II", then the version; BigTIFF also says how wide its offsets are.
    var header: [UInt8] = [0x49, 0x49]
    if isBigTIFF {
      header += [43, 0, 8, 0, 0, 0]
      header.append(little: Self.headerBytes, 8)
    } else {
      header += [42, 0]
      header.append(little: Self.headerBytes, 4)
    }
    try unsafe file.write(header.span.bytes, at: 0)
  }

  /// A page's directory and those of its levels, which it names.
  private func directories(
    _ page: Int, at start: Int, next: Int, _ pieces: Pieces, _ firstPiece: Int
  ) -> [UInt8] {
    let (part, z) = place(ofPage: page)
    var places = [start]
    for level in plan.levels.indices.dropLast() {
      let before = directory(
        level: level, isFirst: page == 0, pieces: nil, subdirectories: nil)
      places.append(places[level] + before.byteCount)
    }
    var bytes: [UInt8] = []
    for level in plan.levels.indices {
      let grid = plan.grid(level: level)
      let stored = (0..<grid.count).map { number in
        let index = grid.index(at: number)
        return pieces[
          firstPiece + plan.number(level: level, part: part, z: z, y: index.y, x: index.x)]
      }
      bytes += directory(
        level: level, isFirst: page == 0, pieces: stored,
        subdirectories: Array(places.dropFirst())
      ).bytes(at: places[level], next: level == 0 ? next : 0)
    }
    return bytes
  }

  /// The part and plane of a page of the chain: ImageJ has channels next to each other, OME as we write it planes.
  private func place(ofPage page: Int) -> (part: Int, z: Int) {
    guard TIFFDescription.isImageJ(plan.type) else {
      return (page / plan.size.z, page % plan.size.z)
    }
    let (rest, channel) = page.quotientAndRemainder(dividingBy: plan.channels)
    let (timepoint, z) = rest.quotientAndRemainder(dividingBy: plan.size.z)
    return (timepoint * plan.channels + channel, z)
  }

  /// One directory; without pieces as large, but to no use.
  private func directory(
    level: Int, isFirst: Bool, pieces: [PieceFile.Piece]?, subdirectories: [Int]?
  ) -> Directory {
    let (type, size) = (plan.type, plan.levels[level])
    var result = Directory(isBigTIFF: isBigTIFF)
    result.add(TIFFTAG_SUBFILETYPE, long: level == 0 ? 0 : Int(FILETYPE_REDUCEDIMAGE))
    result.add(TIFFTAG_IMAGEWIDTH, long: size.x)
    result.add(TIFFTAG_IMAGELENGTH, long: size.y)
    result.add(TIFFTAG_BITSPERSAMPLE, short: type.byteCount * 8)
    result.add(TIFFTAG_COMPRESSION, short: options.compression.tag)
    result.add(TIFFTAG_PHOTOMETRIC, short: Int(PHOTOMETRIC_MINISBLACK))
    if level == 0, isFirst { result.add(TIFFTAG_IMAGEDESCRIPTION, text: description) }
    let count = plan.grid(level: level).count
    let offsets = pieces.map { $0.map(\.offset) } ?? Array(repeating: 0, count: count)
    let counts = pieces.map { $0.map(\.count) } ?? Array(repeating: 0, count: count)
    if !plan.isTiled { result.add(TIFFTAG_STRIPOFFSETS, offsets: offsets) }
    result.add(TIFFTAG_SAMPLESPERPIXEL, short: 1)
    if !plan.isTiled {
      result.add(TIFFTAG_ROWSPERSTRIP, long: plan.piece.y)
      result.add(TIFFTAG_STRIPBYTECOUNTS, longs: counts)
    }
    let density = level == 0 ? density : nil
    if let density {
      result.add(TIFFTAG_XRESOLUTION, ratio: density.x)
      result.add(TIFFTAG_YRESOLUTION, ratio: density.y)
    }
    result.add(TIFFTAG_PLANARCONFIG, short: Int(PLANARCONFIG_CONTIG))
    if let density { result.add(TIFFTAG_RESOLUTIONUNIT, short: Int(density.unit)) }
    if isFirst, level == 0 { result.add(TIFFTAG_SOFTWARE, text: "Brickwork") }
    let predictor = Predictor(type, options.compression)
    if predictor != .none { result.add(TIFFTAG_PREDICTOR, short: predictor.rawValue) }
    if plan.isTiled {
      result.add(TIFFTAG_TILEWIDTH, long: plan.piece.x)
      result.add(TIFFTAG_TILELENGTH, long: plan.piece.y)
      result.add(TIFFTAG_TILEOFFSETS, offsets: offsets)
      result.add(TIFFTAG_TILEBYTECOUNTS, longs: counts)
    }
    if level == 0, plan.levels.count > 1 {
      let places = subdirectories ?? Array(repeating: 0, count: plan.levels.count - 1)
      result.add(TIFFTAG_SUBIFD, offsets: places, toDirectories: true)
    }
    let format =
      type.isFloat ? SAMPLEFORMAT_IEEEFP : type.isSigned ? SAMPLEFORMAT_INT : SAMPLEFORMAT_UINT
    result.add(TIFFTAG_SAMPLEFORMAT, short: Int(format))
    return result
  }

  private var density: PixelDensity? {
    guard let size = options.voxelSize, size.isValid else { return nil }
    return PixelDensity(size, forImageJ: TIFFDescription.isImageJ(plan.type))
  }
}

/// Pixels per length along x and y, and the unit's number in TIFF.
private struct PixelDensity {
  let x: Double
  let y: Double
  let unit: Int32

  /// Per centimetre; or per micrometre without a unit, as ImageJ's description gives it.
  init(_ size: VoxelSize, forImageJ: Bool) {
    let length = forImageJ ? 1.0 : 1e4
    (x, y) = (length / size.x, length / size.y)
    unit = forImageJ ? RESUNIT_NONE : RESUNIT_CENTIMETER
  }
}
