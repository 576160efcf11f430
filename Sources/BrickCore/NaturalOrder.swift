/// The order people expect of numbered names: tile2 before tile10.
package enum NaturalOrder {
  /// Whether `a` comes before `b`: runs of digits compare as numbers, other characters by their code.
  package static func isBefore(_ a: String, _ b: String) -> Bool {
    var (left, right) = (Array(a.utf8)[...], Array(b.utf8)[...])
    while let l = left.first, let r = right.first {
      if isDigit(l) && isDigit(r) {
        let (x, y) = (takeNumber(&left), takeNumber(&right))
        if x.count != y.count { return x.count < y.count }
        if x != y { return x.lexicographicallyPrecedes(y) }
      } else {
        if l != r { return l < r }
        left.removeFirst()
        right.removeFirst()
      }
    }
    // Names that differ in leading zeros only: the shorter first, then by code, so that the order is total.
    if left.isEmpty && right.isEmpty {
      return a.utf8.count != b.utf8.count ? a.utf8.count < b.utf8.count : a < b
    }
    return left.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  /// Removes the digits at the start and returns them without leading zeros.
  private static func takeNumber(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = bytes.prefix(while: isDigit)
    bytes = bytes.dropFirst(digits.count)
    return digits.drop { $0 == 48 }
  }
}
