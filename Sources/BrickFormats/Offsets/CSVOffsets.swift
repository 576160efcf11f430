internal import BrickCore

/// Tables with a header: `x,y,z` in voxels or `x_um,y_um,z_um`, and perhaps `tile` and `name`.
///
/// Columns come in any order, separated by comma, semicolon or tab; fields may be quoted (RFC
/// 4180). Where the separator is no comma, a decimal comma is read too, as spreadsheets in half of
/// Europe write it. z may be left out and is 0 then. Other columns are ignored. `tile` holds a
/// number or a file name.
enum CSVOffsets {
  /// The place of the three coordinates among the columns.
  private struct Coordinates {
    var x: Int
    var y: Int
    var z: Int?
    var isMicrometers: Bool
    var names: [String] { isMicrometers ? ["x_um", "y_um", "z_um"] : ["x", "y", "z"] }
  }

  static func read(_ text: TextLines, path: String, units: OffsetUnits) throws -> OffsetTable {
    guard let header = text.lines.first else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "has no lines", remedy: OffsetTable.remedyForFormats)
    }
    let separators: [Character] = ["\t", ";", ","]
    let separator = separators.first { header.text.contains($0) } ?? ","
    let columns = try fields(header, separator, path: path).map { $0.lowercased() }
    let records = try text.lines.dropFirst().map { line in
      let fields = try fields(line, separator, path: path)
      guard fields.count == columns.count else {
        throw BrickworkError(
          .damagedInput, path: path, place: "line \(line.number)",
          reason: "has \(fields.count) columns where the header has \(columns.count)",
          remedy: "Give every line as many values as the header, separated by '\(shown(separator))'"
        )
      }
      return (line: line.number, fields: fields)
    }
    for name in ["x", "y", "z", "x_um", "y_um", "z_um", "tile", "name"] {
      let count = columns.count { $0 == name }
      if count > 1 {
        throw BrickworkError(
          .damagedInput, path: path, place: "line \(header.number)",
          reason: "the header names the column \(name) \(count) times", remedy: "Keep one of them")
      }
    }
    let coordinates = try coordinates(
      columns, records.map(\.fields), header: header, path: path, units: units)
    let isMicrometers = coordinates.isMicrometers || units == .um
    let rows = try records.map { record in
      let point = try point(record.fields, record.line, coordinates, separator, path: path)
      var row = TileOffset(position: isMicrometers ? .micrometers(point) : .voxels(point))
      if let column = columns.firstIndex(of: "name"), !record.fields[column].isEmpty {
        row.name = record.fields[column]
      }
      if let column = columns.firstIndex(of: "tile"), !record.fields[column].isEmpty {
        if let number = Int(record.fields[column]) {
          row.index = number
        } else {
          row.name = record.fields[column]
        }
      }
      return row
    }
    return OffsetTable(
      rows: rows, source: path, format: "CSV",
      namesAreFiles: !rows.isEmpty && rows.allSatisfy { $0.name != nil })
  }

  /// Picks the columns of the coordinates: voxels where both are filled, unless µm are asked for.
  private static func coordinates(
    _ columns: [String], _ records: [[String]], header: TextLines.Line, path: String,
    units: OffsetUnits
  ) throws -> Coordinates {
    func find(_ suffix: String) -> Coordinates? {
      guard let x = columns.firstIndex(of: "x" + suffix),
        let y = columns.firstIndex(of: "y" + suffix)
      else { return nil }
      // A table we wrote leaves the columns of the unit empty that could not be computed.
      if !records.isEmpty && records.allSatisfy({ $0[x].isEmpty && $0[y].isEmpty }) { return nil }
      return Coordinates(
        x: x, y: y, z: columns.firstIndex(of: "z" + suffix), isMicrometers: !suffix.isEmpty)
    }
    let (voxels, micrometers) = (find(""), find("_um"))
    if units == .voxel && voxels == nil && micrometers != nil {
      throw BrickworkError(
        .badRequest, path: path, place: "line \(header.number)",
        reason: "the columns x_um, y_um say µm, but --offset-units says voxel",
        remedy: "Leave out --offset-units, or rename the columns to x, y, z")
    }
    let chosen = units == .um ? micrometers ?? voxels : voxels ?? micrometers
    guard let chosen else {
      let isNumbers = columns.allSatisfy { Double($0) != nil }
      throw BrickworkError(
        .damagedInput, path: path, place: "line \(header.number)",
        reason: isNumbers
          ? "the first line must name the columns, but it holds numbers"
          : "there are no columns x,y or x_um,y_um among \(columns.joined(separator: ", "))",
        remedy: "Let the first line be 'tile,x,y,z' for voxels or 'tile,x_um,y_um,z_um' for µm")
    }
    return chosen
  }

  private static func point(
    _ fields: [String], _ line: Int, _ coordinates: Coordinates, _ separator: Character,
    path: String
  ) throws -> Point3 {
    func number(_ column: Int?, _ name: String) throws -> Double {
      guard let column else { return 0 }
      let place = "line \(line), column \(name)"
      let field = fields[column]
      let text = separator == "," ? field : field.replacingCommas
      guard let value = Double(text) else {
        throw BrickworkError(
          .damagedInput, path: path, place: place, reason: "'\(field)' is not a number",
          remedy: "Write it as 12.5 or 1.25e1")
      }
      return try OffsetTable.checked(value, path: path, place: place)
    }
    let names = coordinates.names
    return Point3(
      x: try number(coordinates.x, names[0]), y: try number(coordinates.y, names[1]),
      z: try number(coordinates.z, names[2]))
  }

  /// The fields of a line, unquoted and without white space around them.
  private static func fields(
    _ line: TextLines.Line, _ separator: Character, path: String
  ) throws -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var wasQuoted = false
    var rest = line.text[...]
    func finished() -> String { wasQuoted ? field : String(field[...].trimmed) }
    while let character = rest.popFirst() {
      if isQuoted {
        if character != "\"" {
          field.append(character)
        } else if rest.first == "\"" {
          field.append("\"")
          rest.removeFirst()
        } else {
          isQuoted = false
        }
      } else if character == "\"" && field[...].trimmed.isEmpty {
        (field, isQuoted, wasQuoted) = ("", true, true)
      } else if character == separator {
        fields.append(finished())
        (field, wasQuoted) = ("", false)
      } else if !wasQuoted || !character.isWhitespace {
        field.append(character)
      }
    }
    if isQuoted {
      throw BrickworkError(
        .damagedInput, path: path, place: "line \(line.number)",
        reason: "a quoted field has no closing quote", remedy: "Close it with \"")
    }
    fields.append(finished())
    return fields
  }

  private static func shown(_ separator: Character) -> String {
    separator == "\t" ? "tab" : String(separator)
  }
}

extension String {
  /// "12,5" as "12.5": unless there is a point already.
  fileprivate var replacingCommas: String {
    contains(".") ? self : String(map { $0 == "," ? "." : $0 })
  }
}
