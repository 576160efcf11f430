/// A colour of 8 bits a channel.
public struct RGB: Sendable, Hashable {
  /// Red, 0 to 255.
  public var red: UInt8
  /// Green, 0 to 255.
  public var green: UInt8
  /// Blue, 0 to 255.
  public var blue: UInt8

  /// A colour from its channels.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// A colour from its six hexadecimal digits as a number, 0xFF00FF.
  public init(hex: UInt32) {
    self.init(
      UInt8(truncatingIfNeeded: hex >> 16), UInt8(truncatingIfNeeded: hex >> 8),
      UInt8(truncatingIfNeeded: hex))
  }

  /// A colour from six hexadecimal digits, as OME-Zarr writes it; nil for anything else.
  public init?(_ digits: String) {
    guard digits.utf8.count == 6, let hex = UInt32(digits, radix: 16) else { return nil }
    self.init(hex: hex)
  }

  /// 0, 0, 0.
  public static let black = RGB(0, 0, 0)
  /// 255, 255, 255.
  public static let white = RGB(255, 255, 255)
}
