/// How viewers show one channel of an OME-Zarr image: an entry of `omero.channels`.
public struct OMEChannel: Sendable, Hashable {
  /// The values between which a channel is shown at first, and what its slider spans.
  public struct Window: Sendable, Hashable {
    /// The slider's ends.
    public var min: Double, max: Double
    /// What is shown black and what in full colour.
    public var start: Double, end: Double

    /// A window from its four values.
    public init(min: Double, max: Double, start: Double, end: Double) {
      self.min = min
      self.max = max
      self.start = start
      self.end = end
    }
  }

  /// The channel's name; may be empty.
  public var name: String
  /// Six hexadecimal digits without #.
  public var color: String
  /// The contrast; nil leaves it to the viewer.
  public var window: Window?

  /// A channel from its parts.
  public init(name: String, color: String, window: Window?) {
    self.name = name
    self.color = color
    self.window = window
  }

  /// The colour of a channel among `count`: white for a single one, magenta and green for two, and for
  /// more cyan, yellow, magenta, red, green, blue and so on, as napari colours channels.
  public static func usualColor(_ channel: Int, of count: Int) -> String {
    switch count {
    case ...1: return "FFFFFF"
    case 2: return channel == 0 ? "FF00FF" : "00FF00"
    default:
      let colors = ["00FFFF", "FFFF00", "FF00FF", "FF0000", "00FF00", "0000FF"]
      return colors[channel % colors.count]
    }
  }
}
