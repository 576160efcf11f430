/// Writes pictures as PNG files from rows that are asked for.
public enum PNGWriter {
  /// Bits of one pixel.
  public enum Depth: Int, Sendable, Hashable {
    case bits8 = 8
    case bits16 = 16
  }

  /// Writes the grey picture whose rows `row` fills in, asked from the top down, and puts it in place
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
    try write(
      path, width: width, height: height, kind: depth == .bits8 ? .gray8 : .gray16, row: row)
  }

  /// The same for pixels of any kind: in colour, red, green and blue follow one another.
  public static func write(
    _ path: String, width: Int, height: Int, kind: PixelKind,
    row: (_ y: Int, _ pixels: inout [UInt8]) throws -> Void
  ) throws {
    let file = try PNGFile(path, width: width, height: height, kind: kind)
    var pixels = [UInt8](repeating: 0, count: width * kind.byteCount)
    for y in 0..<height {
      try row(y, &pixels)
      precondition(pixels.count == width * kind.byteCount, "A row keeps its size")
      try unsafe file.append(pixels.span.bytes)
    }
    try file.finish()
  }
}
