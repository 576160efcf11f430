internal import BrickCore
internal import BrickFiles

/// A picture as it was drawn, as an uncompressed TIFF of one strip that every program reads.
///
/// Volumes and raw values are written by `TIFFWriter`; this is for drawn pixels, grey or coloured. Source of the
/// format: TIFF 6.0, baseline grey and RGB images.
public final class TIFFPicture: PictureFile {
  private let path: String
  private let file: ReplacingFile
  private let end: Int
  private var isDone = false

  /// Begins a file of `width` × `height` pixels that will lie at `path`.
  ///
  /// - Throws: `BrickworkError` if the file can't be made, or would not fit the 4 GiB of a plain TIFF.
  public init(_ path: String, width: Int, height: Int, kind: PixelKind) throws {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, pixels < 1 << 30 else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "a drawn TIFF picture can't have \(width)×\(height) pixels",
        remedy: "Choose a smaller --size, or a PNG file")
    }
    self.path = path
    let head = Self.head(width: width, height: height, kind: kind)
    end = head.count + pixels * kind.byteCount
    file = try ReplacingFile(temporaryPath: path + ".partial")
    do { try unsafe file.append(head.span.bytes) } catch {
      file.discard()
      throw error
    }
  }

  deinit { if !isDone { file.discard() } }

  /// Appends whole rows.
  public func append(_ rows: RawSpan) throws { try file.append(rows) }

  /// Ends the file and gives it its name.
  public func finish() throws {
    precondition(file.count == end, "\(file.count) of \(end) bytes were written")
    try file.seal()
    try Files.rename(path + ".partial", to: path)
    isDone = true
    try Files.flushFolder(Files.folder(of: path))
  }

  /// The header and the directory; the pixels follow.
  private static func head(width: Int, height: Int, kind: PixelKind) -> [UInt8] {
    let isColor = kind == .rgb8
    let (short, long) = (3, 4)
    // The three equal bit depths of a colour don't fit their entry and stand behind the directory.
    let entryCount = 10
    let depths = 8 + 2 + entryCount * 12 + 4
    let start = depths + (isColor ? 6 : 0)
    let entries: [(tag: Int, type: Int, count: Int, value: Int)] = [
      (256, long, 1, width), (257, long, 1, height),
      (258, short, kind.channels, isColor ? depths : kind.bits),
      (259, short, 1, 1), (262, short, 1, isColor ? 2 : 1), (273, long, 1, start),
      (277, short, 1, kind.channels), (278, long, 1, height),
      (279, long, 1, width * height * kind.byteCount), (284, short, 1, 1),
    ]
    precondition(entries.count == entryCount)
    // The order of the bytes is the processor's, as for 16-bit pixels.
    let isLittle = 1.littleEndian == 1
    var bytes: [UInt8] = isLittle ? [0x49, 0x49] : [0x4D, 0x4D]
    func append(_ value: Int, _ count: Int) {
      for place in 0..<count {
        bytes.append(
          UInt8(truncatingIfNeeded: value >> (8 * (isLittle ? place : count - 1 - place))))
      }
    }
    append(42, 2)
    append(8, 4)
    append(entries.count, 2)
    for entry in entries {
      append(entry.tag, 2)
      append(entry.type, 2)
      append(entry.count, 4)
      if entry.type == short && entry.count == 1 {
        append(entry.value, 2)
        append(0, 2)
      } else {
        append(entry.value, 4)
      }
    }
    append(0, 4)
    if isColor { for _ in 0..<3 { append(kind.bits, 2) } }
    return bytes
  }
}
