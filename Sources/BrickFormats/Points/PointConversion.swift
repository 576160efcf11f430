internal import BrickCore
internal import BrickFiles
public import BrickStitch

/// Turns tables of points in tiles into points of the stitched volume, or the other way round, row by row.
///
/// To global: in `tile` and `x_um,y_um,z_um` or `x,y,z`; out `x_um,y_um,z_um,x,y,z`, one row for each. To tiles: in
/// `x_um,y_um,z_um` or `x,y,z`; out `point,tile,x_um,y_um,z_um,x,y,z`, one row for each tile that covers the point, tiles
/// ascending, and one with tile −1 and empty fields where none does; `point` counts the rows of the input from 0. Other
/// columns follow as they were. Numbers are rounded to six decimals in CSV and exact in arrays.
public struct PointConversion: Sendable {
  /// Which way points go.
  public enum Direction: Sendable, Hashable {
    case toGlobal
    case toTiles
  }

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Points read.
    public var points = 0
    /// Rows written.
    public var rows = 0
    /// Points that no tile covers; 0 where points have their tile.
    public var uncovered = 0
  }

  private let coordinates: TileCoordinates
  private let direction: Direction
  private let unit: TileCoordinates.Unit?

  /// A conversion between these tiles and their stitched volume.
  ///
  /// - Parameter unit: of the points that are read; nil takes the columns' names, µm first, and µm in arrays.
  public init(
    _ coordinates: TileCoordinates, _ direction: Direction, unit: TileCoordinates.Unit? = nil
  ) {
    self.coordinates = coordinates
    self.direction = direction
    self.unit = unit
  }

  /// Converts a table into a file, written aside and put in place when it is whole.
  ///
  /// The result is an array of float64 if its name ends in `.npy`, else CSV. Memory is bounded, whatever the number of points.
  ///
  /// - Parameter keepOn: called now and then; what it throws stops the work, and nothing is left.
  /// - Throws: `BrickworkError` that names file and line if a number can't be read or there is no such tile.
  public func convert(
    _ path: String, to output: String, keepOn: () throws -> Void = {}
  ) throws -> Summary {
    let table = try open(path)
    let isArray = output.lowercased().hasSuffix(".npy")
    var writer = try PointWriter(
      output, isArray: isArray, columns: names.count)
    do {
      let summary = try convert(table, path, &writer, keepOn)
      try writer.finish(rows: summary.rows)
      return summary
    } catch {
      writer.discard()
      throw error
    }
  }

  /// Converts a table into CSV, some text at a time.
  ///
  /// - Throws: as `convert(_:to:)`.
  public func convert(_ path: String, _ write: @escaping (_ text: [UInt8]) throws -> Void) throws
    -> Summary
  {
    let table = try open(path)
    var writer = PointWriter(write)
    let summary = try convert(table, path, &writer) {}
    try writer.flush()
    return summary
  }

  private var names: [String] {
    (direction == .toTiles ? ["point", "tile"] : []) + ["x_um", "y_um", "z_um", "x", "y", "z"]
  }

  private func open(_ path: String) throws -> PointTable {
    try PointTable(path, unit: unit, needsTiles: direction == .toGlobal)
  }

  private func convert(
    _ table: PointTable, _ path: String, _ writer: inout PointWriter, _ keepOn: () throws -> Void
  ) throws -> Summary {
    var summary = Summary()
    try writer.header(names, others: table.otherNames)
    try table.forEach { row in
      if summary.points & 0xFFF == 0 { try keepOn() }
      switch direction {
      case .toGlobal:
        let tile = try tile(of: row, path)
        try writer.row([], coordinates.global(row.point, in: table.unit, ofTile: tile), row.others)
        summary.rows += 1
      case .toTiles:
        let tiles = coordinates.tiles(at: row.point, in: table.unit)
        for tile in tiles {
          try writer.row(
            [summary.points, tile], coordinates.local(row.point, in: table.unit, ofTile: tile),
            row.others)
        }
        if tiles.isEmpty {
          try writer.row([summary.points, -1], nil, row.others)
          summary.uncovered += 1
        }
        summary.rows += max(1, tiles.count)
      }
      summary.points += 1
    }
    return summary
  }

  private func tile(of row: PointRow, _ path: String) throws -> Int {
    let value = row.tile ?? -1
    guard let tile = Int(exactly: value), (0..<coordinates.count).contains(tile) else {
      throw BrickworkError(
        .damagedInput, path: path, place: row.place,
        reason: "there is no tile \(Int(exactly: value).map { "\($0)" } ?? "\(value)"): "
          + "tiles are counted from 0 to \(coordinates.count - 1)",
        remedy: "Correct the line, or name the tiles the points belong to")
    }
    return tile
  }
}
