extension JSON {
  /// The value of JSON text in UTF-8.
  ///
  /// Strict: no comments, no bare NaN, no key twice in an object, at most 128 values deep.
  /// - Throws: `BrickworkError` (`.damagedInput`) with `path` and the byte where the text goes
  ///   wrong.
  public init(parsing bytes: [UInt8], path: String) throws {
    var parser = Parser(bytes: bytes, path: path)
    self = try parser.parse()
  }

  private struct Parser {
    let bytes: [UInt8]
    let path: String
    var at = 0
    static let deepest = 128

    mutating func parse() throws -> JSON {
      // A byte order mark is not JSON, but some editors put one there.
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
      let result = try value(depth: 0)
      skipSpace()
      if at < bytes.count { throw wrong("the value has ended, but more text follows") }
      return result
    }

    func wrong(_ reason: String) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: path, place: "byte \(at)", reason: "is not valid JSON: \(reason)",
        remedy: "Restore the file or write it again")
    }

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        at += 1
      }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard next == UInt8(ascii: character) else { return false }
      at += 1
      return true
    }

    mutating func value(depth: Int) throws -> JSON {
      skipSpace()
      guard depth < Self.deepest else { throw wrong("values lie deeper than \(Self.deepest)") }
      guard let byte = next else { throw wrong("the text ends where a value should begin") }
      switch byte {
      case UInt8(ascii: "{"): return try object(depth)
      case UInt8(ascii: "["): return try array(depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
      default:
        for (word, value) in [("null", JSON.null), ("true", true), ("false", false)]
        where bytes[at...].starts(with: word.utf8) {
          at += word.utf8.count
          return value
        }
        throw wrong("a value can't begin with byte \(byte)")
      }
    }

    mutating func object(_ depth: Int) throws -> JSON {
      at += 1
      var object = Object()
      if take("}") { return .object(object) }
      repeat {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw wrong("a member's name is missing") }
        let key = try string()
        if object[key] != nil { throw wrong("the member \"\(key)\" occurs twice") }
        guard take(":") else { throw wrong("no colon follows \"\(key)\"") }
        object[key] = try value(depth: depth + 1)
      } while take(",")
      guard take("}") else { throw wrong("an object is not closed") }
      return .object(object)
    }

    mutating func array(_ depth: Int) throws -> JSON {
      at += 1
      var elements: [JSON] = []
      if take("]") { return .array(elements) }
      repeat { elements.append(try value(depth: depth + 1)) } while take(",")
      guard take("]") else { throw wrong("an array is not closed") }
      return .array(elements)
    }

    mutating func digits() -> Int {
      let start = at
      while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { at += 1 }
      return at - start
    }

    mutating func number() throws -> JSON {
      let start = at
      var isInteger = true
      if next == UInt8(ascii: "-") { at += 1 }
      let leading = next
      let count = digits()
      guard count > 0 else { throw wrong("a number has no digits") }
      if count > 1 && leading == UInt8(ascii: "0") { throw wrong("a number begins with 0") }
      if next == UInt8(ascii: ".") {
        isInteger = false
        at += 1
        guard digits() > 0 else { throw wrong("no digits follow the decimal point") }
      }
      if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
        isInteger = false
        at += 1
        if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
        guard digits() > 0 else { throw wrong("an exponent has no digits") }
      }
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      if isInteger && text != "-0" {
        if let value = Int64(text) { return .integer(value) }
        if let value = UInt64(text) { return .unsigned(value) }
      }
      guard let value = Double(text), value.isFinite else {
        throw wrong("the number \(text.prefix(40)) is too large")
      }
      return .number(value)
    }

    mutating func string() throws -> String {
      at += 1
      var content: [UInt8] = []
      while let byte = next {
        switch byte {
        case UInt8(ascii: "\""):
          guard let text = String(validating: content, as: UTF8.self) else {
            throw wrong("a string is not UTF-8")
          }
          at += 1
          return text
        case UInt8(ascii: "\\"): try escape(into: &content)
        case 0..<0x20: throw wrong("a control character stands in a string")
        default:
          content.append(byte)
          at += 1
        }
      }
      throw wrong("a string is not closed")
    }

    mutating func escape(into content: inout [UInt8]) throws {
      at += 1
      guard let byte = next else { throw wrong("a string is not closed") }
      at += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
      case UInt8(ascii: "b"): content.append(8)
      case UInt8(ascii: "f"): content.append(12)
      case UInt8(ascii: "n"): content.append(10)
      case UInt8(ascii: "r"): content.append(13)
      case UInt8(ascii: "t"): content.append(9)
      case UInt8(ascii: "u"):
        var code = try fourDigits()
        if code >= 0xD800 && code < 0xDC00 && bytes[at...].starts(with: "\\u".utf8) {
          at += 2
          let low = try fourDigits()
          guard low >= 0xDC00 && low < 0xE000 else {
            throw wrong("half a surrogate pair is missing")
          }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else {
          throw wrong("half a surrogate pair is missing")
        }
        content.append(contentsOf: String(scalar).utf8)
      default: throw wrong("\\ can't be followed by byte \(byte)")
      }
    }

    mutating func fourDigits() throws -> UInt32 {
      var code: UInt32 = 0
      for _ in 0..<4 {
        guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
          throw wrong("\\u needs four hexadecimal digits")
        }
        code = code << 4 | UInt32(digit)
        at += 1
      }
      return code
    }
  }
}
