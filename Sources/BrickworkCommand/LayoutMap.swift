import Brickwork

/// Draws where tiles lie, seen along z, in characters.
enum LayoutMap {
  /// A map at most 72 characters wide and 28 lines high, x to the right and y down.
  ///
  /// Each tile is a frame with its number in the upper left corner. Where frames would be too small to tell apart, it
  /// shows how many tiles cover each place instead: a dot for none, # for more than nine.
  static func draw(_ placement: TilePlacement) -> String {
    let size = placement.size
    guard size.x > 0, size.y > 0 else { return "" }
    let scale = Scale(size)
    let frames = placement.boxes.allSatisfy { box in
      box.isEmpty || (scale.columns(box).count >= 5 && scale.rows(box).count >= 3)
    }
    let stacked = Set(placement.boxes.map { Index3(z: 0, y: $0.origin.y, x: $0.origin.x) }).count
    let map =
      frames && stacked <= 150 ? drawn(placement.boxes, scale) : counted(placement.boxes, scale)
    return map.map { line in
      var text = String(line)
      while text.last == " " { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }

  /// Voxels to characters, which are about twice as high as wide.
  private struct Scale {
    let voxels: Double
    let width: Int
    let height: Int

    init(_ size: Index3) {
      voxels = max(Double(size.x) / 71, Double(size.y) / 27 / 2, 1e-9)
      width = Int(Double(size.x) / voxels) + 1
      height = Int(Double(size.y) / voxels / 2) + 1
    }

    func column(_ x: Int) -> Int { min(width - 1, Int(Double(x) / voxels)) }
    func row(_ y: Int) -> Int { min(height - 1, Int(Double(y) / voxels / 2)) }
    func columns(_ box: Box3) -> ClosedRange<Int> { column(box.origin.x)...column(box.end.x) }
    func rows(_ box: Box3) -> ClosedRange<Int> { row(box.origin.y)...row(box.end.y) }
  }

  private static func drawn(_ boxes: [Box3], _ scale: Scale) -> [[Character]] {
    var map = [[Character]](
      repeating: Array(repeating: " ", count: scale.width), count: scale.height)
    for box in boxes where !box.isEmpty {
      let (columns, rows) = (scale.columns(box), scale.rows(box))
      for x in columns {
        for y in [rows.lowerBound, rows.upperBound] where map[y][x] != "+" { map[y][x] = "-" }
      }
      for y in rows {
        for x in [columns.lowerBound, columns.upperBound] where map[y][x] != "+" { map[y][x] = "|" }
      }
      for y in [rows.lowerBound, rows.upperBound] {
        for x in [columns.lowerBound, columns.upperBound] { map[y][x] = "+" }
      }
    }
    // The first tile of a stack names it.
    for (number, box) in boxes.enumerated().reversed() where !box.isEmpty {
      let (x, y) = (scale.column(box.origin.x) + 1, scale.row(box.origin.y) + 1)
      for (place, digit) in "\(number)".enumerated()
      where y < scale.height && x + place < scale.width {
        map[y][x + place] = digit
      }
    }
    return map
  }

  /// Counts the tiles over the middle of each character, by their differences along rows.
  private static func counted(_ boxes: [Box3], _ scale: Scale) -> [[Character]] {
    var changes = [[Int]](
      repeating: Array(repeating: 0, count: scale.width + 1), count: scale.height + 1)
    for box in boxes where !box.isEmpty {
      // A tile smaller than a character counts in its own.
      let left = scale.column(box.origin.x)
      let right = max(left + 1, scale.column(box.end.x - 1) + 1)
      let top = scale.row(box.origin.y)
      let bottom = max(top + 1, scale.row(box.end.y - 1) + 1)
      changes[top][left] += 1
      changes[top][right] -= 1
      changes[bottom][left] -= 1
      changes[bottom][right] += 1
    }
    var above = Array(repeating: 0, count: scale.width + 1)
    return changes.dropLast().map { row in
      for x in row.indices { above[x] += row[x] }
      var count = 0
      return above.dropLast().map { change in
        count += change
        return count == 0 ? "." : count > 9 ? "#" : Character("\(count)")
      }
    }
  }
}
