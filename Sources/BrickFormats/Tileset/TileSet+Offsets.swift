public import BrickCore

extension TileSet {
  /// Where the offsets of tiles came from.
  public enum OffsetSource: Sendable, Hashable {
    /// A file the user named: a table of offsets, or a tileset file.
    case table(String)
    /// The stage positions in the tiles' own files.
    case stage
    /// There is one tile, and it lies at zero.
    case single
  }

  /// The offset of each tile in voxels, x, y, z: from `table`, else from what is recorded with the set, else from
  /// the stage positions in the files, else zero if there is but one tile.
  ///
  /// - Throws: `BrickworkError` if the table does not fit the tiles, or `.badRequest` if nothing
  ///   says where they lie.
  public func offsets(
    from table: OffsetTable?
  ) throws -> (offsets: [Point3], source: OffsetSource) {
    guard let (rows, source) = try positions(from: table) else { throw silence }
    let offsets = try rows.map { row in
      let point = row.inVoxels(of: voxelSize)
      for value in [point.x, point.y, point.z] {
        let path = if case .table(let path) = source { path } else { "" }
        _ = try OffsetTable.checked(
          value, path: path, place: row.name ?? "tile \(row.index ?? 0)")
      }
      return point
    }
    return (offsets, source)
  }

  /// The position of each tile in the unit its source gives; nil where nothing says where they lie.
  ///
  /// - Throws: `BrickworkError` if the table does not fit the tiles.
  public func positions(
    from table: OffsetTable? = nil
  ) throws -> (rows: [TileOffset], source: OffsetSource)? {
    if let table = table ?? recordedOffsets {
      return (try table.rows(for: tiles.map(\.info)), .table(table.source))
    }
    if let stagePositions {
      let rows = zip(tiles, stagePositions).enumerated().map { number, pair in
        TileOffset(index: number, name: pair.0.info.name, position: .micrometers(pair.1))
      }
      return (rows, .stage)
    }
    guard tiles.count == 1 else { return nil }
    return ([TileOffset(index: 0, position: .voxels(.zero))], .single)
  }

  /// The same tiles with the positions of `table`, in place of those they had.
  ///
  /// - Throws: `BrickworkError` if the table does not fit the tiles.
  public func updatingOffsets(from table: OffsetTable) throws -> TileSet {
    let rows = try table.rows(for: tiles.map(\.info))
    return recording(rows.map(\.position), source: table.source)
  }

  /// The same tiles with every offset multiplied by the factors along x, y and z.
  ///
  /// - Throws: `BrickworkError` if nothing says where the tiles lie, or `.badRequest` if a factor or a product is
  ///   not a finite number.
  public func scaledOffsets(by factors: Point3) throws -> TileSet {
    guard let (rows, source) = try positions() else { throw silence }
    func scaled(_ point: Point3) throws -> Point3 {
      let product = Point3(
        x: point.x * factors.x, y: point.y * factors.y, z: point.z * factors.z)
      for value in [product.x, product.y, product.z]
      where !value.isFinite || abs(value) > OffsetTable.farthest {
        throw BrickworkError(
          .badRequest,
          reason: "offsets times \(factors.x), \(factors.y), \(factors.z) would reach \(value)",
          remedy: "Give smaller factors")
      }
      return product
    }
    let positions = try rows.map { row -> TileOffset.Position in
      switch row.position {
      case .voxels(let point): .voxels(try scaled(point))
      case .micrometers(let point): .micrometers(try scaled(point))
      }
    }
    let name =
      switch source {
      case .table(let path): path
      case .stage: "stage positions in the files"
      case .single: "a single tile"
      }
    return recording(positions, source: "\(name), scaled")
  }

  /// The tiles at these places, in this order; a place may not occur twice.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such tile, none is named or one twice.
  public func choosing(_ places: [Int]) throws -> TileSet {
    guard !places.isEmpty else {
      throw BrickworkError(.badRequest, reason: "no tile is chosen", remedy: "Name one at least")
    }
    var seen: Set<Int> = []
    for place in places {
      guard tiles.indices.contains(place) else {
        throw BrickworkError(
          .badRequest, reason: "there is no tile \(place): there are \(tiles.count)",
          remedy: "Count from 0 to \(tiles.count - 1)")
      }
      guard seen.insert(place).inserted else {
        throw BrickworkError(
          .badRequest, reason: "tile \(place) is chosen twice", remedy: "Name each tile once")
      }
    }
    var chosen = self
    chosen.tiles = places.map { tiles[$0] }
    chosen.origins = places.map { origins[$0] }
    chosen.stagePositions = stagePositions.map { all in places.map { all[$0] } }
    if let recordedOffsets {
      let rows = try recordedOffsets.rows(for: tiles.map(\.info))
      chosen = chosen.recording(places.map { rows[$0].position }, source: recordedOffsets.source)
    }
    return chosen
  }

  /// The same tiles with these positions, one each.
  func recording(_ positions: [TileOffset.Position], source: String) -> TileSet {
    var set = self
    set.recordedOffsets = OffsetTable(
      rows: positions.enumerated().map { TileOffset(index: $0, position: $1) }, source: source,
      format: "tileset")
    return set
  }

  private var silence: BrickworkError {
    let silent = tiles.filter { $0.info.position == nil }.map(\.info.name)
    return BrickworkError(
      .badRequest,
      reason:
        "nothing says where the \(tiles.count) tiles lie: \(silent.count) of their files give no "
        + "stage position, \(silent.prefix(3).joined(separator: ", ")) among them",
      remedy: "Give the positions with --offsets FILE (.csv, .npy, TileConfiguration.txt or "
        + "BigStitcher .xml)")
  }
}
