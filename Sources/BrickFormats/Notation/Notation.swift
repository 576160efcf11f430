public import BrickCore

/// How people write sizes, positions, lengths and regions: the values of the command's options.
///
/// Every function throws `BrickworkError` with code `.badRequest` and a sentence that says what is
/// wrong with the text and shows an example.
public enum Notation {
  /// Three positive whole numbers in the order z,y,x: the shape of a brick, a stride.
  public static func shape(_ text: String) throws -> Index3 {
    let parts = try triple(text, example: "64,64,64 (z,y,x)")
    let numbers = try parts.map { part in
      guard let number = Int(part), number > 0, number <= 1 << 31 else {
        throw wrong("'\(part)' is no positive whole number", "64,64,64 (z,y,x)")
      }
      return number
    }
    return Index3(z: numbers[0], y: numbers[1], x: numbers[2])
  }

  /// Three positive numbers in the order x,y,z: µm between voxels.
  public static func voxelSize(_ text: String) throws -> VoxelSize {
    let parts = try triple(text, example: "0.16,0.16,0.4 (x,y,z in µm)")
    let numbers = try parts.map { part in
      guard let number = Double(part), number.isFinite, number > 0 else {
        throw wrong("'\(part)' is no positive number", "0.16,0.16,0.4 (x,y,z in µm)")
      }
      return number
    }
    return VoxelSize(x: numbers[0], y: numbers[1], z: numbers[2])
  }

  /// Bytes: `512MiB`, `4G`, `1.5GB`, `400000000`.
  ///
  /// K, M, G, T and KiB… are powers of 1024, KB… of 1000.
  public static func byteCount(_ text: String) throws -> Int {
    let example = "512MiB or 4G"
    let number = text.prefix { $0.isNumber || $0 == "." }
    guard let value = Double(number), value > 0 else {
      throw wrong("'\(text)' does not start with a positive number", example)
    }
    let unit = text.dropFirst(number.count).drop(while: \.isWhitespace).lowercased()
    let factor: Double
    if unit.isEmpty || unit == "b" {
      factor = 1
    } else if let power = "kmgt".firstIndex(of: unit.first ?? "?"),
      ["", "ib", "b"].contains(String(unit.dropFirst()))
    {
      let steps = "kmgt".distance(from: "kmgt".startIndex, to: power) + 1
      let base: Double = unit.dropFirst() == "b" ? 1000 : 1024
      factor = (0..<steps).reduce(1) { product, _ in product * base }
    } else {
      throw wrong("'\(unit)' is no unit of bytes", example)
    }
    guard value * factor < 0x1p62 else { throw wrong("'\(text)' is too large", example) }
    return Int(value * factor)
  }

  /// Whole numbers from 0 on, separated by commas: the places of tiles.
  public static func places(_ text: String) throws -> [Int] {
    try parts(text).map { part in
      guard let number = Int(part), number >= 0 else {
        throw wrong("'\(part)' is no number of a tile, counted from 0", "0,2,1")
      }
      return number
    }
  }

  /// Some of the axes z, y and x, separated by commas, each at most once.
  public static func axes(_ text: String) throws -> AxisSet {
    var axes = AxisSet()
    for part in parts(text) {
      let axis: AxisSet
      switch part.lowercased() {
      case "z": axis = .z
      case "y": axis = .y
      case "x": axis = .x
      default: throw wrong("'\(part)' is no axis: they are z, y and x", "z,x")
      }
      guard !axes.contains(axis) else { throw wrong("'\(part)' is named twice", "z,x") }
      axes.insert(axis)
    }
    return axes
  }

  /// Two numbers, the smaller first: the values shown black and white.
  public static func range(_ text: String) throws -> (low: Double, high: Double) {
    let numbers = parts(text).map { Double($0) }
    guard numbers.count == 2, let low = numbers[0], let high = numbers[1], low.isFinite,
      high.isFinite
    else { throw wrong("'\(text)' is not two numbers", "100,4000") }
    guard low < high else { throw wrong("the first number is not the smaller one", "100,4000") }
    return (low, high)
  }

  static func parts(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
  }

  static func triple(_ text: String, example: String) throws -> [String] {
    let parts = parts(text)
    guard parts.count == 3 else {
      throw wrong("'\(text)' has \(parts.count) numbers, not 3", example)
    }
    return parts
  }

  static func wrong(_ reason: String, _ example: String) -> BrickworkError {
    BrickworkError(.badRequest, reason: reason, remedy: "Write it like \(example)")
  }
}

extension Notation {
  /// Three numbers in the order x,y,z that offsets are multiplied by; none is zero.
  public static func factors(_ text: String) throws -> Point3 {
    let example = "1,1,2.5 (x,y,z)"
    let numbers = try triple(text, example: example).map { part in
      guard let number = Double(part), number.isFinite, number != 0 else {
        throw wrong("'\(part)' is no number other than zero", example)
      }
      return number
    }
    return Point3(x: numbers[0], y: numbers[1], z: numbers[2])
  }

  /// Three numbers in the order x,y,z: a position.
  public static func position(_ text: String) throws -> Point3 {
    let example = "-12.5,0,300 (x,y,z)"
    let numbers = try triple(text, example: example).map { part in
      guard let number = Double(part), number.isFinite else {
        throw wrong("'\(part)' is no number", example)
      }
      return number
    }
    return Point3(x: numbers[0], y: numbers[1], z: numbers[2])
  }

  /// Three whole numbers from 0 on in the order z,y,x: how many voxels tiles share.
  public static func overlap(_ text: String) throws -> Index3 {
    let numbers = try triple(text, example: "0,200,200 (z,y,x)").map { part in
      guard let number = Int(part), number >= 0, number <= 1 << 31 else {
        throw wrong("'\(part)' is no whole number from 0 on", "0,200,200 (z,y,x)")
      }
      return number
    }
    return Index3(z: numbers[0], y: numbers[1], x: numbers[2])
  }
}
