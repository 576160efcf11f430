import Brickwork

/// Draws where tiles lie, seen along z, in characters.
enum LayoutMap {
  /// A map at most 72 characters wide and 30 lines high, x to the right and y down; each tile is a frame with
  /// its number in the upper left corner.
  static func draw(_ placement: TilePlacement) -> String {
    let size = placement.size
    guard size.x > 0, size.y > 0, placement.boxes.count <= 400 else {
      return "(\(placement.boxes.count) tiles: too many for a map)"
    }
    // Characters are about twice as high as wide.
    let scale = max(Double(size.x) / 71, Double(size.y) / 29 / 2, 1e-9)
    let columns = Int(Double(size.x) / scale) + 1
    let rows = Int(Double(size.y) / scale / 2) + 1
    var map = [[Character]](repeating: Array(repeating: " ", count: columns), count: rows)
    func column(_ x: Int) -> Int { min(columns - 1, Int(Double(x) / scale)) }
    func row(_ y: Int) -> Int { min(rows - 1, Int(Double(y) / scale / 2)) }
    for box in placement.boxes where !box.isEmpty {
      let (left, right) = (column(box.origin.x), column(box.end.x))
      let (top, bottom) = (row(box.origin.y), row(box.end.y))
      for x in left...right {
        for y in [top, bottom] where map[y][x] != "+" { map[y][x] = "-" }
      }
      for y in top...bottom {
        for x in [left, right] where map[y][x] != "+" { map[y][x] = "|" }
      }
      for y in [top, bottom] { for x in [left, right] { map[y][x] = "+" } }
    }
    for (number, box) in placement.boxes.enumerated() {
      let (x, y) = (column(box.origin.x) + 1, row(box.origin.y) + 1)
      for (place, digit) in "\(number)".enumerated() where y < rows && x + place < columns {
        map[y][x + place] = digit
      }
    }
    return map.map { line in
      var text = String(line)
      while text.last == " " { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }
}
