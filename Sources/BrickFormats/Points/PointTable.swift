internal import BrickCore
internal import BrickFiles
internal import BrickStitch

/// A row of a table of points.
struct PointRow {
  /// Where it stands: a line of text, or a row of an array.
  var place: String { isLine ? "line \(number)" : "row \(number)" }
  var number: Int
  var isLine: Bool
  /// Nil in tables without such a column.
  var tile: Double?
  /// x, y, z.
  var point: Point3
  /// The other columns, as they are to be written.
  var others: [ArraySlice<UInt8>] = []
}

/// A table of points in a file: CSV with a header, or a NumPy array.
///
/// CSV has the columns `x_um,y_um,z_um` or `x,y,z` (voxels), and `tile`, in any order; others are kept. Separators are
/// comma, semicolon or tab; with the latter two a decimal comma is read. Fields may be quoted, but hold no line feed.
/// An array has four columns, tile, x, y, z, or three, x, y, z.
struct PointTable {
  /// The unit of the points.
  let unit: TileCoordinates.Unit
  let hasTiles: Bool
  /// Names of the columns besides tile and coordinates, as they are to be written.
  let otherNames: [ArraySlice<UInt8>]
  private let path: String
  private let content: Content

  private enum Content {
    case text(Columns)
    case array(MappedFile, NPYHeader, start: Int)
  }

  /// Where a CSV has what.
  private struct Columns {
    var separator: UInt8
    var count = 0
    var tile: Int?
    var coordinates = [0, 0, 0]
    var others: [Int] = []
    var header = 0
  }

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - unit: takes that unit's columns where there are both, and says that of an array; nil takes µm.
  ///   - needsTiles: whether a table without tiles is refused.
  init(_ path: String, unit: TileCoordinates.Unit?, needsTiles: Bool) throws {
    guard Files.size(path) != nil else {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file",
        remedy: "Name a table of points, CSV or .npy")
    }
    self.path = path
    let file = try MappedFile(path)
    let start = try NPYArray.start(of: file, path: path)
    if let (header, start) = start {
      let columns = needsTiles ? 4 : 3
      guard header.shape.count == 2, header.shape[1] == columns, !header.isFortranOrder else {
        throw BrickworkError(
          .unsupportedInput, path: path,
          reason: "holds an array of shape \(header.shape) where N×\(columns) in rows is needed",
          remedy: "Save the points as rows \(needsTiles ? "tile, x, y, z" : "x, y, z")")
      }
      self.unit = unit ?? .micrometers
      hasTiles = needsTiles
      otherNames = []
      content = .array(file, header, start: start)
      return
    }
    var columns: Columns?
    var names: [ArraySlice<UInt8>] = []
    do {
      try PointLines(path).forEach { number, line in
        let separators = "\t;,".utf8
        var found = Columns(separator: separators.first { line.contains($0) } ?? UInt8(ascii: ","))
        found.header = number
        names = Self.fields(line, found.separator)
        found.count = names.count
        columns = found
        throw Stop()
      }
    } catch is Stop {}
    guard var columns else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "has no lines",
        remedy: "Give a table with the columns tile,x_um,y_um,z_um")
    }
    let plain = names.map { Self.unquoted($0).lowercased() }
    func places(_ wanted: [String]) -> [Int]? {
      let found = wanted.compactMap { plain.firstIndex(of: $0) }
      return found.count == wanted.count ? found : nil
    }
    let micrometers = unit == .voxels ? nil : places(["x_um", "y_um", "z_um"])
    let voxels = unit == .micrometers ? nil : places(["x", "y", "z"])
    guard let coordinates = micrometers ?? voxels else {
      throw BrickworkError(
        .damagedInput, path: path, place: "line \(columns.header)",
        reason: "has the columns \(plain.joined(separator: ", ")), and not x_um,y_um,z_um or x,y,z",
        remedy: "Name the columns of the coordinates in a header")
    }
    for name in plain where plain.count(where: { $0 == name }) > 1 {
      throw BrickworkError(
        .damagedInput, path: path, place: "line \(columns.header)",
        reason: "names the column \(name) more than once", remedy: "Keep one of them")
    }
    columns.coordinates = coordinates
    columns.tile = plain.firstIndex(of: "tile")
    guard !needsTiles || columns.tile != nil else {
      throw BrickworkError(
        .damagedInput, path: path, place: "line \(columns.header)",
        reason: "has no column tile: \(plain.joined(separator: ", "))",
        remedy: "Add the number of each point's tile, counted from 0")
    }
    // What is computed anew does not stay beside it.
    let replaced = ["tile", "point", "x", "y", "z", "x_um", "y_um", "z_um"]
    columns.others = plain.indices.filter { !replaced.contains(plain[$0]) }
    self.unit = micrometers != nil ? .micrometers : .voxels
    hasTiles = columns.tile != nil
    let separator = columns.separator
    otherNames = columns.others.map { Self.kept(names[$0], separator) }
    content = .text(columns)
  }

  /// Ends reading at the header.
  private struct Stop: Error {}

  /// Calls `body` with each row, in order, at bounded memory.
  ///
  /// - Throws: `BrickworkError` that names the line; what `body` throws.
  func forEach(_ body: (PointRow) throws -> Void) throws {
    switch content {
    case .text(let columns): try forEachLine(columns, body)
    case .array(let file, let header, let start): try forEachRow(file, header, start, body)
    }
  }

  private func forEachLine(_ columns: Columns, _ body: (PointRow) throws -> Void) throws {
    var row = PointRow(number: 0, isLine: true, tile: nil, point: .zero)
    try PointLines(path).forEach { number, line in
      guard number > columns.header else { return }
      let fields = Self.fields(line, columns.separator)
      func damaged(_ reason: String, _ remedy: String) -> BrickworkError {
        BrickworkError(
          .damagedInput, path: path, place: "line \(number)", reason: reason, remedy: remedy)
      }
      guard fields.count == columns.count else {
        throw damaged(
          "has \(fields.count) columns where the header has \(columns.count)",
          "Give every line as many values as the header")
      }
      func value(_ column: Int) throws -> Double {
        guard let value = Self.number(fields[column], columns.separator) else {
          throw damaged(
            "'\(String(decoding: fields[column], as: UTF8.self))' is no finite number",
            "Correct it, or leave out the line")
        }
        return value
      }
      row.number = number
      row.tile = try columns.tile.map { try value($0) }
      row.point = Point3(
        x: try value(columns.coordinates[0]), y: try value(columns.coordinates[1]),
        z: try value(columns.coordinates[2]))
      row.others = columns.others.map { Self.kept(fields[$0], columns.separator) }
      try body(row)
    }
  }

  private func forEachRow(
    _ file: MappedFile, _ header: NPYHeader, _ start: Int, _ body: (PointRow) throws -> Void
  ) throws {
    let (count, columns, width) = (header.shape[0], header.shape[1], header.number.byteCount)
    let rowBytes = columns * width
    let rows = max(1, (1 << 20) / rowBytes)
    for first in stride(from: 0, to: count, by: rows) {
      let range = start + first * rowBytes..<start + min(count, first + rows) * rowBytes
      var bytes = [UInt8](repeating: 0, count: range.count)
      do {
        var span = bytes.mutableSpan
        var target = unsafe span.mutableBytes
        file.copy(range, to: &target, at: 0)
      }
      for row in 0..<range.count / rowBytes {
        let values = (0..<columns).map {
          header.number.value(bytes[...], at: row * rowBytes + $0 * width)
        }
        let point = Point3(
          x: values[columns - 3], y: values[columns - 2], z: values[columns - 1])
        guard values.allSatisfy(\.isFinite) else {
          throw BrickworkError(
            .damagedInput, path: path, place: "row \(first + row)",
            reason: "\(values) are no finite numbers", remedy: "Leave out the row")
        }
        try body(
          PointRow(
            number: first + row, isLine: false, tile: columns == 4 ? values[0] : nil, point: point))
      }
    }
    try file.checkIntact()
  }

  // MARK: Fields

  /// The fields of a line without white space around them, quotes and all.
  private static func fields(_ line: ArraySlice<UInt8>, _ separator: UInt8) -> [ArraySlice<UInt8>] {
    var fields: [ArraySlice<UInt8>] = []
    fields.reserveCapacity(16)
    var (start, isQuoted) = (line.startIndex, false)
    for place in line.indices {
      let byte = line[place]
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == separator && !isQuoted {
        fields.append(trimmed(line[start..<place]))
        start = place + 1
      }
    }
    fields.append(trimmed(line[start...]))
    return fields
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var field = field
    while let first = field.first, first <= 32 { field.removeFirst() }
    while let last = field.last, last <= 32 { field.removeLast() }
    return field
  }

  private static func unquoted(_ field: ArraySlice<UInt8>) -> String {
    guard field.count >= 2, field.first == UInt8(ascii: "\""), field.last == UInt8(ascii: "\"")
    else { return String(decoding: field, as: UTF8.self) }
    return String(decoding: field.dropFirst().dropLast(), as: UTF8.self)
  }

  /// A field as it is written to a table whose separator is a comma.
  private static func kept(_ field: ArraySlice<UInt8>, _ separator: UInt8) -> ArraySlice<UInt8> {
    guard separator != UInt8(ascii: ","), field.first != UInt8(ascii: "\""),
      field.contains(UInt8(ascii: ","))
    else { return field }
    return [UInt8(ascii: "\"")] + field + [UInt8(ascii: "\"")]
  }

  private static func number(_ field: ArraySlice<UInt8>, _ separator: UInt8) -> Double? {
    var text = unquoted(field)
    if separator != UInt8(ascii: ","), !text.utf8.contains(UInt8(ascii: ".")) {
      text = String(text.map { $0 == "," ? "." : $0 })
    }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
