internal import BrickCore
internal import BrickXML

/// A small part of a document: one element with what is in it.
///
/// Large documents are read one such part after another.
struct XMLElement {
  var name: String
  var attributes: [String: String]
  var text = ""
  var children: [XMLElement] = []

  /// Reads what follows a start tag, up to its end tag.
  init(name: String, attributes: [String: String], from reader: XMLReader) throws {
    self.name = name
    self.attributes = attributes
    while let node = try reader.next() {
      switch node {
      case .start(let name, let attributes):
        children.append(try XMLElement(name: name, attributes: attributes, from: reader))
      case .text(let text): self.text += text
      case .end: return
      }
    }
  }

  /// Passes over what follows a start tag, up to its end tag.
  static func skip(_ reader: XMLReader) throws {
    var open = 1
    while open > 0, let node = try reader.next() {
      switch node {
      case .start: open += 1
      case .end: open -= 1
      case .text: break
      }
    }
  }

  /// The first child of this name.
  func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The text of the first child of this name, without blanks around it.
  func childText(_ name: String) -> String? { child(name)?.trimmedText }

  /// The text without blanks and line breaks around it.
  var trimmedText: String {
    let isBlank = \Character.isWhitespace
    guard let first = text.firstIndex(where: { !$0[keyPath: isBlank] }),
      let last = text.lastIndex(where: { !$0[keyPath: isBlank] })
    else { return "" }
    return String(text[first...last])
  }

  /// The text as finite numbers between blanks; nil if a word is none.
  var numbers: [Double]? {
    var numbers: [Double] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      guard let number = Double(word), number.isFinite else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
