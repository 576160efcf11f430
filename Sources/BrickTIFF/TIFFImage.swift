internal import BrickCore

/// Pages put in order: channel, time point and slice to page.
struct TIFFImage: TileImage {
  let info: TileInfo
  private let source: TIFFSource
  /// Pages in the order slice fastest, then channel, then time point.
  private let pages: [Int]
  private let layout: PageLayout

  /// An image of pages that must all have the size and type of the first.
  ///
  /// - Parameter pages: slice fastest, then channel, then time point; not empty.
  init(
    source: TIFFSource, pages: [Int], channelNames: [String], timepoints: Int, name: String,
    format: String, voxelSize: VoxelSize? = nil, position: Point3? = nil
  ) throws {
    layout = try source.layout(ofPage: pages[0])
    for page in pages.dropFirst() {
      let other = try source.layout(ofPage: page)
      guard other.size == layout.size && other.type == layout.type else {
        throw BrickworkError(
          .unsupportedInput, path: source.path, place: "page \(page)",
          reason:
            "is \(other.size) of \(other.type), page \(pages[0]) is \(layout.size) of \(layout.type)",
          remedy: "Save pages of one size as a file of their own")
      }
    }
    let slices = pages.count / (channelNames.count * timepoints)
    let (depth, overflow) = slices.multipliedReportingOverflow(by: layout.size.z)
    let size = Index3(z: depth, y: layout.size.y, x: layout.size.x)
    guard !overflow, let voxels = size.checkedVolume,
      !voxels.multipliedReportingOverflow(by: layout.type.byteCount).overflow
    else {
      throw BrickworkError(
        .damagedInput, path: source.path, reason: "has \(slices) slices of \(layout.size) voxels")
    }
    self.source = source
    self.pages = pages
    let words = layout.words(isBigEndian: source.isBigEndian)
    info = TileInfo(
      path: source.path, name: name,
      format: "\(format) (\(source.isBigTIFF ? "BigTIFF, " : "")\(words))", type: layout.type,
      size: size, channelNames: channelNames, timepoints: timepoints,
      voxelSize: voxelSize.flatMap { $0.isValid ? $0 : nil },
      position: position.flatMap { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite ? $0 : nil })
  }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    guard info.channelNames.indices.contains(channel), (0..<info.timepoints).contains(timepoint)
    else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has no channel \(channel) at time point \(timepoint); it has "
          + "\(info.channelNames.count) and \(info.timepoints), both counted from 0")
    }
    let slices = pages.count / (info.channelNames.count * info.timepoints)
    let start = (timepoint * info.channelNames.count + channel) * slices
    let mine = Array(pages[start..<start + slices])
    let offsets = mine.map { source.pages[$0].dataOffset }
    return offsets.allSatisfy { $0 >= 0 }
      ? MappedPagesVolume(map: source.map, offsets: offsets, layout: layout)
      : DecodedPagesVolume(source: source, pages: mine, layout: layout)
  }
}
