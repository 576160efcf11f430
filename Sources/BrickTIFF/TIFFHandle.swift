internal import BrickCore
internal import BrickFiles
internal import CTIFF

/// One libtiff handle on a mapped file: the only place where the library is called.
///
/// It reads from the mapping, so it holds no file descriptor, copies no compressed bytes, and a file that
/// is cut while it is read gives zeros and an error instead of a crash.
@safe
final class TIFFHandle: @unchecked Sendable {
  // @unchecked: the pool hands a handle to one thread at a time.
  /// No single allocation of the library may be larger.
  private static let largestAllocation = 64 << 20

  private let map: MappedFile
  private let source: UnsafeMutablePointer<ctiff_source>
  private let tiff: OpaquePointer
  /// Where the current directory lies in the file.
  private(set) var directory: UInt64 { didSet { differences = nil } }
  /// Pixels of a row and bytes of a pixel, where pixels are stored as differences that are undone here; nil as long as
  /// nobody has asked of the current directory.
  private var differences: (isStored: Bool, pixels: Int, bytes: Int)?
  /// The strip being read row by row, and its next row; -1 where none is.
  private(set) var openStrip = -1
  private(set) var nextRow = 0

  /// Opens the file and reads its first directory.
  init(_ map: MappedFile) throws {
    self.map = map
    let source = UnsafeMutablePointer<ctiff_source>.allocate(capacity: 1)
    unsafe source.initialize(to: ctiff_source())
    // The address stays valid as long as the mapping, which this object keeps.
    unsafe source.pointee.base = unsafe map.bytes.withUnsafeBytes {
      unsafe $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
    unsafe source.pointee.size = UInt64(map.count)
    guard let tiff = unsafe ctiff_open(source, map.path, tmsize_t(Self.largestAllocation)) else {
      let words = unsafe String(cString: ctiff_complaint(source))
      unsafe source.deallocate()
      throw BrickworkError(
        .damagedInput, path: map.path, place: "page 0",
        reason: "its directory can't be read\(words.isEmpty ? "" : ": \(words)")",
        remedy: "Restore the file from a copy")
    }
    unsafe self.source = source
    unsafe self.tiff = tiff
    directory = unsafe TIFFCurrentDirOffset(tiff)
  }

  deinit {
    unsafe TIFFClose(tiff)
    unsafe source.deallocate()
  }

  // MARK: Directories

  var isSwapped: Bool { unsafe TIFFIsByteSwapped(tiff) != 0 }
  var isBigEndian: Bool { unsafe TIFFIsBigEndian(tiff) != 0 }
  var isBigTIFF: Bool { unsafe TIFFIsBigTIFF(tiff) != 0 }
  var isTiled: Bool { unsafe TIFFIsTiled(tiff) != 0 }

  /// Goes to the next directory of the chain; false after the last one.
  func advance(page: Int) throws -> Bool {
    if unsafe TIFFLastDirectory(tiff) != 0 { return false }
    forgetComplaint()
    guard unsafe TIFFReadDirectory(tiff) == 1 else {
      throw failure("page \(page)", "its directory can't be read")
    }
    directory = unsafe TIFFCurrentDirOffset(tiff)
    openStrip = -1
    return true
  }

  /// Goes to the directory at an offset, in constant time.
  func seek(to offset: UInt64, page: Int) throws {
    if offset == directory { return }
    forgetComplaint()
    guard unsafe TIFFSetSubDirectory(tiff, offset) == 1 else {
      directory = 0
      throw failure("page \(page)", "its directory can't be read again")
    }
    directory = offset
    openStrip = -1
  }

  /// A 16-bit tag's value or default; nil where the directory has neither.
  func short(_ tag: Int32) -> Int? {
    var value: UInt16 = 0
    return unsafe ctiff_get_u16(tiff, UInt32(tag), &value) == 1 ? Int(value) : nil
  }

  /// A 32-bit tag's value or default; nil where the directory has neither.
  func long(_ tag: Int32) -> Int? {
    var value: UInt32 = 0
    return unsafe ctiff_get_u32(tiff, UInt32(tag), &value) == 1 ? Int(value) : nil
  }

  /// The bytes of the image description, empty where there is none.
  var descriptionBytes: [UInt8] {
    var text: UnsafePointer<CChar>?
    guard unsafe ctiff_get_text(tiff, UInt32(TIFFTAG_IMAGEDESCRIPTION), &text) == 1,
      let text = unsafe text
    else { return [] }
    return unsafe UnsafeBufferPointer(start: text, count: strlen(text)).map {
      UInt8(bitPattern: $0)
    }
  }

  static func canDecode(compression: Int) -> Bool {
    UInt16(exactly: compression).map { TIFFIsCODECConfigured($0) != 0 } ?? false
  }

  // MARK: Strips and tiles

  /// How many strips or tiles the directory lists.
  var pieceCount: Int {
    unsafe isTiled ? Int(TIFFNumberOfTiles(tiff)) : Int(TIFFNumberOfStrips(tiff))
  }

  /// Where the compressed bytes of a strip or tile lie: as the file says, unchecked.
  func place(ofPiece piece: Int) -> (offset: UInt64, count: UInt64) {
    let number = UInt32(piece)
    return unsafe (TIFFGetStrileOffset(tiff, number), TIFFGetStrileByteCount(tiff, number))
  }

  /// The file's bytes of a strip or tile, cut at the end of the file.
  func bytes(ofPiece piece: Int) -> Range<Int> {
    let (offset, count) = place(ofPiece: piece)
    let size = UInt64(map.count)
    let start = min(offset, size)
    return Int(start)..<Int(start + min(count, size - start))
  }

  /// Decodes a whole strip or tile into `target`, whose size is the decoded one.
  func decode(piece: Int, page: Int, into target: inout MutableRawSpan) throws {
    forgetComplaint()
    openStrip = -1
    takeOverDifferences()
    let compressed = bytes(ofPiece: piece)
    map.willNeed(compressed)
    defer { map.doneWith(compressed) }
    let isTiled = isTiled
    let expected = target.byteCount
    let got = unsafe target.withUnsafeMutableBytes { buffer in
      unsafe isTiled
        ? TIFFReadEncodedTile(tiff, UInt32(piece), buffer.baseAddress, tmsize_t(expected))
        : TIFFReadEncodedStrip(tiff, UInt32(piece), buffer.baseAddress, tmsize_t(expected))
    }
    let place = "page \(page), \(isTiled ? "tile" : "strip") \(piece)"
    guard got >= 0 else { throw failure(place, "can't be decoded") }
    guard got == expected else {
      throw failure(place, "decodes to \(got) bytes instead of \(expected)")
    }
    undoDifferences(&target)
  }

  /// Decodes the next rows of a strip into `target`; `rows` begins at `nextRow` or at the strip's start.
  func decode(
    rows: Range<Int>, ofStrip strip: Int, stripRows: Range<Int>, page: Int,
    into target: inout MutableRawSpan
  ) throws {
    if openStrip != strip || nextRow != rows.lowerBound {
      precondition(
        rows.lowerBound == stripRows.lowerBound, "Rows are decoded from a strip's start on")
    }
    forgetComplaint()
    openStrip = -1
    takeOverDifferences()
    let advice = window(of: rows, in: stripRows, strip: strip)
    map.willNeed(advice)
    defer { map.doneWith(advice) }
    let rowBytes = target.byteCount / rows.count
    let failed = unsafe target.withUnsafeMutableBytes { buffer -> Int? in
      for (index, row) in rows.enumerated() {
        let start = unsafe buffer.baseAddress.unsafelyUnwrapped + index * rowBytes
        if unsafe TIFFReadScanline(tiff, start, UInt32(row), 0) != 1 { return row }
      }
      return nil
    }
    if let failed {
      throw failure("page \(page), strip \(strip), row \(failed)", "can't be decoded")
    }
    undoDifferences(&target)
    openStrip = strip
    nextRow = rows.upperBound
  }

  /// Tells the library to leave pixels that are stored as differences as they are: see `Differences`.
  private func takeOverDifferences() {
    guard differences == nil else { return }
    differences = (false, 0, 0)
    // Only these codecs have a predictor; of others the library must not be asked for one.
    let codecs = [
      COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_LZMA,
      COMPRESSION_ZSTD,
    ]
    guard let compression = short(TIFFTAG_COMPRESSION), codecs.contains(Int32(compression)),
      short(TIFFTAG_PREDICTOR) == Int(PREDICTOR_HORIZONTAL), short(TIFFTAG_SAMPLESPERPIXEL) == 1,
      let bits = short(TIFFTAG_BITSPERSAMPLE), [8, 16, 32, 64].contains(bits),
      let pixels = long(isTiled ? TIFFTAG_TILEWIDTH : TIFFTAG_IMAGEWIDTH), pixels > 0,
      unsafe ctiff_set_int(tiff, UInt32(TIFFTAG_PREDICTOR), UInt32(PREDICTOR_NONE)) == 1
    else { return }
    differences = (true, pixels, bits / 8)
  }

  private func undoDifferences(_ target: inout MutableRawSpan) {
    guard let differences, differences.isStored else { return }
    Differences.undo(&target, pixels: differences.pixels, bytesPerPixel: differences.bytes)
  }

  /// About where the compressed bytes of some rows lie: codes are spread evenly enough to read ahead.
  private func window(of rows: Range<Int>, in stripRows: Range<Int>, strip: Int) -> Range<Int> {
    let whole = bytes(ofPiece: strip)
    func place(_ row: Int) -> Double {
      Double(whole.count) * Double(row - stripRows.lowerBound) / Double(stripRows.count)
    }
    let slack = 1 << 20
    let first = max(0, Int(place(rows.lowerBound)) - slack)
    let last = min(whole.count, Int(place(rows.upperBound)) + slack)
    return whole.lowerBound + first..<whole.lowerBound + max(first, last)
  }

  // MARK: Errors

  private func forgetComplaint() { unsafe ctiff_forget_complaint(source) }

  private func failure(_ place: String, _ reason: String) -> BrickworkError {
    let words = unsafe String(cString: ctiff_complaint(source))
    return BrickworkError(
      .damagedInput, path: map.path, place: place,
      reason: words.isEmpty ? reason : "\(reason): \(words)", remedy: "Restore the file from a copy"
    )
  }
}
