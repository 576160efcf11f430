internal import BrickCore

/// Big-endian numbers at places that the caller has checked.
extension Span<UInt8> {
  func byte(_ place: Int) -> Int { Int(self[place]) }
  func half(_ place: Int) -> Int { byte(place) << 8 | byte(place + 1) }
  func word(_ place: Int) -> Int { half(place) << 16 | half(place + 2) }
  /// A number of 64 bits, nil where it exceeds what a file can have.
  func long(_ place: Int) -> Int? {
    let high = word(place)
    return high >> 31 == 0 ? high << 32 | word(place + 4) : nil
  }
}

extension [UInt8] {
  /// Appends the lowest `count` bytes of a number, the highest first.
  mutating func appendBig(_ value: Int, _ count: Int) {
    for place in (0..<count).reversed() {
      append(UInt8(truncatingIfNeeded: value >> (place * 8)))
    }
  }
}

/// ⌈a / 2^bits⌉, also of negative numbers.
func shiftedUp(_ a: Int, _ bits: Int) -> Int { (a + (1 << bits) - 1) >> bits }

/// Errors about one file.
struct Complaints: Sendable {
  let path: String

  func damaged(_ place: String, _ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: place, reason: reason,
      remedy: "The file was cut or changed: copy it again from where it was made")
  }

  func unsupported(_ reason: String, remedy: String) -> BrickworkError {
    BrickworkError(.unsupportedInput, path: path, reason: reason, remedy: remedy)
  }
}
