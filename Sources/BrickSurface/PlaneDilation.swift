/// The planes of a surface's dilated mask, from those of the mask itself, row by row.
///
/// A mask that is dilated in (y, x) alone is true at a voxel if the mask is at any neighbour in the same plane. So the first
/// plane at which a column's dilated mask is true is the first of the planes its neighbours have: no mask need be dilated
/// plane by plane. `reach` dilations by a 3×3 square are one by a square of 2·reach + 1, cut off at the borders.
///
/// Rows go in from y = 0 on and come out `reach` rows later; the last rows come out with `finish()`.
public struct PlaneDilation: Sendable {
  private let width: Int
  private let side: SurfaceSide
  private let reach: Int
  /// The last 2·reach + 1 rows or less, each already dilated along x.
  private var rows: [[Int32]] = []
  /// The y of the row that comes out next, and of the row that goes in next.
  private var (next, end) = (0, 0)

  /// Rows of `width` columns.
  ///
  /// - Parameter reach: how many times the mask is dilated by a 3×3 square.
  public init(width: Int, side: SurfaceSide, reach: Int = 5) {
    precondition(width > 0 && reach >= 0, "A row has a column, and a reach is not negative")
    self.width = width
    self.side = side
    self.reach = reach
  }

  /// Takes the next row, with −1 for columns without a plane; returns the row that is now complete, if one is.
  public mutating func add(_ row: some Collection<Int32>) -> [Int32]? {
    precondition(row.count == width, "A row has \(width) columns, not \(row.count)")
    rows.append(widened(row.map { coded($0) }))
    end += 1
    return end > next + reach ? takeRow() : nil
  }

  /// The rows that are left, once every row went in.
  public mutating func finish() -> [[Int32]] {
    var left: [[Int32]] = []
    while next < end { left.append(takeRow()) }
    return left
  }

  /// Planes as numbers whose smallest is the first one seen from the side.
  @inline(__always)
  private func coded(_ plane: Int32) -> Int32 {
    plane < 0 ? .max : side == .bottom ? plane : .max - 1 - plane
  }

  /// Turns a number back into a plane; the coding is its own inverse but for −1.
  @inline(__always)
  private func plane(_ code: Int32) -> Int32 {
    code == .max ? -1 : side == .bottom ? code : .max - 1 - code
  }

  private mutating func takeRow() -> [Int32] {
    // Rows y − reach to y + reach, as far as there are.
    let first = end - rows.count
    rows.removeFirst(max(0, next - reach - first))
    next += 1
    var least = rows[0]
    for row in rows.dropFirst() { formMinimum(&least, row, shift: 0) }
    return least.map { plane($0) }
  }

  private func widened(_ row: [Int32]) -> [Int32] {
    var least = row
    for shift in 1..<max(1, min(reach, width - 1) + 1) {
      formMinimum(&least, row, shift: shift)
      formMinimum(&least, row, shift: -shift)
    }
    return least
  }

  /// Makes each number the smaller one of itself and the other row's `shift` places on.
  private func formMinimum(_ row: inout [Int32], _ other: [Int32], shift: Int) {
    let count = width - abs(shift)
    var target = row.mutableSpan
    var mine = target._mutatingExtracting(max(0, -shift)..<max(0, -shift) + count)
    let theirs = other.span.extracting(max(0, shift)..<max(0, shift) + count)
    for place in 0..<count {
      let (a, b) = (mine[place], theirs[place])
      mine[place] = a < b ? a : b
    }
  }
}
