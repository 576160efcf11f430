internal import BrickCore
internal import BrickFiles

/// A table of numbers in NumPy's file format, versions 1 to 3, of at most two dimensions.
///
/// Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
struct NPYArray {
  let shape: [Int]
  /// The values in row-major order, whatever the file's order.
  let values: [Double]

  static func looksLikeNPY(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59])
  }

  init(_ bytes: [UInt8], path: String) throws {
    let (header, start) = try Self.header(of: bytes, fileBytes: bytes.count, path: path)
    let count = header.shape.reduce(1, *)
    let data = bytes[start...]
    let read = (0..<count).map { place in
      header.number.value(data, at: start + place * header.number.byteCount)
    }
    shape = header.shape
    if header.isFortranOrder && shape.count == 2 {
      let (rows, columns) = (shape[0], shape[1])
      values = (0..<count).map { read[$0 % columns * rows + $0 / columns] }
    } else {
      values = read
    }
  }

  /// The header of a file that may be large, and where its numbers begin; nil if the file is no NumPy array.
  static func start(of file: MappedFile, path: String) throws -> (header: NPYHeader, start: Int)? {
    let bytes = Span<UInt8>(_bytes: file.bytes)
    let start = (0..<min(file.count, 1 << 17)).map { bytes[$0] }
    guard looksLikeNPY(start) else { return nil }
    return try header(of: start, fileBytes: file.count, path: path)
  }

  /// The header, and where the numbers begin, which fill the file.
  private static func header(
    of bytes: [UInt8], fileBytes: Int, path: String
  ) throws -> (header: NPYHeader, start: Int) {
    func damaged(_ reason: String) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: path, place: "NumPy header", reason: reason,
        remedy: "Write the file again with numpy.save")
    }
    guard bytes.count >= 10 else {
      throw damaged("the file has \(bytes.count) bytes, a header at least 10")
    }
    let version = Int(bytes[6])
    guard (1...3).contains(version) else {
      throw damaged("the format version is \(version), and 1 to 3 are known")
    }
    let lengthBytes = version == 1 ? 2 : 4
    let start = 8 + lengthBytes
    guard bytes.count >= start else {
      throw damaged("the file has \(bytes.count) bytes, this header at least \(start)")
    }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - start else {
      throw damaged("it would end at byte \(start + length), past the file's \(bytes.count)")
    }
    let header = try NPYHeader(
      String(decoding: bytes[start..<start + length], as: UTF8.self), path: path)
    guard let count = header.count,
      case let (needed, overflow) = count.multipliedReportingOverflow(by: header.number.byteCount),
      !overflow
    else { throw damaged("the shape \(header.shape) is too large") }
    guard fileBytes - start - length == needed else {
      throw BrickworkError(
        .damagedInput, path: path,
        reason:
          "has \(fileBytes - start - length) bytes of numbers where the shape \(header.shape) needs \(needed)",
        remedy: "Write the file again with numpy.save")
    }
    return (header, start + length)
  }
}

/// The header's dictionary: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3), }`.
struct NPYHeader {
  let number: NPYNumber
  let isFortranOrder: Bool
  let shape: [Int]

  /// The number of values, or nil if it overflows.
  var count: Int? {
    shape.reduce(1 as Int?) { product, size in
      guard let product else { return nil }
      let (result, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow ? nil : result
    }
  }

  init(_ text: String, path: String) throws {
    func value(_ key: String) throws -> Substring {
      for quote in ["'", "\""] {
        guard let range = text.firstRange(of: quote + key + quote) else { continue }
        let rest = text[range.upperBound...].trimmed
        if rest.hasPrefix(":") { return rest.dropFirst().trimmed }
      }
      throw BrickworkError(
        .damagedInput, path: path, place: "NumPy header", reason: "does not say '\(key)'",
        remedy: "Write the file again with numpy.save")
    }
    let descr = try value("descr")
    let name = descr.dropFirst().prefix { $0 != "'" && $0 != "\"" }
    guard let first = descr.first, first == "'" || first == "\"", let number = NPYNumber(name)
    else {
      throw BrickworkError(
        .unsupportedInput, path: path, place: "NumPy header",
        reason:
          "the element type is \(descr.prefix { $0 != "," }), not a float or integer of 32 or 64 bits",
        remedy: "Save the array as numpy.asarray(offsets, dtype='float64')")
    }
    self.number = number
    isFortranOrder = try value("fortran_order").hasPrefix("True")
    let tuple = try value("shape")
    let sizes = tuple.dropFirst().prefix { $0 != ")" }.split(separator: ",").map(\.trimmed)
      .filter { !$0.isEmpty }
    let numbers = sizes.compactMap { Int($0) }.filter { $0 >= 0 }
    guard tuple.first == "(", numbers.count == sizes.count else {
      throw BrickworkError(
        .damagedInput, path: path, place: "NumPy header",
        reason: "the shape (\(sizes.joined(separator: ", "))) is no list of sizes",
        remedy: "Write the file again with numpy.save")
    }
    shape = numbers
  }
}

/// The type and byte order of the numbers, from NumPy's short names such as `<f8`.
struct NPYNumber {
  let byteCount: Int
  private let kind: Character
  private let isBigEndian: Bool

  init?(_ name: Substring) {
    guard let order = name.first, "<>=|".contains(order), let kind = name.dropFirst().first,
      let size = Int(name.dropFirst(2))
    else { return nil }
    let sizes = kind == "f" ? [4, 8] : kind == "i" || kind == "u" ? [1, 2, 4, 8] : []
    guard sizes.contains(size) else { return nil }
    byteCount = size
    self.kind = kind
    isBigEndian = order == ">"
  }

  func value(_ bytes: ArraySlice<UInt8>, at start: Int) -> Double {
    let own = bytes[start..<start + byteCount]
    let bits =
      isBigEndian
      ? own.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      : own.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    switch kind {
    case "f":
      return byteCount == 8
        ? Double(bitPattern: bits) : Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case "i":
      let unused = UInt64(64 - 8 * byteCount)
      return Double(Int64(bitPattern: bits << unused) >> Int64(unused))
    default: return Double(bits)
    }
  }
}
