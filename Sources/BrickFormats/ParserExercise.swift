internal import BrickCore

/// Entries for fuzzing: each takes the bytes of a file and lets the parser see them.
@_spi(Fuzzing) public enum ParserExercise {
  /// Parses a tileset file and writes what was read.
  ///
  /// - Throws: nothing but `BrickworkError`.
  @_spi(Fuzzing) public static func tileset(_ bytes: [UInt8]) throws {
    let file = try TilesetFile(parsing: bytes, path: "tileset.json")
    for tile in file.tiles.prefix(4) { _ = tile.options(over: OpeningOptions()) }
  }

  /// Parses a table of offsets: `.npy` in both layouts, CSV or `TileConfiguration`, in all units.
  ///
  /// - Throws: nothing but `BrickworkError`.
  @_spi(Fuzzing) public static func offsets(_ bytes: [UInt8]) throws {
    var failure: BrickworkError?
    for layout in OffsetLayout.allCases {
      for units in OffsetUnits.allCases {
        do {
          let table = try OffsetTable.parse(
            bytes, path: "offsets", units: units, layout: layout,
            project: {
              throw BrickworkError(.unsupportedInput, path: "offsets", reason: "is an XML file")
            })
          _ = table.csv(voxelSize: .unknown)
          _ = try table.npy(voxelSize: .unknown)
          let names = table.rows.map { $0.name ?? "tile" }
          _ = try table.offsets(for: names, voxelSize: .unknown)
        } catch let error as BrickworkError { failure = error }
      }
    }
    if let failure { throw failure }
  }
}
