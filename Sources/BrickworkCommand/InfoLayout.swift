import Brickwork

/// Where the tiles lie, and what is worth knowing about it.
struct InfoLayout {
  let offsets: [Point3]
  let placement: TilePlacement
  /// What said where they lie.
  let source: String
  let report: LayoutReport
  /// What looks wrong, a sentence each.
  let warnings: [String]

  private static let axes = ["z", "y", "x"]

  /// Nil where nothing says where the tiles lie.
  init?(_ tiles: TileSet, _ table: OffsetTable?) throws {
    guard let positions = try tiles.positions(from: table) else { return nil }
    offsets = try tiles.offsets(from: table).offsets
    let sizes = tiles.tiles.map(\.info.size)
    placement = try TilePlacement(offsets: offsets, sizes: sizes)
    report = tiles.layoutReport(offsets: offsets, placement: placement)
    var warnings: [String] = []
    switch positions.source {
    case .table(let path):
      source = path
      let areMicrometers = positions.rows.allSatisfy { $0.micrometers != nil }
      if let suspicion = UnitCheck.suspicion(
        offsets: offsets, sizes: sizes, readAs: areMicrometers ? .um : .voxel,
        voxelSize: tiles.voxelSize)
      {
        warnings.append("\(path): \(suspicion.sentence)")
      }
    case .stage:
      source = "stage positions in the files"
      if let warning = tiles.stageRuleWarning { warnings.append(warning) }
    case .single: source = "a single tile"
    }
    warnings += Self.oddities(report, tiles)
    self.warnings = warnings
  }

  private static func oddities(_ report: LayoutReport, _ tiles: TileSet) -> [String] {
    var sentences: [String] = []
    func name(_ place: Int) -> String { "\(place) (\(tiles.tiles[place].info.name))" }
    if !report.duplicates.isEmpty {
      let pairs = report.duplicates.map { "\(name($0.first)) and \(name($0.second))" }
      sentences.append(
        "tiles lie in the same place or are the same image: \(listed(pairs, "; "))")
    }
    if !report.isolated.isEmpty {
      let count = report.isolated.count
      sentences.append(
        "\(count) of \(tiles.tiles.count) tiles touch no other: \(listed(report.isolated.map(name), ", "))"
      )
    }
    return sentences
  }

  /// The first few, and how many more.
  private static func listed(_ items: [String], _ separator: String) -> String {
    let most = 5
    let shown = items.prefix(most).joined(separator: separator)
    return items.count > most ? "\(shown)\(separator)… (\(items.count - most) more)" : shown
  }

  // MARK: Output

  var document: JSON {
    [
      "overlapping_pairs": JSON(report.overlappingPairs),
      "overlapping_pairs_are_all": .bool(!report.isCrowded),
      "median_overlap_voxels_zyx": .array(report.medianOverlap.map { $0.map { JSON($0) } ?? nil }),
      "median_overlap_fraction_zyx": .array(
        report.medianOverlapFraction.map { $0.map { .number($0) } ?? nil }),
      "gaps": .array(
        report.gaps.map {
          [
            "tiles": [JSON($0.first), JSON($0.second)], "axis": .string(Self.axes[$0.axis]),
            "voxels": JSON($0.voxels),
          ]
        }),
      "duplicates": .array(report.duplicates.map { [JSON($0.first), JSON($0.second)] }),
      "isolated": .array(report.isolated.map { JSON($0) }),
      "layers_along_z": JSON(report.layers),
      "warnings": .array(warnings.map { .string($0) }),
    ]
  }

  /// A few lines for people; what looks wrong is said as warnings.
  var lines: [String] {
    let count = report.overlappingPairs
    var overlap =
      "overlaps: \(report.isCrowded ? "at least " : "")\(count) pair\(count == 1 ? "" : "s")"
    let neighbours = [2, 1, 0].compactMap { axis -> String? in
      guard let voxels = report.medianOverlap[axis],
        let fraction = report.medianOverlapFraction[axis]
      else { return nil }
      return
        "\(voxels) voxels (\(Text.fixed(fraction * 100, fraction < 0.1 ? 1 : 0)) %) along \(Self.axes[axis])"
    }
    if !neighbours.isEmpty {
      overlap += "; neighbours share " + neighbours.joined(separator: ", ")
    }
    var lines = [overlap]
    if !report.gaps.isEmpty {
      let gaps = report.gaps.map {
        "\($0.first) and \($0.second) (\($0.voxels) voxel\($0.voxels == 1 ? "" : "s") along \(Self.axes[$0.axis]))"
      }
      lines.append("gaps between neighbours: \(Self.listed(gaps, ", "))")
    }
    if report.layers > 1 {
      lines.append("\(report.layers) layers along z: the map shows them on top of one another")
    }
    return lines
  }
}
