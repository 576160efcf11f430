public import BrickBDV
public import BrickCore

extension OffsetTable {
  /// The offset in voxels, x, y, z, of each view setup of a project.
  ///
  /// A row may stand for a tile with all its channels, for a tile with all its channels and illuminations
  /// (the attribute "tile"), or for a single setup: the first of these that the table fits. Rows are found by setup ids
  /// where the numbers of the rows are ids that belong to different tiles, else as `rows(for:)` finds them: by
  /// name, else one after the other in the order of the XML.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the table fits the project in no way, or is in µm and a
  ///   setup has no voxel size.
  public func offsets(in project: BDVProject) throws -> [Int: Point3] {
    let groups = SetupGroup.ways(in: project)
    for group in groups {
      if let rows = rowsBySetup(group) { return try offsets(rows, group, project) }
    }
    var failure: (any Error)?
    for group in groups {
      do {
        let rows = try rows(for: group.map(\.info))
        return try offsets(rows, group, project)
      } catch { failure = failure ?? error }
    }
    guard var error = failure as? BrickworkError else {
      throw BrickworkError(.badRequest, path: project.path, reason: "has no view setup")
    }
    let counts = groups.map { "\($0.count)" }.joined(separator: " or ")
    error.reason +=
      "; \(project.path ?? "the project") has \(project.setups.count) setups of \(counts) tiles"
    throw error
  }

  /// The rows where their numbers are setup ids, one of each group.
  private func rowsBySetup(_ groups: [SetupGroup]) -> [TileOffset]? {
    guard rows.count == groups.count, !namesAreFiles else { return nil }
    var places: [Int: Int] = [:]
    for (place, group) in groups.enumerated() {
      for setup in group.setups { places[setup.id] = place }
    }
    var found = [TileOffset?](repeating: nil, count: groups.count)
    for row in rows {
      guard let place = row.index.flatMap({ places[$0] }), found[place] == nil else { return nil }
      // A name of another tile means that the numbers are no ids.
      if let name = row.name, name != groups[place].name,
        groups.contains(where: { $0.name == name })
      {
        return nil
      }
      found[place] = row
    }
    return found.compactMap { $0 }
  }

  private func offsets(
    _ rows: [TileOffset], _ groups: [SetupGroup], _ project: BDVProject
  ) throws -> [Int: Point3] {
    var offsets: [Int: Point3] = [:]
    for (row, group) in zip(rows, groups) {
      for setup in group.setups {
        let size = setup.voxelSize ?? voxelSize
        guard row.micrometers == nil || size?.isValid == true else {
          throw BrickworkError(
            .badRequest, path: project.path, place: "setup \(setup.id)",
            reason: "has no voxel size, and the offsets of \(source) are in µm",
            remedy: "Give the offsets in voxels")
        }
        let point = row.inVoxels(of: size ?? .unknown)
        for value in [point.x, point.y, point.z] {
          _ = try Self.checked(value, path: source, place: row.name ?? "setup \(setup.id)")
        }
        offsets[setup.id] = point
      }
    }
    return offsets
  }
}

/// Setups that lie at one place.
private struct SetupGroup {
  var name: String
  var setups: [BDVProject.Setup]

  /// How tables find it: by its name.
  var info: TileInfo {
    TileInfo(path: name, name: name, format: "", type: .uint16, size: .one)
  }

  /// The setups as tiles with their channels, as tiles with everything but angles, and one by one.
  static func ways(in project: BDVProject) -> [[SetupGroup]] {
    let channels = project.tiles.map { SetupGroup(name: $0.name, setups: $0.setups) }
    var places: [[Int]: Int] = [:]
    var tiles: [SetupGroup] = []
    for setup in project.setups {
      guard let tile = setup.attributes["tile"] else { continue }
      let key = [tile, setup.attributes["angle"] ?? 0]
      if let place = places[key] {
        tiles[place].setups.append(setup)
      } else {
        places[key] = tiles.count
        tiles.append(
          SetupGroup(
            name: project.attributeNames["tile"]?[tile] ?? setup.name, setups: [setup]))
      }
    }
    let isWhole = tiles.reduce(0) { $0 + $1.setups.count } == project.setups.count
    let single = project.setups.map { SetupGroup(name: $0.name, setups: [$0]) }
    return [channels] + (isWhole && tiles.count < channels.count ? [tiles] : [])
      + (single.count > channels.count ? [single] : [])
  }
}
