/// A picture file that is written row by row, from the top down, and put in place when it is whole.
///
/// One that is given up before `finish` leaves nothing behind.
public protocol PictureFile: AnyObject {
  /// Appends whole rows of pixels.
  ///
  /// - Throws: `BrickworkError` if they can't be written.
  func append(_ rows: RawSpan) throws
  /// Puts the file in place.
  ///
  /// - Precondition: all rows were appended.
  /// - Throws: `BrickworkError` if it can't be written to its end.
  func finish() throws
}

/// What a pixel of a picture file holds.
public enum PixelKind: Sendable, Hashable {
  /// One byte of grey.
  case gray8
  /// Two bytes of grey in the processor's order.
  case gray16
  /// A byte each of red, green and blue.
  case rgb8

  /// Bytes of one pixel.
  public var byteCount: Int {
    switch self {
    case .gray8: 1
    case .gray16: 2
    case .rgb8: 3
    }
  }

  /// Bits of one channel.
  var bits: Int { self == .gray16 ? 16 : 8 }
  /// Channels of one pixel.
  var channels: Int { self == .rgb8 ? 3 : 1 }
}
