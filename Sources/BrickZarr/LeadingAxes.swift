/// The axes of an image before z, y, x, in OME-Zarr's order: time, then channel.
///
/// One channel at one time point is a part of the image: a volume of its own. Parts are counted with
/// the channel fastest.
public struct LeadingAxes: Sendable, Hashable {
  /// The number of time points, at least 1; nil where the image has no axis t.
  public let timepoints: Int?
  /// The number of channels, at least 1; nil where the image has no axis c.
  public let channels: Int?

  /// The axes of an image that is but one volume: none.
  public static let none = LeadingAxes()

  /// The axes that are not nil, each of them also with a size of 1.
  ///
  /// - Precondition: sizes are at least 1, and there are fewer than 2³¹ parts.
  public init(timepoints: Int? = nil, channels: Int? = nil) {
    let (sizeT, sizeC) = (timepoints ?? 1, channels ?? 1)
    precondition(sizeT > 0 && sizeC > 0, "\(sizeT) time points of \(sizeC) channels are no image")
    let (parts, overflow) = sizeT.multipliedReportingOverflow(by: sizeC)
    precondition(!overflow && parts < 1 << 31, "\(sizeT)×\(sizeC) volumes are too many")
    self.timepoints = timepoints
    self.channels = channels
  }

  /// The number of parts: time points times channels.
  public var count: Int { (timepoints ?? 1) * (channels ?? 1) }
  /// Parts along each axis there is, time first.
  public var sizes: [Int] { [timepoints, channels].compactMap { $0 } }
  /// The axes' names in OME-Zarr: "t", "c".
  public var names: [String] { (timepoints == nil ? [] : ["t"]) + (channels == nil ? [] : ["c"]) }

  /// The time point of a part, counted from 0.
  public func timepoint(of part: Int) -> Int { part / (channels ?? 1) }
  /// The channel of a part, counted from 0.
  public func channel(of part: Int) -> Int { part % (channels ?? 1) }
  /// The part that is a channel at a time point.
  public func part(timepoint: Int, channel: Int) -> Int { timepoint * (channels ?? 1) + channel }

  /// The part's index along each axis there is, time first.
  public func indices(of part: Int) -> [Int] {
    (timepoints == nil ? [] : [timepoint(of: part)]) + (channels == nil ? [] : [channel(of: part)])
  }
}
