internal import BrickCore
internal import BrickFiles

extension LabelMap {
  /// Writes the map as CSV with the columns `tile,label,new_label`, sorted by tile and label.
  public func write(_ path: String) throws {
    var rows = try RowWriter(path, header: Self.header)
    do {
      for (tile, map) in tiles.enumerated() {
        var place = 0
        try map.labels.forEach { label in
          try rows.row(UInt64(tile), label, map.newLabels[place])
          place += 1
        }
      }
    } catch {
      rows.discard()
      throw error
    }
    try rows.finish()
  }

  static let header = "tile,label,new_label"

  /// Reads a map of `tileCount` tiles from CSV with the columns `tile,label,new_label`, whose rows may come in any order.
  ///
  /// A tile without rows has an empty map. A new label of 0 makes a label background.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, naming the line, if the header is another, a field is no
  ///   whole number from 0 to 2⁶⁴ − 1, a tile is not there, a label occurs twice, or background gets a label.
  public static func read(_ path: String, tileCount: Int) throws -> LabelMap {
    let file = try MappedFile(path)
    file.willNeed(0..<file.count)
    var reader = RowReader(path: path, tileCount: tileCount)
    try reader.read(file.bytes)
    try file.checkIntact()
    return try reader.map()
  }

  /// Bytes that reading the map at `path` takes at most: 48 for each line, as rows of a tile may have to be sorted.
  public static func bytesReading(_ path: String) throws -> Int {
    let file = try MappedFile(path)
    file.willNeed(0..<file.count)
    let bytes = file.bytes
    var lines = 1
    for place in 0..<bytes.byteCount
    where unsafe bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self) == UInt8(ascii: "\n") {
      lines += 1
    }
    try file.checkIntact()
    return lines * 48
  }

  /// The same of text in memory; `path` is for errors.
  public static func parse(_ bytes: [UInt8], path: String, tileCount: Int) throws -> LabelMap {
    var reader = RowReader(path: path, tileCount: tileCount)
    try unsafe reader.read(bytes.span.bytes)
    return try reader.map()
  }
}

/// Reads the rows of a map.
private struct RowReader {
  let path: String
  private var labels: [[UInt64]]
  private var newLabels: [[UInt64]]
  private var isSorted: [Bool]

  init(path: String, tileCount: Int) {
    self.path = path
    labels = Array(repeating: [], count: tileCount)
    newLabels = Array(repeating: [], count: tileCount)
    isSorted = Array(repeating: true, count: tileCount)
  }

  private func wrong(_ line: Int, _ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: "line \(line)", reason: reason,
      remedy: "A map has the columns \(LabelMap.header), with whole numbers")
  }

  mutating func read(_ bytes: RawSpan) throws {
    let count = bytes.byteCount
    func byte(_ place: Int) -> UInt8 {
      unsafe bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
    }
    var at = 0
    // A byte order mark, as spreadsheets write it.
    if count >= 3 && byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF { at = 3 }
    var line = 0
    while at < count {
      line += 1
      var end = at
      while end < count && byte(end) != UInt8(ascii: "\n") { end += 1 }
      let next = end + 1
      if end > at && byte(end - 1) == UInt8(ascii: "\r") { end -= 1 }
      if line == 1 {
        try readHeader(bytes.extracting(at..<end))
      } else if end > at {
        try readRow(bytes.extracting(at..<end), line)
      }
      at = next
    }
    if line == 0 { throw wrong(1, "the file is empty") }
  }

  private func readHeader(_ text: RawSpan) throws {
    let limit = min(text.byteCount, 200)
    let found = String(
      decoding: (0..<limit).map { unsafe text.unsafeLoad(fromByteOffset: $0, as: UInt8.self) },
      as: UTF8.self)
    guard found.filter({ $0 != " " && $0 != "\"" }) == LabelMap.header else {
      throw wrong(1, "the columns are '\(found.prefix(60))'")
    }
  }

  @inline(__always)
  private mutating func readRow(_ text: RawSpan, _ line: Int) throws {
    var at = 0
    let tile = try number(text, &at, line, isLast: false)
    let label = try number(text, &at, line, isLast: false)
    let new = try number(text, &at, line, isLast: true)
    guard tile < UInt64(labels.count) else {
      throw wrong(line, "tile \(tile) is named, but there are \(labels.count), counted from 0")
    }
    if label == 0 {
      if new == 0 { return }
      throw wrong(line, "background (label 0) can't become label \(new)")
    }
    let place = Int(tile)
    if let last = labels[place].last {
      if last == label { throw twice(tile, label) }
      if last > label { isSorted[place] = false }
    }
    labels[place].append(label)
    newLabels[place].append(new)
  }

  private func twice(_ tile: UInt64, _ label: UInt64) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: "tile \(tile), label \(label)",
      reason: "the label stands in more than one row", remedy: "Leave one row for each label")
  }

  /// The digits of a field and the comma behind it.
  @inline(__always)
  private func number(_ text: RawSpan, _ at: inout Int, _ line: Int, isLast: Bool) throws -> UInt64
  {
    let count = text.byteCount
    func byte(_ place: Int) -> UInt8 {
      unsafe text.unsafeLoad(fromByteOffset: place, as: UInt8.self)
    }
    while at < count && byte(at) == UInt8(ascii: " ") { at += 1 }
    var value: UInt64 = 0
    let start = at
    while at < count {
      let digit = byte(at) &- UInt8(ascii: "0")
      if digit > 9 { break }
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, beyond) = tens.addingReportingOverflow(UInt64(digit))
      if over || beyond { throw wrong(line, "a number is larger than 2⁶⁴ − 1") }
      value = sum
      at += 1
    }
    if at == start { throw wrong(line, "a field is not a whole number from 0 on") }
    while at < count && byte(at) == UInt8(ascii: " ") { at += 1 }
    if isLast {
      if at < count { throw wrong(line, "something follows the third number") }
    } else {
      guard at < count else { throw wrong(line, "there are fewer than three numbers") }
      guard byte(at) == UInt8(ascii: ",") else {
        throw wrong(line, "a field is not a whole number")
      }
      at += 1
    }
    return value
  }

  mutating func map() throws -> LabelMap {
    var maps: [TileLabelMap] = []
    for tile in labels.indices {
      var (old, new): ([UInt64], [UInt64]) = ([], [])
      swap(&old, &labels[tile])
      swap(&new, &newLabels[tile])
      if !isSorted[tile] {
        var entries = old.indices.map { SortEntry(key: old[$0], value: new[$0]) }
        sortStably(&entries)
        for (place, entry) in entries.enumerated() {
          if place > 0 && entries[place - 1].key == entry.key {
            throw twice(UInt64(tile), entry.key)
          }
        }
        old = entries.map(\.key)
        new = entries.map(\.value)
      }
      maps.append(TileLabelMap(LabelSet(sorted: old), newLabels: PackedLabels(new)))
    }
    return LabelMap(maps)
  }
}
