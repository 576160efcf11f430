extension JSON {
  /// The value as JSON text, the same for equal values.
  ///
  /// Doubles are written with the fewest digits that read back the same (`1.0`, `0.16`); those JSON
  /// has no numbers for as the strings Zarr uses: "NaN", "Infinity", "-Infinity".
  /// - Parameter pretty: one member a line, indented by two spaces; arrays of plain values on one
  ///   line.
  public func text(pretty: Bool) -> String {
    var text = ""
    write(to: &text, pretty ? 0 : nil)
    return text
  }

  private func write(to text: inout String, _ depth: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    case .number(let value): text += Self.text(of: value)
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements): writeArray(elements, to: &text, depth)
    case .object(let object): writeObject(object, to: &text, depth)
    }
  }

  private func writeArray(_ elements: [JSON], to text: inout String, _ depth: Int?) {
    let lines = elements.contains(where: \.isContainer) ? depth : nil
    text += "["
    for (index, element) in elements.enumerated() {
      if index > 0 { text += depth != nil && lines == nil ? ", " : "," }
      Self.newLine(&text, lines.map { $0 + 1 })
      element.write(to: &text, depth.map { $0 + 1 })
    }
    if !elements.isEmpty { Self.newLine(&text, lines) }
    text += "]"
  }

  private func writeObject(_ object: Object, to text: inout String, _ depth: Int?) {
    text += "{"
    for (index, member) in object.members.enumerated() {
      if index > 0 { text += "," }
      Self.newLine(&text, depth.map { $0 + 1 })
      Self.write(member.key, to: &text)
      text += depth == nil ? ":" : ": "
      member.value.write(to: &text, depth.map { $0 + 1 })
    }
    if !object.members.isEmpty { Self.newLine(&text, depth) }
    text += "}"
  }

  private var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }

  private static func newLine(_ text: inout String, _ depth: Int?) {
    guard let depth else { return }
    text += "\n" + String(repeating: "  ", count: depth)
  }

  private static func text(of number: Double) -> String {
    if number.isNaN { return "\"NaN\"" }
    if number.isInfinite { return number < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
    return number.description
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
