#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Terminal {
  /// The size of a terminal's window.
  public struct Window: Sendable, Hashable {
    /// Characters along a line.
    public var columns: Int
    /// Lines.
    public var rows: Int
    /// Pixels along a line; nil where the terminal doesn't say.
    public var width: Int?
    /// Pixels from top to bottom.
    public var height: Int?
  }

  /// The window behind the stream: 80 × 24 characters where there is none.
  public static func window(_ stream: Stream) -> Window {
    var size = winsize()
    guard unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0,
      size.ws_row > 0
    else { return Window(columns: 80, rows: 24) }
    let hasPixels = size.ws_xpixel > 0 && size.ws_ypixel > 0
    return Window(
      columns: Int(size.ws_col), rows: Int(size.ws_row),
      width: hasPixels ? Int(size.ws_xpixel) : nil, height: hasPixels ? Int(size.ws_ypixel) : nil)
  }
}
