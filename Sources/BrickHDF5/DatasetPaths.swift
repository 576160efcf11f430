/// Patterns that choose among paths of datasets.
enum DatasetPaths {
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
