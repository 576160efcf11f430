public import BrickCore
internal import BrickFiles

extension OffsetTable {
  /// The row of each tile, in the tiles' order.
  ///
  /// A tile whose name no other has is found by it, where one row has that name. Otherwise, where the table holds file
  /// names, tiles are found by theirs, folders left aside unless names differ by them alone; the tiles of one file
  /// take its rows by their series, or one after the other if there are as many. Further rows are ignored. Tables
  /// without file names belong to tiles by their number, or one row after the other, and both counts must agree.
  ///
  /// - Throws: `BrickworkError` naming the tiles that have no row or several, or both counts.
  public func rows(for tiles: [TileInfo]) throws -> [TileOffset] {
    try matched(tiles.map { Key(name: $0.name, path: $0.path) })
  }

  /// The offsets in voxels, x, y, z, of the tiles, in their order; `rows(for:)` says how rows are found.
  ///
  /// - Throws: `BrickworkError` naming the tiles that have no row or several, or both counts.
  public func offsets(for tiles: [TileInfo], voxelSize: VoxelSize) throws -> [Point3] {
    try inVoxels(try rows(for: tiles), voxelSize)
  }

  /// The offsets in voxels, x, y, z, of the tiles with these file names, in their order.
  ///
  /// - Throws: `BrickworkError` naming the tiles that have no row or several, or both counts.
  public func offsets(for tileNames: [String], voxelSize: VoxelSize) throws -> [Point3] {
    try inVoxels(
      try matched(tileNames.map { Key(name: Files.name(of: $0), path: $0) }), voxelSize)
  }

  /// By what a tile is found.
  private struct Key {
    var name: String
    var path: String
  }

  private func inVoxels(_ rows: [TileOffset], _ voxelSize: VoxelSize) throws -> [Point3] {
    try rows.map { row in
      let point = row.inVoxels(of: voxelSize)
      for value in [point.x, point.y, point.z] {
        _ = try Self.checked(value, path: source, place: row.name ?? "tile \(row.index ?? 0)")
      }
      return point
    }
  }

  private func matched(_ tiles: [Key]) throws -> [TileOffset] {
    let own = matchedByTileName(tiles)
    if namesAreFiles { return try matchedByFile(tiles, own) }
    let named = own.compactMap { $0 }
    return named.count == tiles.count ? named : try matchedByOrder(tiles.count)
  }

  /// The row with the tile's own name, for each tile whose name is the only one of its kind on both sides.
  private func matchedByTileName(_ tiles: [Key]) -> [TileOffset?] {
    var byName: [String: TileOffset?] = [:]
    for row in rows {
      guard let name = row.name else { continue }
      byName[name] = byName[name] == nil && row.series == nil ? .some(row) : .some(nil)
    }
    var count: [String: Int] = [:]
    for tile in tiles { count[tile.name, default: 0] += 1 }
    return tiles.map { count[$0.name] == 1 ? byName[$0.name] ?? nil : nil }
  }

  private func matchedByFile(_ tiles: [Key], _ own: [TileOffset?]) throws -> [TileOffset] {
    var byName: [String: [TileOffset]] = [:]
    for row in rows { byName[Files.name(of: row.name ?? ""), default: []].append(row) }
    var tilesOfPath: [String: Int] = [:]
    for tile in tiles { tilesOfPath[tile.path, default: 0] += 1 }
    var (seen, seenOfPath): ([String: Int], [String: Int]) = ([:], [:])
    var (missing, ambiguous): ([String], [String]) = ([], [])
    var found: [TileOffset] = []
    for (tile, named) in zip(tiles, own) {
      let file = key(Files.name(of: tile.path), in: byName)
      let image = seen[file, default: 0]
      seen[file] = image + 1
      let place = seenOfPath[tile.path, default: 0]
      seenOfPath[tile.path] = place + 1
      if let named {
        found.append(named)
        continue
      }
      guard let candidates = byName[file] else {
        missing.append(tile.path)
        continue
      }
      let own =
        candidates.allSatisfy { $0.series != nil }
        ? candidates.filter { $0.series == image } : candidates
      let sameFolder = own.filter { $0.name.map { tile.path.hasSuffix("/" + $0) } == true }
      if own.isEmpty {
        missing.append("\(tile.path) (series \(image))")
      } else if own.count == 1 && (image == 0 || own[0].series != nil) {
        found.append(own[0])
      } else if sameFolder.count == 1 && own.count > 1 {
        found.append(sameFolder[0])
      } else if own.count > 1 && own.count == tilesOfPath[tile.path] && image == place {
        // As many rows as the file has tiles: one after the other.
        found.append(own[place])
      } else {
        ambiguous.append(tile.path)
      }
    }
    try checkAllFound(missing, ambiguous, of: tiles.count)
    return found
  }

  private func checkAllFound(_ missing: [String], _ ambiguous: [String], of count: Int) throws {
    if !missing.isEmpty {
      throw BrickworkError(
        .badRequest, path: source,
        reason: "\(missing.count) of \(count) tiles have no row: \(listed(missing))",
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
