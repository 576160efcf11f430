/// Paths of datasets: their order, and the patterns that choose among them.
enum DatasetPaths {
  /// Whether `a` comes before `b`: runs of digits compare as numbers, "t2" before "t10".
  static func isBefore(_ a: String, _ b: String) -> Bool {
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
    // Names that differ in leading zeros only, in some order that is always the same.
    return left.isEmpty == right.isEmpty ? a < b : left.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  private static func takeNumber(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = bytes.prefix(while: isDigit)
    bytes = bytes.dropFirst(digits.count)
    return digits.drop { $0 == 48 }
  }

  /// Whether a path follows a pattern: `*` stands for any characters but `/`, `**` for any; a leading `/` may be
  /// left out.
  static func matches(_ path: String, _ pattern: String) -> Bool {
    let text = Array(path.utf8.drop { $0 == slash })
    let wanted = Array(pattern.utf8.drop { $0 == slash })
    // Which places of the text the pattern read so far can end at: no way back, however many stars.
    var ends = [Bool](repeating: false, count: text.count + 1)
    ends[0] = true
    var place = 0
    while place < wanted.count {
      if wanted[place] == star {
        let isDeep = place + 1 < wanted.count && wanted[place + 1] == star
        place += isDeep ? 2 : 1
        for i in text.indices where ends[i] && (isDeep || text[i] != slash) { ends[i + 1] = true }
      } else {
        var next = [Bool](repeating: false, count: text.count + 1)
        for i in text.indices where ends[i] && text[i] == wanted[place] { next[i + 1] = true }
        ends = next
        place += 1
      }
    }
    return ends[text.count]
  }

  private static let slash = UInt8(ascii: "/")
  private static let star = UInt8(ascii: "*")
}
