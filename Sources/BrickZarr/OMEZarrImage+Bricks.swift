public import BrickCore
internal import Synchronization

extension OMEZarrImage {
  /// Voxels of a brick of a level along z, y, x.
  ///
  /// - Precondition: the level exists.
  public func brick(level: Int) -> Index3 { sources[level].brick }

  /// How many bricks were decoded so far for anybody, each as often as it was; those that are stored as they are
  /// count as often as they were looked into.
  public var readBricks: Int {
    sources.reduce(0) { $0 + $1.readBricks.load(ordering: .relaxed) }
  }

  /// The colours of the channels as the group's `omero` gives them, six hexadecimal digits; nil where it gives none.
  public var channelColors: [String?] {
    let channels = Multiscales.metadata(attributes)["omero"]?["channels"]?.arrayValue ?? []
    return info.channelNames.indices.map { channel in
      channels.count == info.channelNames.count ? channels[channel]["color"]?.stringValue : nil
    }
  }
}
