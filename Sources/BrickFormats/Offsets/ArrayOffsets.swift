internal import BrickCore

extension OffsetTable {
  /// Reads the offsets in a `.npy` file of two or three columns: x, y and perhaps z.
  ///
  /// With the layout `exm`, row 0 is the size of a tile in voxels and is left out; the others are
  /// µm, of which x is negated and the smallest of each axis subtracted, as ExM-Toolbox does.
  static func readArray(
    _ bytes: [UInt8], path: String, units: OffsetUnits, layout: OffsetLayout
  ) throws -> OffsetTable {
    let array = try NPYArray(bytes, path: path)
    guard array.shape.count == 2, array.shape[1] == 2 || array.shape[1] == 3 else {
      let shape = array.shape.map { "\($0)" }.joined(separator: "×")
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason: "the array's shape is \(shape.isEmpty ? "()" : shape), not N×2 or N×3",
        remedy: "Save one row per tile: x, y, z")
    }
    let columns = array.shape[1]
    var points = try (0..<array.shape[0]).map { row in
      func value(_ column: Int) throws -> Double {
        guard column < columns else { return 0 }
        return try checked(
          array.values[row * columns + column], path: path, place: "row \(row), column \(column)")
      }
      return Point3(x: try value(0), y: try value(1), z: try value(2))
    }
    let isMicrometers = layout == .exm || units == .um
    if layout == .exm {
      guard units != .voxel else {
        throw BrickworkError(
          .badRequest, path: path,
          reason: "the layout exm holds µm, but --offset-units says voxel",
          remedy: "Leave out --offset-units")
      }
      guard points.count > 1 else {
        throw BrickworkError(
          .damagedInput, path: path,
          reason: "has \(points.count) rows, where the layout exm needs one for the size of a tile "
            + "and one per tile",
          remedy: "Use --offset-layout plain if every row is a tile")
      }
      points = points.dropFirst().map { Point3(x: -$0.x, y: $0.y, z: $0.z) }
      let origin = points.dropFirst().reduce(points[0]) {
        Point3(x: min($0.x, $1.x), y: min($0.y, $1.y), z: min($0.z, $1.z))
      }
      points = points.map { $0 - origin }
    }
    return OffsetTable(
      rows: points.enumerated().map { index, point in
        TileOffset(index: index, position: isMicrometers ? .micrometers(point) : .voxels(point))
      },
      source: path, format: layout == .exm ? "NumPy array (exm)" : "NumPy array")
  }
}
