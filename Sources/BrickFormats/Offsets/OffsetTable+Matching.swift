public import BrickCore
internal import BrickFiles

extension OffsetTable {
  /// The offsets in voxels, x, y, z, of the tiles with these names, in their order.
  ///
  /// Where the table holds file names, tiles are found by theirs, folders left aside, and further
  /// rows are ignored. Otherwise rows belong to tiles by their number, or one after the other, and
  /// both counts must agree.
  ///
  /// - Throws: `BrickworkError` naming the tiles that have no row or several, or both counts.
  public func offsets(for tileNames: [String], voxelSize: VoxelSize) throws -> [Point3] {
    let found = namesAreFiles ? try matchedByName(tileNames) : try matchedByOrder(tileNames.count)
    return try found.map { row in
      let point = row.inVoxels(of: voxelSize)
      for value in [point.x, point.y, point.z] {
        _ = try Self.checked(value, path: source, place: row.name ?? "tile \(row.index ?? 0)")
      }
      return point
    }
  }

  private func matchedByName(_ tileNames: [String]) throws -> [TileOffset] {
    var byName: [String: [TileOffset]] = [:]
    for row in rows { byName[Files.name(of: row.name ?? ""), default: []].append(row) }
    var seen: [String: Int] = [:]
    var (missing, ambiguous): ([String], [String]) = ([], [])
    var found: [TileOffset] = []
    for tile in tileNames {
      let file = key(Files.name(of: tile), in: byName)
      let image = seen[file, default: 0]
      seen[file] = image + 1
      guard let candidates = byName[file] else {
        missing.append(tile)
        continue
      }
      let own =
        candidates.allSatisfy { $0.series != nil }
        ? candidates.filter { $0.series == image } : candidates
      switch own.count {
      case 0: missing.append("\(tile) (series \(image))")
      case 1 where image == 0 || own[0].series != nil: found.append(own[0])
      default: ambiguous.append(tile)
      }
    }
    if !missing.isEmpty {
      throw BrickworkError(
        .badRequest, path: source,
        reason: "\(missing.count) of \(tileNames.count) tiles have no row: \(listed(missing))",
        remedy:
          "Its \(rows.count) rows name \(listed(rows.map { $0.name ?? "" })). Correct the names, "
          + "or remove them to match rows and tiles by their order")
    }
    if !ambiguous.isEmpty {
      throw BrickworkError(
        .badRequest, path: source,
        reason: "names occur more than once, in its rows or among the tiles: \(listed(ambiguous))",
        remedy: "Give each tile a name of its own, or remove the names to match by order")
    }
    return found
  }

  /// The row name that means this tile: the same, or the file part of "file, image".
  private func key(_ tile: String, in rows: [String: [TileOffset]]) -> String {
    if rows[tile] != nil { return tile }
    let ends = tile.indices.filter { " ,:;#[(".contains(tile[$0]) }
    return ends.reversed().lazy.map { String(tile[..<$0]) }.first { rows[$0] != nil } ?? tile
  }

  private func matchedByOrder(_ count: Int) throws -> [TileOffset] {
    guard rows.count == count else {
      throw BrickworkError(
        .badRequest, path: source, reason: "has \(rows.count) offsets for \(count) tiles",
        remedy: "Give one row per tile in the order of the sources, or a column 'tile' with their "
          + "file names")
    }
    guard rows.allSatisfy({ $0.index != nil }) else { return rows }
    // Numbers need not start at 0 (setup ids of a project): their order is what counts.
    let sorted = rows.sorted { ($0.index ?? 0) < ($1.index ?? 0) }
    for (row, next) in zip(sorted, sorted.dropFirst()) where row.index == next.index {
      throw BrickworkError(
        .badRequest, path: source, reason: "has two rows for tile \(row.index ?? 0)",
        remedy: "Give each tile one row")
    }
    return sorted
  }

  private func listed(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", … (\(names.count))" : "")
  }
}
