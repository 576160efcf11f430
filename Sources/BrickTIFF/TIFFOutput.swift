internal import BrickCore
internal import BrickFiles
internal import CTIFF

/// Pixels per length along x and y, and the unit's number in TIFF.
struct PixelDensity {
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

/// One libtiff handle that writes through a file of ours: the only place where the library writes.
@safe
final class TIFFOutput {
  /// What the library's procedures need, and the first error one of them met.
  private final class Target {
    let file: ReplacingFile
    var position: UInt64 = 0
    var failure: (any Error)?

    init(_ file: ReplacingFile) { self.file = file }
  }

  private let target: Target
  private let complaints: UnsafeMutablePointer<ctiff_source>
  private let tiff: OpaquePointer
  private let path: String
  private var page = 0

  init(_ file: ReplacingFile, path: String, isBigTIFF: Bool) throws {
    let target = Target(file)
    let complaints = UnsafeMutablePointer<ctiff_source>.allocate(capacity: 1)
    unsafe complaints.initialize(to: ctiff_source())
    // Little-endian whatever the machine; "8" is BigTIFF.
    let opened = unsafe ctiff_create(
      complaints, path, isBigTIFF ? "wl8" : "wl", Unmanaged.passUnretained(target).toOpaque(),
      { handle, bytes, count in unsafe TIFFOutput.read(handle, bytes, count) },
      { handle, bytes, count in unsafe TIFFOutput.write(handle, bytes, count) },
      { handle, offset, whence in unsafe TIFFOutput.seek(handle, offset, whence) },
      { handle in UInt64(unsafe TIFFOutput.target(handle)?.file.count ?? 0) })
    guard let tiff = unsafe opened else {
      let words = unsafe String(cString: ctiff_complaint(complaints))
      unsafe complaints.deallocate()
      throw target.failure
        ?? BrickworkError(.inputOutput, path: path, reason: "libtiff can't write it: \(words)")
    }
    self.target = target
    self.path = path
    unsafe self.complaints = complaints
    unsafe self.tiff = tiff
  }

  deinit {
    // Nothing is pending after a finished page; after a failure the file is thrown away.
    unsafe TIFFClose(tiff)
    unsafe complaints.deallocate()
  }

  // MARK: Pages

  func beginPage(
    width: Int, height: Int, rowsPerStrip: Int, type: VoxelType,
    compression: TIFFWriter.Compression, resolution: PixelDensity?, description: String?
  ) throws {
    try set(TIFFTAG_IMAGEWIDTH, width)
    try set(TIFFTAG_IMAGELENGTH, height)
    try set(TIFFTAG_BITSPERSAMPLE, type.byteCount * 8)
    try set(TIFFTAG_SAMPLESPERPIXEL, 1)
    let format =
      type.isFloat ? SAMPLEFORMAT_IEEEFP : type.isSigned ? SAMPLEFORMAT_INT : SAMPLEFORMAT_UINT
    try set(TIFFTAG_SAMPLEFORMAT, Int(format))
    try set(TIFFTAG_PHOTOMETRIC, Int(PHOTOMETRIC_MINISBLACK))
    try set(TIFFTAG_PLANARCONFIG, Int(PLANARCONFIG_CONTIG))
    try set(TIFFTAG_ROWSPERSTRIP, rowsPerStrip)
    try setCompression(compression, type)
    if let resolution {
      try set(TIFFTAG_RESOLUTIONUNIT, Int(resolution.unit))
      for (tag, value) in [
        (TIFFTAG_XRESOLUTION, resolution.x), (TIFFTAG_YRESOLUTION, resolution.y),
      ] {
        // A quotient of 32-bit numbers: what lies beyond is left to the description.
        guard value > 1e-6, value < 4e9 else { continue }
        try check(unsafe ctiff_set_double(tiff, UInt32(tag), value), "tag \(tag)")
      }
    }
    if let description {
      try check(
        unsafe ctiff_set_text(tiff, UInt32(TIFFTAG_IMAGEDESCRIPTION), description), "description")
    }
  }

  private func setCompression(_ compression: TIFFWriter.Compression, _ type: VoxelType) throws {
    switch compression {
    case .none: return try set(TIFFTAG_COMPRESSION, Int(COMPRESSION_NONE))
    case .lzw: try set(TIFFTAG_COMPRESSION, Int(COMPRESSION_LZW))
    case .deflate(let level):
      try set(TIFFTAG_COMPRESSION, Int(COMPRESSION_ADOBE_DEFLATE))
      try set(TIFFTAG_ZIPQUALITY, level)
    case .zstd(let level):
      guard TIFFIsCODECConfigured(UInt16(COMPRESSION_ZSTD)) != 0 else {
        throw BrickworkError(
          .badRequest, path: path, reason: "this machine's libtiff can't compress with Zstandard",
          remedy: "Choose --compression deflate")
      }
      try set(TIFFTAG_COMPRESSION, Int(COMPRESSION_ZSTD))
      try set(TIFFTAG_ZSTD_LEVEL, level)
    }
    // Differences of 64-bit integers are not read by every program.
    if type.isFloat {
      try set(TIFFTAG_PREDICTOR, Int(PREDICTOR_FLOATINGPOINT))
    } else if type.byteCount < 8 {
      try set(TIFFTAG_PREDICTOR, Int(PREDICTOR_HORIZONTAL))
    }
  }

  /// Compresses and writes a strip; its bytes may be changed.
  func writeStrip(_ strip: Int, _ bytes: inout MutableRawSpan) throws {
    let count = bytes.byteCount
    let written = unsafe bytes.withUnsafeMutableBytes {
      unsafe TIFFWriteEncodedStrip(tiff, UInt32(strip), $0.baseAddress, tmsize_t(count))
    }
    try check(written == tmsize_t(count) ? 1 : 0, "strip \(strip)")
  }

  func endPage() throws {
    try check(unsafe TIFFWriteDirectory(tiff), "its directory")
    page += 1
  }

  private func set(_ tag: Int32, _ value: Int) throws {
    try check(unsafe ctiff_set_int(tiff, UInt32(tag), UInt32(value)), "tag \(tag)")
  }

  private func check(_ result: Int32, _ what: String) throws {
    if let failure = target.failure { throw failure }
    guard result != 1 else { return }
    let words = unsafe String(cString: ctiff_complaint(complaints))
    throw BrickworkError(
      .inputOutput, path: path, place: "page \(page)",
      reason: "\(what) can't be written" + (words.isEmpty ? "" : ": \(words)"))
  }

  // MARK: The library's procedures

  private static func target(_ handle: UnsafeMutableRawPointer?) -> Target? {
    unsafe handle.map { unsafe Unmanaged<Target>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func read(
    _ handle: UnsafeMutableRawPointer?, _ bytes: UnsafeMutableRawPointer?, _ count: tmsize_t
  ) -> tmsize_t {
    guard let target = unsafe target(handle), let bytes = unsafe bytes, count > 0 else { return 0 }
    var span = unsafe MutableRawSpan(_unsafeStart: bytes, byteCount: Int(count))
    do {
      let got = try target.file.read(into: &span, at: Int(clamping: target.position))
      target.position += UInt64(got)
      return tmsize_t(got)
    } catch {
      target.failure = target.failure ?? error
      return -1
    }
  }

  private static func write(
    _ handle: UnsafeMutableRawPointer?, _ bytes: UnsafeMutableRawPointer?, _ count: tmsize_t
  ) -> tmsize_t {
    guard let target = unsafe target(handle), let bytes = unsafe bytes, count > 0 else { return 0 }
    let span = unsafe RawSpan(_unsafeStart: bytes, byteCount: Int(count))
    do {
      try target.file.write(span, at: Int(clamping: target.position))
      target.position += UInt64(count)
      return count
    } catch {
      target.failure = target.failure ?? error
      return -1
    }
  }

  private static func seek(_ handle: UnsafeMutableRawPointer?, _ offset: UInt64, _ whence: Int32)
    -> UInt64
  {
    guard let target = unsafe target(handle) else { return .max }
    let start: UInt64 =
      switch whence {
      case SEEK_CUR: target.position
      case SEEK_END: UInt64(target.file.count)
      default: 0
      }
    target.position = start &+ offset
    return target.position
  }
}
