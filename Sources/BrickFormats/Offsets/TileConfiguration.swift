internal import BrickCore
internal import BrickFiles

/// Positions written by Fiji's stitching plugins (`TileConfiguration.txt`), in voxels.
///
/// Lines are `file; series; (x, y)` or with z, after `dim = 2` or `dim = 3`; `multiseries = true` makes the
/// second field the image's number in the file. Format as written and read by the plugin Stitching_ 3.1
/// (`TextFileAccess`, `Stitching_Grid.getLayoutFromFile`).
enum TileConfiguration {
  static func looksLikeOne(_ text: TextLines) -> Bool {
    text.lines.contains { setting($0.text, "dim") != nil }
      || text.lines.contains { $0.text.hasSuffix(")") && $0.text.count(where: { $0 == ";" }) >= 2 }
  }

  static func read(_ text: TextLines, path: String, units: OffsetUnits) throws -> OffsetTable {
    var dimensions: Int?
    var hasSeries = false
    var rows: [TileOffset] = []
    for line in text.lines {
      let place = "line \(line.number)"
      if let value = setting(line.text, "dim") {
        guard let number = Int(value), number == 2 || number == 3 else {
          throw BrickworkError(
            .damagedInput, path: path, place: place, reason: "dim is '\(value)', not 2 or 3",
            remedy: "Write dim = 2 or dim = 3")
        }
        dimensions = number
      } else if let value = setting(line.text, "multiseries") {
        hasSeries = value.lowercased() == "true"
      } else {
        rows.append(
          try row(line, dimensions: dimensions, hasSeries: hasSeries, units: units, path: path))
      }
    }
    return OffsetTable(
      rows: rows, source: path, format: "Fiji TileConfiguration", namesAreFiles: !rows.isEmpty)
  }

  /// The value of a line `name = value`.
  private static func setting(_ line: Substring, _ name: String) -> Substring? {
    guard let equals = line.firstIndex(of: "="),
      line[..<equals].trimmed.lowercased() == name
    else { return nil }
    return line[line.index(after: equals)...].trimmed
  }

  private static func row(
    _ line: TextLines.Line, dimensions: Int?, hasSeries: Bool, units: OffsetUnits, path: String
  ) throws -> TileOffset {
    let place = "line \(line.number)"
    func malformed(_ reason: String) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: path, place: place, reason: reason,
        remedy: "A tile's line is 'file; ; (x, y)' or 'file; ; (x, y, z)'")
    }
    // File names may hold semicolons and parentheses, positions and series can't: search from the end.
    guard line.text.hasSuffix(")"), let open = line.text.lastIndex(of: "("),
      let second = line.text[..<open].lastIndex(of: ";"),
      line.text[line.text.index(after: second)..<open].trimmed.isEmpty,
      let first = line.text[..<second].lastIndex(of: ";")
    else { throw malformed("'\(line.text)' is no tile's line") }
    let name = line.text[..<first].trimmed
    guard !name.isEmpty else { throw malformed("the file name is empty") }
    let numbers = line.text[line.text.index(after: open)...].dropLast()
      .split(separator: ",", omittingEmptySubsequences: false)
    if let dimensions, dimensions != numbers.count {
      throw malformed("has \(numbers.count) coordinates where dim is \(dimensions)")
    }
    guard numbers.count == 2 || numbers.count == 3 else {
      throw malformed("has \(numbers.count) coordinates, not 2 or 3")
    }
    let values = try numbers.map { number in
      guard let value = Double(number.trimmed) else {
        throw malformed("'\(number.trimmed)' is not a number")
      }
      return try OffsetTable.checked(value, path: path, place: place)
    }
    var series: Int?
    if hasSeries {
      let text = line.text[line.text.index(after: first)..<second].trimmed
      guard let number = Int(text), number >= 0 else {
        throw malformed("'\(text)' is no number of a series")
      }
      series = number
    }
    let point = Point3(x: values[0], y: values[1], z: values.count == 3 ? values[2] : 0)
    return TileOffset(
      name: String(name), series: series,
      position: units == .um ? .micrometers(point) : .voxels(point))
  }
}
