internal import BrickCore
internal import BrickFiles
internal import CPNG

/// Writes grey pictures as PNG files, row by row, through libpng.
public enum PNGWriter {
  /// Bits of one pixel.
  public enum Depth: Int, Sendable, Hashable {
    case bits8 = 8
    case bits16 = 16
  }

  /// Writes the picture whose rows `row` fills in, asked from the top down, and puts it in place
  /// when it is whole.
  ///
  /// `row` gets a buffer of `width` pixels, of one byte or two in the processor's order. One row is
  /// held at a time.
  ///
  /// - Throws: what `row` throws, or `BrickworkError` if the file can't be written or libpng
  ///   refuses the size.
  public static func write(
    _ path: String, width: Int, height: Int, depth: Depth = .bits8,
    row: (_ y: Int, _ pixels: inout [UInt8]) throws -> Void
  ) throws {
    guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height), width > 0,
      height > 0, width <= Int(Int32.max) / 2, height <= Int(Int32.max)
    else {
      throw BrickworkError(
        .badRequest, path: path, reason: "a PNG picture can't have \(width)×\(height) pixels")
    }
    let temporary = path + ".partial"
    let file = try ReplacingFile(temporaryPath: temporary)
    do {
      try withoutActuallyEscaping(row) { row in
        let job = Job(file: file, rowBytes: width * depth.rawValue / 8, row: row)
        try job.run(path: path, width: columns, height: rows, bits: Int32(depth.rawValue))
      }
      try file.seal()
      try Files.rename(temporary, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
  }
}

/// One picture being written: what libpng's callbacks need, and the error one of them met.
@safe
private final class Job {
  private let file: ReplacingFile
  private let row: (Int, inout [UInt8]) throws -> Void
  private var pixels: [UInt8]
  /// The row that libpng sees: it needs an address that outlives the callback.
  private let lent: UnsafeMutableBufferPointer<UInt8>
  private var failure: (any Error)?

  init(file: ReplacingFile, rowBytes: Int, row: @escaping (Int, inout [UInt8]) throws -> Void) {
    self.file = file
    self.row = row
    pixels = [UInt8](repeating: 0, count: rowBytes)
    unsafe lent = .allocate(capacity: rowBytes)
  }

  deinit { unsafe lent.deallocate() }

  func run(path: String, width: UInt32, height: UInt32, bits: Int32) throws {
    var writer = unsafe cpng_writer()
    unsafe writer.context = Unmanaged.passUnretained(self).toOpaque()
    unsafe writer.row = { context, y in
      guard let context = unsafe context else { return nil }
      return unsafe Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().lend(Int(y))
    }
    unsafe writer.write = { context, bytes, count in
      guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
      let job = unsafe Unmanaged<Job>.fromOpaque(context).takeUnretainedValue()
      return unsafe job.append(UnsafeRawBufferPointer(start: bytes, count: count)) ? 1 : 0
    }
    let isDone = unsafe cpng_write_grey(&writer, width, height, bits) == 1
    if let failure { throw failure }
    guard isDone else {
      let words = unsafe withUnsafeBytes(of: writer.message) { message in
        unsafe String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw BrickworkError(
        .inputOutput, path: path,
        reason:
          "libpng could not write \(width)×\(height) pixels: \(words.isEmpty ? "out of memory" : words)"
      )
    }
  }

  private func lend(_ y: Int) -> UnsafePointer<UInt8>? {
    do {
      try row(y, &pixels)
      precondition(unsafe pixels.count == lent.count, "A row keeps its size")
      _ = unsafe lent.update(from: pixels)
      return unsafe UnsafePointer(lent.baseAddress)
    } catch {
      failure = error
      return nil
    }
  }

  private func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do {
      try unsafe file.append(RawSpan(_unsafeBytes: bytes))
      return true
    } catch {
      failure = error
      return false
    }
  }
}
