internal import BrickCodecs
internal import BrickCore

/// Reads the binary notation of metadata, "lite variant" (format notes, section 5).
struct LVReader {
  private let bytes: [UInt8]
  private var place = 0
  private var nodes = 0

  /// The most bytes a chunk is inflated to.
  private static let mostInflated = 64 << 20

  /// The root item of a chunk's bytes, which are inflated first where they are `LV0Z`.
  ///
  /// - Throws: `BrickworkError` (`.damagedInput`), without a path, that says where.
  static func root(_ bytes: [UInt8]) throws -> MetadataNode {
    var reader = LVReader(bytes: try inflated(bytes))
    return try reader.item(depth: 1)
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private static func inflated(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes.starts(with: Array("LV0Z".utf8)), bytes.count >= 12 else { return bytes }
    var size: UInt64 = 0
    for index in 0..<8 { size |= UInt64(bytes[4 + index]) << UInt64(8 * index) }
    // Deflate makes at most 1032 bytes of one.
    guard size <= mostInflated, Int(size) / 1032 <= bytes.count else {
      throw BrickworkError(
        .damagedInput,
        reason:
          "its \(bytes.count) bytes claim to inflate to \(size), and \(mostInflated) are the most")
    }
    var result = [UInt8](repeating: 0, count: Int(size))
    var span = result.mutableSpan
    var target = unsafe span.mutableBytes
    let source = unsafe bytes.span.bytes
    let count = try ZlibDecompressor().decompress(
      source.extracting(12..<bytes.count), into: &target)
    return Array(result[..<count])
  }

  private mutating func item(depth: Int) throws -> MetadataNode {
    let start = place
    nodes += 1
    guard depth <= MetadataNode.mostLevels, nodes <= MetadataNode.mostNodes else {
      throw damaged(
        "is nested deeper than \(MetadataNode.mostLevels) levels or holds more than "
          + "\(MetadataNode.mostNodes) values")
    }
    let type = Int(try number(1))
    let name = try text(units: Int(try number(1)))
    let value: MetadataNode.Value
    switch type {
    case 1: value = .bool(try number(1) != 0)
    case 2: value = .integer(Int64(Int32(truncatingIfNeeded: try number(4))))
    case 3: value = .integer(Int64(try number(4)))
    case 4: value = .integer(Int64(bitPattern: try number(8)))
    case 5: value = .unsigned(try number(8))
    case 6: value = .real(Double(bitPattern: try number(8)))
    case 8: value = .text(try terminatedText())
    case 9:
      let count = try number(8)
      guard count <= bytes.count - place else {
        throw damaged("holds an array of \(count) bytes where \(bytes.count - place) are left")
      }
      value = .bytes(Array(bytes[place..<place + Int(count)]))
      place += Int(count)
    case 11: value = .list(try level(from: start, depth: depth))
    default: throw damaged("holds a value of the unknown type \(type)")
    }
    return MetadataNode(name: name, value: value)
  }

  /// The children of a level; its length counts from the item's first byte, a table of offsets follows.
  private mutating func level(from start: Int, depth: Int) throws -> [MetadataNode] {
    let count = Int(try number(4))
    let length = try number(8)
    guard length >= place - start, length <= bytes.count - start,
      count <= (bytes.count - start - Int(length)) / 8
    else {
      throw damaged(
        "has a level of \(count) values in \(length) bytes where \(bytes.count - start) are left")
    }
    var children: [MetadataNode] = []
    for _ in 0..<count { children.append(try item(depth: depth + 1)) }
    guard place == start + Int(length) else {
      throw damaged("has a level of \(length) bytes whose values take \(place - start)")
    }
    place += 8 * count
    return children
  }

  private mutating func number(_ width: Int) throws -> UInt64 {
    guard width <= bytes.count - place else { throw damaged("ends within a value") }
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
    place += width
    return value
  }

  /// A name of so many UTF-16 units, of which the last is NUL.
  private mutating func text(units: Int) throws -> String {
    guard units * 2 <= bytes.count - place else { throw damaged("ends within a name") }
    var letters: [UInt16] = []
    for unit in 0..<units {
      let letter = UInt16(bytes[place + 2 * unit]) | UInt16(bytes[place + 2 * unit + 1]) << 8
      if letter != 0 { letters.append(letter) }
    }
    place += 2 * units
    return String(decoding: letters, as: UTF16.self)
  }

  private mutating func terminatedText() throws -> String {
    var letters: [UInt16] = []
    while true {
      let letter = UInt16(try number(2))
      if letter == 0 { return String(decoding: letters, as: UTF16.self) }
      letters.append(letter)
    }
  }

  private func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(.damagedInput, place: "byte \(place)", reason: reason)
  }
}
