internal import BrickBDV
internal import BrickCore

extension OffsetTable {
  /// Reads the positions in a BigDataViewer or BigStitcher project: one row per view setup, in voxels.
  ///
  /// Of projects with several channels the first one's setups are taken, since all channels of a tile lie in
  /// one place. `timepoint` is the id of one, or counts from 0 where no time point has that id.
  static func readBDV(_ path: String, units: OffsetUnits, timepoint: Int) throws -> OffsetTable {
    guard units != .um else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "offsets of BigDataViewer projects are read as voxels, but --offset-units says um",
        remedy: "Leave out --offset-units")
    }
    let project = try BDVProject(reading: path)
    let views = try project.offsets(timepoint: project.timepointID(timepoint))
    let channels = Dictionary(
      project.setups.map { ($0.id, $0.attributes["channel"] ?? 0) },
      uniquingKeysWith: { first, _ in first })
    let channel = views.first.flatMap { channels[$0.setup] }
    let taken = views.filter { channels[$0.setup] == channel }
    guard !taken.isEmpty else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "no view of time point \(timepoint) has a registration",
        remedy: "Open and save the project in BigStitcher, or give the offsets as a CSV file")
    }
    var warnings = taken.compactMap { view in
      view.warning.map { "\(path), setup \(view.setup): \($0)" }
    }
    if taken.count < views.count {
      warnings.append(
        "\(path): the project has several channels; the offsets are those of channel \(channel ?? 0)"
      )
    }
    let rows = try taken.map { view in
      let place = "setup \(view.setup)"
      let point = Point3(
        x: try checked(view.offset.x, path: path, place: place),
        y: try checked(view.offset.y, path: path, place: place),
        z: try checked(view.offset.z, path: path, place: place))
      return TileOffset(index: view.setup, name: view.name, position: .voxels(point))
    }
    return OffsetTable(
      rows: rows, source: path, format: "BigDataViewer XML",
      voxelSize: taken.lazy.compactMap(\.voxelSize).first, warnings: warnings)
  }
}
