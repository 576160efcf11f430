internal import BrickCore
internal import BrickXML

/// Reads the XML notation of metadata (format notes, section 6): all of version 2, and tables in every version.
enum VariantReader {
  /// What a chunk's `<variant>` holds: its only child, or itself where there are several.
  ///
  /// Files hold characters that XML forbids: then they are dropped, and if that doesn't help, the bytes are taken
  /// as UTF-16.
  /// - Throws: `BrickworkError` (`.damagedInput`) if none of it gives a tree.
  static func root(_ bytes: [UInt8], name: String) throws -> MetadataNode {
    // Padding behind the document would be an error.
    let padding = bytes.reversed().prefix { $0 == 0 }.count
    let document = Array(bytes.dropLast(padding))
    do { return try parse(document, name: name) } catch {
      if let node = try? parse(cleaned(String(decoding: document, as: UTF8.self)), name: name) {
        return node
      }
      let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
        UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
      }
      if let node = try? parse(cleaned(String(decoding: units, as: UTF16.self)), name: name) {
        return node
      }
      throw error
    }
  }

  /// Without what XML 1.0 forbids and what could not be decoded.
  private static func cleaned(_ text: String) -> [UInt8] {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isSpace = scalar == "\t" || scalar == "\n" || scalar == "\r"
      guard scalar.value >= 0x20 || isSpace, scalar.value != 0xFFFD, scalar.value != 0xFEFF,
        scalar.value & 0xFFFE != 0xFFFE
      else { continue }
      scalars.append(scalar)
    }
    return Array(String(scalars).utf8)
  }

  private static func parse(_ bytes: [UInt8], name: String) throws -> MetadataNode {
    let reader = try XMLReader(bytes: bytes, name: name)
    var open: [MetadataNode] = []
    var nodes = 0
    while let node = try reader.next() {
      switch node {
      case .start(let tag, let attributes):
        nodes += 1
        guard open.count < MetadataNode.mostLevels, nodes <= MetadataNode.mostNodes else {
          throw BrickworkError(
            .damagedInput, path: name,
            reason: "is nested deeper than \(MetadataNode.mostLevels) levels or holds more than "
              + "\(MetadataNode.mostNodes) values")
        }
        open.append(
          MetadataNode(name: tag == "no_name" ? "" : tag, value: value(attributes)))
      case .end:
        guard let done = open.popLast() else { break }
        guard !open.isEmpty else {
          let children = done.children
          return children.count == 1 ? children[0] : done
        }
        var siblings = open[open.count - 1].children
        // Taken out first, so that appending doesn't copy them.
        open[open.count - 1].value = .list([])
        siblings.append(done)
        open[open.count - 1].value = .list(siblings)
      case .text: break
      }
    }
    throw BrickworkError(.damagedInput, path: name, reason: "ends before its root element does")
  }

  private static func value(_ attributes: [String: String]) -> MetadataNode.Value {
    guard let text = attributes["value"] else { return .list([]) }
    switch attributes["runtype"] {
    case "bool": return .bool(text == "true" || text == "1")
    case "lx_int32", "lx_uint32", "lx_int64": return Int64(text).map { .integer($0) } ?? .text(text)
    case "lx_uint64": return UInt64(text).map { .unsigned($0) } ?? .text(text)
    case "double", "float": return Double(text).map { .real($0) } ?? .text(text)
    case "CLxByteArray": return .bytes(base64(text))
    default: return .text(text)
    }
  }

  /// The bytes of base64 text (RFC 4648) up to what is none.
  private static func base64(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for letter in text.utf8 {
      let six: UInt8
      switch letter {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): six = letter - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): six = letter - 97 + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): six = letter - 48 + 52
      case UInt8(ascii: "+"): six = 62
      case UInt8(ascii: "/"): six = 63
      case 9, 10, 13, 32: continue
      default: return bytes
      }
      bits = bits << 6 | UInt32(six)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
