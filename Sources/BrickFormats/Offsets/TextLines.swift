internal import BrickCore

/// A small text file as numbered lines: UTF-8 with or without byte order mark, any line ending.
struct TextLines {
  struct Line {
    /// Counted from 1.
    var number: Int
    var text: Substring
  }

  /// Lines that hold something, comments (`#`) left out.
  let lines: [Line]
  let startsWithMarkup: Bool

  init(_ bytes: [UInt8], path: String) throws {
    var content = bytes[...]
    if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
    if content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF]) {
      throw BrickworkError(
        .unsupportedInput, path: path, reason: "is UTF-16 text", remedy: "Save it as UTF-8")
    }
    if let place = content.firstIndex(of: 0) {
      throw BrickworkError(
        .unsupportedInput, path: path, place: "byte \(place)",
        reason: "is no table of offsets: it holds binary data",
        remedy: OffsetTable.remedyForFormats)
    }
    let text = String(decoding: content, as: UTF8.self)
    startsWithMarkup = text.first { !$0.isWhitespace } == "<"
    var lines: [Line] = []
    var number = 0
    // "\r\n" is one Character, and isNewline is true for it.
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let trimmed = line.trimmed
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      lines.append(Line(number: number, text: trimmed))
    }
    self.lines = lines
  }
}

extension Substring {
  /// Without white space at both ends.
  var trimmed: Substring {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return self[endIndex..<endIndex] }
    return self[first...last]
  }
}
