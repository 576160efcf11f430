internal import BrickCore

/// A dataset as a tile: its dimensions are axes, channels, time points, or fixed.
struct HDF5Image: TileImage {
  let info: TileInfo
  private let stored: HDF5Stored
  private let axes: HDF5Axes

  /// A tile of a dataset.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the axes don't fit its dimensions.
  init(_ stored: HDF5Stored, _ axes: HDF5Axes, voxelSize: VoxelSize?, notes: [String]) throws {
    let dimensions = stored.layout.dimensions
    func wrong(_ reason: String) -> BrickworkError {
      BrickworkError(
        .badRequest, path: stored.source.path, place: stored.name, reason: reason,
        remedy: "Name one axis per dimension, slowest first")
    }
    guard axes.axes.count == dimensions.count else {
      throw wrong("has \(dimensions.count) dimensions, but \(axes.axes.count) axes are given")
    }
    for (axis, count) in zip(axes.axes, dimensions) {
      if case .fixed(let index) = axis, index >= count {
        throw wrong("has \(count) elements along a dimension fixed at \(index)")
      }
    }
    func count(_ axis: HDF5Axes.Axis) -> Int { axes.dimension(axis).map { dimensions[$0] } ?? 1 }
    let (channels, timepoints) = (count(.channel), count(.time))
    let size = Index3(z: count(.z), y: count(.y), x: count(.x))
    guard channels > 0, timepoints > 0, !Box3(size: size).isEmpty else {
      throw BrickworkError(
        .unsupportedInput, path: stored.source.path, place: stored.name,
        reason: "has no voxels: its dimensions are \(dimensions)")
    }
    guard channels <= 1 << 16, timepoints <= 1 << 24 else {
      throw wrong("has \(channels) channels and \(timepoints) time points: too many to be any")
    }
    self.stored = stored
    self.axes = axes
    info = TileInfo(
      path: stored.source.path, name: String(stored.name.drop { $0 == "/" }),
      format: "HDF5 (\(stored.layout.words))", type: stored.layout.type, size: size,
      channelNames: Array(repeating: "", count: channels), timepoints: timepoints,
      voxelSize: voxelSize, notes: notes)
  }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    guard info.channelNames.indices.contains(channel), (0..<info.timepoints).contains(timepoint)
    else {
      throw BrickworkError(
        .badRequest, path: info.path, place: stored.name,
        reason: "has no channel \(channel) at time point \(timepoint); it has "
          + "\(info.channelNames.count) and \(info.timepoints), both counted from 0")
    }
    let first = axes.axes.map { axis in
      switch axis {
      case .channel: channel
      case .time: timepoint
      case .fixed(let index): index
      case .z, .y, .x: 0
      }
    }
    guard let y = axes.dimension(.y), let x = axes.dimension(.x) else {
      throw BrickworkError(.badRequest, path: info.path, reason: "a tile needs the axes y and x")
    }
    return try stored.volume(
      HDF5Window(first: first, z: axes.dimension(.z), y: y, x: x, of: stored.layout))
  }
}
