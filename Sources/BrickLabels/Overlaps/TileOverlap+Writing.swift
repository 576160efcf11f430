internal import BrickCore
internal import BrickFiles

extension TileOverlap {
  /// Writes shared voxels as CSV with the columns `tile1,label1,tile2,label2,voxels`.
  ///
  /// Rows are sorted by tile pair, then labels: `overlaps` come sorted by tiles.
  public static func writeCSV(_ overlaps: [TileOverlap], to path: String) throws {
    var rows = try RowWriter(path, header: "tile1,label1,tile2,label2,voxels")
    do {
      for overlap in overlaps {
        let (first, second) = (UInt64(overlap.tiles.first), UInt64(overlap.tiles.second))
        for pair in overlap.pairs {
          try rows.row(first, pair.labels.first, second, pair.labels.second, UInt64(pair.voxels))
        }
      }
    } catch {
      rows.discard()
      throw error
    }
    try rows.finish()
  }

  /// Writes the same as JSON: an array of tile pairs, each with its shared box, its voxels with labels in both and in
  /// either tile, and rows `[label1, label2, voxels]`.
  public static func writeJSON(_ overlaps: [TileOverlap], to path: String) throws {
    var rows = try RowWriter(path, header: "[")
    do {
      for (place, overlap) in overlaps.enumerated() {
        let head: JSON = [
          "tile1": JSON(overlap.tiles.first), "tile2": JSON(overlap.tiles.second),
          "box_origin_zyx": JSON(overlap.tiles.box.origin),
          "box_size_zyx": JSON(overlap.tiles.box.size),
          "labeled_in_both": JSON(overlap.labeledInBoth),
          "labeled_in_either": JSON(overlap.labeledInEither),
        ]
        // The head's closing brace gives way to the rows, of which there may be millions.
        try rows.text(
          (place > 0 ? ",\n" : "") + head.text(pretty: false).dropLast() + ",\"overlaps\":[")
        for (row, pair) in overlap.pairs.enumerated() {
          try rows.text(
            "\(row > 0 ? "," : "")[\(pair.labels.first),\(pair.labels.second),\(pair.voxels)]")
        }
        try rows.text("]}")
      }
      try rows.text("\n]\n")
    } catch {
      rows.discard()
      throw error
    }
    try rows.finish()
  }
}
