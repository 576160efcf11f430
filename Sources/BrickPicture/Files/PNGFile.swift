internal import BrickCore
internal import BrickFiles
internal import CPNG

/// A PNG file, written row by row through libpng; one row is held at a time.
@safe
public final class PNGFile: PictureFile {
  private let path: String
  private let file: ReplacingFile
  private let rowBytes: Int
  private let height: Int
  private var rows = 0
  /// What libpng keeps; it needs an address that stays.
  private let writer: UnsafeMutablePointer<cpng_writer>
  private var failure: (any Error)?
  private var isDone = false

  /// Begins a file of `width` × `height` pixels that will lie at `path`.
  ///
  /// - Throws: `BrickworkError` if the file can't be made, or a PNG can't have that size.
  public init(_ path: String, width: Int, height: Int, kind: PixelKind) throws {
    guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height), width > 0,
      height > 0, width <= Int(Int32.max) / 3, height <= Int(Int32.max)
    else {
      throw BrickworkError(
        .badRequest, path: path, reason: "a PNG picture can't have \(width)×\(height) pixels",
        remedy: "Choose a smaller --size")
    }
    self.path = path
    self.height = height
    rowBytes = width * kind.byteCount
    file = try ReplacingFile(temporaryPath: path + ".partial")
    unsafe writer = .allocate(capacity: 1)
    unsafe writer.initialize(to: cpng_writer())
    unsafe writer.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    unsafe writer.pointee.write = { context, bytes, count in
      guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
      let png = unsafe Unmanaged<PNGFile>.fromOpaque(context).takeUnretainedValue()
      return unsafe png.take(UnsafeRawBufferPointer(start: bytes, count: count)) ? 1 : 0
    }
    let begun = unsafe cpng_begin(
      writer, columns, rows, Int32(kind.bits), Int32(kind.channels))
    // From here on the file is given up by `deinit`.
    try check(begun)
  }

  deinit {
    unsafe cpng_free(writer)
    unsafe writer.deallocate()
    if !isDone { file.discard() }
  }

  /// Compresses whole rows.
  public func append(_ rows: RawSpan) throws {
    precondition(rows.byteCount.isMultiple(of: rowBytes), "Rows are whole")
    precondition(
      self.rows + rows.byteCount / rowBytes <= height, "A picture ends with its last row")
    for start in stride(from: 0, to: rows.byteCount, by: rowBytes) {
      let row = rows.extracting(start..<start + rowBytes)
      let written = unsafe row.withUnsafeBytes { bytes in
        unsafe cpng_row(writer, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
      }
      try check(written)
      self.rows += 1
    }
  }

  /// Ends the file and gives it its name.
  public func finish() throws {
    precondition(rows == height, "\(rows) of \(height) rows were written")
    try check(unsafe cpng_end(writer))
    try file.seal()
    try Files.rename(path + ".partial", to: path)
    isDone = true
    try Files.flushFolder(Files.folder(of: path))
  }

  private func check(_ result: Int32) throws {
    if let failure { throw failure }
    guard result != 1 else { return }
    let words = unsafe withUnsafeBytes(of: writer.pointee.message) { message in
      unsafe String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw BrickworkError(
      .inputOutput, path: path,
      reason: "libpng could not write the picture: \(words.isEmpty ? "out of memory" : words)")
  }

  private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do {
      try unsafe file.append(RawSpan(_unsafeBytes: bytes))
      return true
    } catch {
      failure = error
      return false
    }
  }
}
