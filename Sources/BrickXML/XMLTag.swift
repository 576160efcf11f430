/// Where a tag lies in a document's bytes.
public struct XMLTag: Sendable, Hashable {
  /// The bytes from `<` to behind `>`.
  public let range: Range<Int>
  /// The name as written, with its prefix.
  public let name: String
  /// Whether it is an end tag.
  public let isEnd: Bool
  /// Whether it is start and end in one, `<a/>`.
  public let isEmpty: Bool

  /// The prefix of the name with its colon; empty where it has none.
  public var prefix: String {
    name.lastIndex(of: ":").map { String(name[...$0]) } ?? ""
  }

  /// The name without its prefix.
  public var localName: String {
    name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
  }
}

/// Finds the tags of a well-formed document one after another, passing over everything else.
///
/// It relies on a parser that reads the same document beside it: what is not well formed is told there.
struct XMLTagScanner {
  private let bytes: [UInt8]
  private var place = 0

  private static let comment = Array("<!--".utf8)
  private static let commentEnd = Array("-->".utf8)
  private static let data = Array("<![CDATA[".utf8)
  private static let dataEnd = Array("]]>".utf8)
  private static let instruction = Array("<?".utf8)
  private static let instructionEnd = Array("?>".utf8)
  private static let declaration = Array("<!".utf8)
  private static let endTag = Array("</".utf8)

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next start or end tag; nil behind the last one.
  mutating func next() -> XMLTag? {
    while let start = find("<", from: place) {
      if starts(with: Self.comment, at: start) {
        place = end(of: Self.commentEnd, from: start + 4)
      } else if starts(with: Self.data, at: start) {
        place = end(of: Self.dataEnd, from: start + 9)
      } else if starts(with: Self.instruction, at: start) {
        place = end(of: Self.instructionEnd, from: start + 2)
      } else if starts(with: Self.declaration, at: start) {
        place = endOfDeclaration(from: start + 2)
      } else {
        let end = endOfTag(from: start + 1)
        place = end
        return tag(start..<end)
      }
    }
    return nil
  }

  private func tag(_ range: Range<Int>) -> XMLTag {
    let isEnd = starts(with: Self.endTag, at: range.lowerBound)
    let first = range.lowerBound + (isEnd ? 2 : 1)
    let name = bytes[first..<range.upperBound].prefix {
      !Self.isBlank($0) && $0 != 0x2F && $0 != 0x3E
    }
    let isEmpty = !isEnd && range.count > 2 && bytes[range.upperBound - 2] == 0x2F
    return XMLTag(
      range: range, name: String(decoding: name, as: UTF8.self), isEnd: isEnd, isEmpty: isEmpty)
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private func find(_ character: Unicode.Scalar, from start: Int) -> Int? {
    let wanted = UInt8(ascii: character)
    var place = start
    while place < bytes.count {
      if bytes[place] == wanted { return place }
      place += 1
    }
    return nil
  }

  private func starts(with text: [UInt8], at place: Int) -> Bool {
    guard text.count <= bytes.count - place else { return false }
    for index in text.indices where text[index] != bytes[place + index] { return false }
    return true
  }

  /// Behind the next such text, or the document's end.
  private func end(of text: [UInt8], from start: Int) -> Int {
    var place = start
    while place < bytes.count {
      if starts(with: text, at: place) { return place + text.count }
      place += 1
    }
    return bytes.count
  }

  /// Behind the `>` that closes a tag; one in an attribute's value closes none.
  private func endOfTag(from start: Int) -> Int {
    var quote: UInt8?
    for place in start..<max(start, bytes.count) {
      let byte = bytes[place]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3E {
        return place + 1
      }
    }
    return bytes.count
  }

  /// Behind a document type with what stands in its brackets.
  private func endOfDeclaration(from start: Int) -> Int {
    var (place, depth) = (start, 0)
    while place < bytes.count {
      switch bytes[place] {
      case 0x22, 0x27:
        let quote = bytes[place]
        place += 1
        while place < bytes.count, bytes[place] != quote { place += 1 }
      case 0x5B: depth += 1
      case 0x5D: depth -= 1
      case 0x3C where starts(with: Self.comment, at: place):
        place = end(of: Self.commentEnd, from: place + 4) - 1
      case 0x3C where starts(with: Self.instruction, at: place):
        place = end(of: Self.instructionEnd, from: place + 2) - 1
      case 0x3E where depth == 0: return place + 1
      default: break
      }
      place += 1
    }
    return bytes.count
  }
}
