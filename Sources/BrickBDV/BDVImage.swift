public import BrickCore
internal import BrickHDF5

/// One tile of a BigDataViewer HDF5 project: its setups are channels.
public struct BDVImage: TileImage {
  /// What the project says about the tile.
  public let info: TileInfo
  /// The stored resolutions, finest first: each level's voxels are means of blocks of level 0 by usual writers.
  ///
  /// Previews may take a coarse one. They are no substitute for thinning out, so `reduced` offers none.
  public let levels: [MipmapLevel]
  let source: HDF5Source
  /// The setup of each channel.
  let setups: [Setup]
  /// The ids of the time points.
  let timepoints: [Int]
  let missingViews: Set<BDVProject.View>
  /// Whether an XML says which views are missing; without one, those that aren't there are.
  let isDeclared: Bool

  /// A setup as its tables and its first view show it.
  struct Setup: Sendable {
    var id: Int
    /// The type the file announces; nil in the older convention.
    var announced: VoxelType?
    var levels: [MipmapLevel]
  }

  init(
    info: TileInfo, source: HDF5Source, setups: [Setup], timepoints: [Int],
    missingViews: Set<BDVProject.View>, isDeclared: Bool
  ) {
    self.info = info
    self.source = source
    self.setups = setups
    self.timepoints = timepoints
    self.missingViews = missingViews
    self.isDeclared = isDeclared
    levels = setups.first?.levels ?? []
  }

  /// The voxels of a channel at a time point, full resolution.
  ///
  /// Views that the project lists as missing are zero.
  /// - Throws: `BrickworkError` with code `.missingInput`, naming the partition file, if a view that should be
  ///   there isn't.
  public func volume(channel: Int, timepoint: Int) throws -> any Volume {
    try volume(channel: channel, timepoint: timepoint, level: 0)
  }

  /// The voxels of a channel at a time point, at a stored resolution.
  ///
  /// - Parameter level: a place in `levels`.
  /// - Throws: `BrickworkError` as `volume(channel:timepoint:)`; `.badRequest` if there is no such level.
  public func volume(channel: Int, timepoint: Int, level: Int) throws -> any Volume {
    guard setups.indices.contains(channel), timepoints.indices.contains(timepoint) else {
      throw BrickworkError(
        .badRequest, path: info.path, place: info.name,
        reason: "has no channel \(channel) at time point \(timepoint); it has \(setups.count) and "
          + "\(timepoints.count), both counted from 0")
    }
    let setup = setups[channel]
    guard setup.levels.indices.contains(level) else {
      throw BrickworkError(
        .badRequest, path: info.path, place: info.name,
        reason: "has \(setup.levels.count) levels, and level \(level) is not among them")
    }
    let view = BDVProject.View(timepoint: timepoints[timepoint], setup: setup.id)
    let name = BDVNames.cells(timepoint: view.timepoint, setup: view.setup, level: level)
    if missingViews.contains(view) { return zeros(of: setup, level) }
    switch try source.presence(of: name) {
    case .present: break
    case .absent where !isDeclared: return zeros(of: setup, level)
    case .absent:
      throw BrickworkError(
        .missingInput, path: info.path, place: name,
        reason: "the view of time point \(view.timepoint), setup \(view.setup) is not in the file, "
          + "and the XML does not list it as missing",
        remedy: "Restore the file, or add the view to <MissingViews> to read it as zeros")
    case .broken(let partition):
      throw BrickworkError(
        .missingInput, path: info.path, place: name,
        reason: "lies in the partition file \(partition), which can't be opened or lacks it",
        remedy: "Put the partition file beside the master, or add the view to <MissingViews>")
    }
    let stored = try source.shape(of: name)
    let type = BDVFile.type(setup.announced, stored: stored.type)
    guard type == info.type, level > 0 || stored.size == info.size else {
      throw BrickworkError(
        .unsupportedInput, path: info.path, place: name,
        reason:
          "holds \(stored.size) of \(type), but the tile's first view \(info.size) of \(info.type)",
        remedy: "Export the views again in one size and type")
    }
    return try source.volume(name, as: type)
  }

  private func zeros(of setup: Setup, _ level: Int) -> any Volume {
    let factor = setup.levels[level].factor
    return ZeroVolume(type: info.type, size: info.size.dividedRoundingUp(by: factor))
  }
}

/// A view that was never acquired.
struct ZeroVolume: Volume {
  let type: VoxelType
  let size: Index3

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    block.clear()
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }
}
