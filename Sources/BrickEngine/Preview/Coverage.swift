public import BrickCore

/// Which pixels of a picture show a tile: what none covers is left out where contrast is found.
public struct Coverage: Sendable {
  /// A tile's pixels.
  public struct Rectangle: Sendable, Hashable {
    /// From left to right.
    public var columns: Range<Int>
    /// From the top down.
    public var rows: Range<Int>

    /// The pixels in both ranges.
    public init(columns: Range<Int>, rows: Range<Int>) {
      self.columns = columns
      self.rows = rows
    }
  }

  /// By their first row.
  private let rectangles: [Rectangle]

  /// The pixels that at least one of `rectangles` holds.
  public init(_ rectangles: [Rectangle]) {
    self.rectangles = rectangles.filter { !$0.columns.isEmpty && !$0.rows.isEmpty }
      .sorted { $0.rows.lowerBound < $1.rows.lowerBound }
  }

  /// The covered pixels of some rows, as boxes of a plane z = 0 that share none.
  public func boxes(in rows: Range<Int>) -> [Box3] {
    let touching = rectangles.filter { $0.rows.overlaps(rows) }
    let edges = Set(
      touching.flatMap {
        let inside = $0.rows.clamped(to: rows)
        return [inside.lowerBound, inside.upperBound]
      }
    ).sorted()
    var boxes: [Box3] = []
    var active: [Rectangle] = []
    var next = 0
    for (top, bottom) in zip(edges, edges.dropFirst()) {
      active.removeAll { $0.rows.upperBound <= top }
      while next < touching.count, touching[next].rows.lowerBound <= top {
        active.append(touching[next])
        next += 1
      }
      for span in Self.merged(active.map(\.columns)) {
        boxes.append(
          Box3(
            from: Index3(z: 0, y: top, x: span.lowerBound),
            to: Index3(z: 1, y: bottom, x: span.upperBound)))
      }
    }
    return boxes
  }

  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var merged: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }
}
