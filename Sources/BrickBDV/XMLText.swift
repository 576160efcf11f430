internal import BrickCore

/// An XML document in the making, indented by two blanks a level.
struct XMLText {
  private(set) var content = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
  private var depth = 0

  /// The numbers of a matrix, row by row: no blank in front, which BigDataViewer does not forgive.
  static func numbers(_ affine: AffineTransform) -> String {
    affine.rows.map { "\($0)" }.joined(separator: " ")
  }

  mutating func open(_ tag: String, nests: Bool = true) {
    content += String(repeating: "  ", count: depth) + "<\(tag)>\n"
    if nests { depth += 1 }
  }

  mutating func close(_ name: String) {
    depth -= 1
    content += String(repeating: "  ", count: depth) + "</\(name)>\n"
  }

  mutating func line(_ tag: String, _ text: String) {
    let name = tag.prefix { $0 != " " }
    content += String(repeating: "  ", count: depth) + "<\(tag)>\(text.escapedForXML)</\(name)>\n"
  }

  /// The same with numbers for all characters that aren't ASCII, which suits a document of any encoding.
  static func escapedASCII(_ text: String) -> String {
    text.escapedForXML.unicodeScalars.map { $0.isASCII ? String($0) : "&#\($0.value);" }.joined()
  }
}
