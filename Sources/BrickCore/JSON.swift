/// A JSON value whose integers keep all 64 bits: Zarr fill values need them.
///
/// Objects keep the order of their members, so that text made from a value is always the same.
/// Format: RFC 8259.
public enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent that fits.
  case integer(Int64)
  /// Only for integers above `Int64.max`.
  case unsigned(UInt64)
  /// Any other number; always finite when it was parsed.
  case number(Double)
  case string(String)
  case array([JSON])
  case object(Object)

  /// The members of an object in their order; each key occurs once.
  public struct Object: Sendable {
    /// A key with its value.
    public struct Member: Sendable, Hashable {
      /// The member's name.
      public let key: String
      /// The member's value.
      public var value: JSON
    }
    /// All members, in the order in which their keys were first set.
    public private(set) var members: [Member] = []
    private var places: [String: Int] = [:]

    /// An object without members.
    public init() {}

    /// The value of `key`.
    ///
    /// Setting appends a new key, replaces a known one, and nil removes it.
    public subscript(key: String) -> JSON? {
      get { places[key].map { members[$0].value } }
      set {
        switch (places[key], newValue) {
        case (let place?, let value?): members[place].value = value
        case (nil, let value?):
          places[key] = members.count
          members.append(Member(key: key, value: value))
        case (let place?, nil):
          members.remove(at: place)
          places = [:]
          for (index, member) in members.enumerated() { places[member.key] = index }
        case (nil, nil): break
        }
      }
    }

    /// The keys in their order.
    public var keys: [String] { members.map(\.key) }
  }

  /// An integer that may need the unsigned case.
  public init(_ number: UInt64) {
    self = Int64(exactly: number).map { .integer($0) } ?? .unsigned(number)
  }

  /// An integer.
  public init(_ number: Int) { self = .integer(Int64(number)) }

  /// An array of the three components z, y, x.
  public init(_ index: Index3) { self = .array(index.components.map { JSON($0) }) }
}

extension JSON.Object: Hashable {
  /// Whether both have equal members in the same order.
  public static func == (a: Self, b: Self) -> Bool { a.members == b.members }
  /// Hashes the members in their order.
  public func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

extension JSON {
  /// The member of an object; nil if there is none or this is no object.
  public subscript(key: String) -> JSON? {
    get { objectValue?[key] }
    set {
      var object = objectValue ?? Object()
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The element of an array; nil past its end or if this is no array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// The value of an integer that fits; nil for `1.0`, which is not written as one.
  public var intValue: Int? {
    if case .integer(let value) = self { Int(exactly: value) } else { nil }
  }

  /// Any number as a double, rounded to nearest for integers beyond 2⁵³.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The text of a string; nil if this is none.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The value of `true` or `false`; nil if this is neither, as 0 and 1 are.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements of an array; nil if this is none.
  public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object; nil if this is none.
  public var objectValue: Object? { if case .object(let value) = self { value } else { nil } }
  /// Whether this is `null`, which is not the same as a missing member.
  public var isNull: Bool { self == .null }

  /// The elements of an array that holds nothing but integers.
  public var intArrayValue: [Int]? { values(\.intValue) }
  /// The elements of an array that holds nothing but numbers.
  public var doubleArrayValue: [Double]? { values(\.doubleValue) }
  /// The elements of an array that holds nothing but strings.
  public var stringArrayValue: [String]? { values(\.stringValue) }

  private func values<T>(_ read: (JSON) -> T?) -> [T]? {
    guard let elements = arrayValue else { return nil }
    let values = elements.compactMap(read)
    return values.count == elements.count ? values : nil
  }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// The value `null`, written as nil.
  public init(nilLiteral: ()) { self = .null }
  /// The value `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer: for numbers above `Int64.max` use `init(_: UInt64)`.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number, also where it is whole: `1.0` stays `1.0` in text.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An array of the elements.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; a key that occurs twice keeps its last value.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = Object()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}
