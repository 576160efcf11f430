internal import BrickCore

/// A value with its name, of which metadata chunks are trees: the same for both notations.
struct MetadataNode: Sendable {
  enum Value: Sendable {
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case text(String)
    case bytes([UInt8])
    case list([MetadataNode])
  }

  var name: String
  var value: Value

  /// Deeper trees are damaged: about ten levels are usual.
  static let mostLevels = 64
  /// More values than this are damaged or hostile: a position takes six.
  static let mostNodes = 2_000_000

  /// The first child of a name.
  subscript(name: String) -> MetadataNode? { children.first { $0.name == name } }

  var children: [MetadataNode] { if case .list(let nodes) = value { nodes } else { [] } }

  /// A number as an integer that fits.
  var int: Int? {
    switch value {
    case .bool(let flag): flag ? 1 : 0
    case .integer(let number): Int(exactly: number)
    case .unsigned(let number): Int(exactly: number)
    case .real(let number): Int(exactly: number)
    default: nil
    }
  }

  /// A finite number.
  var double: Double? {
    switch value {
    case .integer(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .real(let number): number.isFinite ? number : nil
    default: nil
    }
  }

  var bool: Bool? { int.map { $0 != 0 } }
  var text: String? { if case .text(let text) = value { text } else { nil } }

  /// Bytes as flags, or a list of numbers as flags.
  var flags: [Bool] {
    switch value {
    case .bytes(let bytes): bytes.map { $0 != 0 }
    case .list(let nodes): nodes.map { $0.bool ?? false }
    default: []
    }
  }
}
