internal import BrickCore
internal import BrickFiles
internal import BrickStitch

/// Writes rows of points as CSV or as a NumPy array, a piece at a time.
struct PointWriter {
  private let path: String
  private let file: ReplacingFile?
  private let stream: (([UInt8]) throws -> Void)?
  /// Columns of an array; nil for CSV.
  private let columns: Int?
  private var buffer: [UInt8] = []
  private static let piece = 1 << 20
  /// Room for the header of an array, whose length is known in the end.
  private static let headerBytes = 128

  /// A file at `path`, not in place yet.
  init(_ path: String, isArray: Bool, columns: Int) throws {
    self.path = path
    file = try ReplacingFile(temporaryPath: path + ".partial")
    stream = nil
    self.columns = isArray ? columns : nil
    if isArray { buffer = Array(repeating: 0, count: Self.headerBytes) }
  }

  /// CSV that somebody else takes.
  init(_ stream: @escaping ([UInt8]) throws -> Void) {
    path = ""
    file = nil
    self.stream = stream
    columns = nil
  }

  /// Writes the names of the columns; an array has none.
  mutating func header(_ names: [String], others: [ArraySlice<UInt8>]) throws {
    guard columns == nil else { return }
    buffer += names.joined(separator: ",").utf8
    for name in others {
      buffer.append(UInt8(ascii: ","))
      buffer += name
    }
    buffer.append(UInt8(ascii: "\n"))
  }

  /// Writes a row: whole numbers, a position or nothing in its place, and other fields, which an array leaves out.
  mutating func row(
    _ numbers: [Int], _ position: TileCoordinates.Position?, _ others: [ArraySlice<UInt8>]
  ) throws {
    let values = position.map {
      [
        $0.micrometers.x, $0.micrometers.y, $0.micrometers.z, $0.voxels.x, $0.voxels.y,
        $0.voxels.z,
      ]
    }
    if columns != nil {
      for value in numbers.map({ Double($0) }) + (values ?? Array(repeating: .nan, count: 6)) {
        for shift in stride(from: 0, to: 64, by: 8) as StrideTo<UInt64> {
          buffer.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
      }
    } else {
      var isFirst = true
      func separate(_ buffer: inout [UInt8]) {
        if !isFirst { buffer.append(UInt8(ascii: ",")) }
        isFirst = false
      }
      for number in numbers {
        separate(&buffer)
        buffer += String(number).utf8
      }
      for place in 0..<6 {
        separate(&buffer)
        if let values { Self.append(values[place], to: &buffer) }
      }
      for other in others {
        separate(&buffer)
        buffer += other
      }
      buffer.append(UInt8(ascii: "\n"))
    }
    if buffer.count >= Self.piece { try flush() }
  }

  /// A number to six decimals, without zeros at its end.
  private static func append(_ value: Double, to buffer: inout [UInt8]) {
    let millionths = (value * 1e6).rounded()
    guard abs(millionths) < 9e15 else {
      buffer += "\(value)".utf8
      return
    }
    var left = Int(millionths.magnitude)
    if millionths < 0 { buffer.append(UInt8(ascii: "-")) }
    let start = buffer.count
    var (decimals, shown) = (6, false)
    while decimals > 0 || left > 0 || buffer.count == start || !shown {
      let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
      left = quotient
      if decimals > 0 {
        decimals -= 1
        if digit != 0 || buffer.count > start { buffer.append(UInt8(ascii: "0") + UInt8(digit)) }
        if decimals == 0, buffer.count > start { buffer.append(UInt8(ascii: ".")) }
      } else {
        buffer.append(UInt8(ascii: "0") + UInt8(digit))
        shown = true
        if left == 0 { break }
      }
    }
    buffer[start...].reverse()
  }

  /// Hands over what is written.
  mutating func flush() throws {
    if let file { try unsafe file.append(buffer.span.bytes) }
    try stream?(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Makes the file durable under its name.
  mutating func finish(rows: Int) throws {
    try flush()
    guard let file else { return }
    if let columns {
      var header = NPYArray.header("<f8", shape: "(\(rows), \(columns))")
      // The same header, with blanks up to the room that was left for it.
      let missing = Self.headerBytes - header.count
      header.insert(
        contentsOf: Array(repeating: UInt8(ascii: " "), count: missing), at: header.count - 1)
      header[8] = UInt8(Self.headerBytes - 10)
      header[9] = 0
      try unsafe file.write(header.span.bytes, at: 0)
    }
    try file.seal()
    try Files.rename(file.temporaryPath, to: path)
    try Files.flushFolder(Files.folder(of: path))
  }

  /// Deletes what was written.
  func discard() { file?.discard() }
}
