internal import BrickCore

/// The image area and its code tiles on the reference grid (ISO/IEC 15444-1 B.3).
struct CodeTileGrid: Sendable, Hashable {
  /// The image area: half-open, columns and rows of the reference grid.
  let x: Range<Int>
  let y: Range<Int>
  /// The first tile's corner, and the size of tiles.
  private let tileX: Int
  private let tileY: Int
  private let tileWidth: Int
  private let tileHeight: Int
  /// Tiles along x and y.
  let columns: Int
  let rows: Int

  var count: Int { columns * rows }

  init(_ bytes: Span<UInt8>, _ siz: Range<Int>, _ complaints: Complaints) throws {
    let start = siz.lowerBound
    func number(_ place: Int) -> Int { bytes.word(start + 2 + 4 * place) }
    let (x1, y1, x0, y0) = (number(0), number(1), number(2), number(3))
    (tileWidth, tileHeight, tileX, tileY) = (number(4), number(5), number(6), number(7))
    guard x0 < x1, y0 < y1 else {
      throw complaints.damaged(
        "byte \(start)",
        "its image is \(max(0, x1 - x0)) × \(max(0, y1 - y0)) pixels: there is nothing in it")
    }
    // OpenJPEG counts in 31 bits; no real tile comes near.
    let most = Int(Int32.max)
    guard x1 <= most, y1 <= most,
      (x1 - x0).multipliedReportingOverflow(by: y1 - y0).partialValue <= 1 << 40
    else {
      throw complaints.unsupported(
        "its image of \(x1 - x0) × \(y1 - y0) pixels is larger than 2^40",
        remedy: "Save it as several tiles")
    }
    guard (1...most).contains(tileWidth), (1...most).contains(tileHeight) else {
      throw complaints.damaged(
        "byte \(start)",
        "its image of \(x1 - x0) × \(y1 - y0) pixels is cut into tiles of \(tileWidth) × \(tileHeight), "
          + "beyond 2^31")
    }
    guard tileX <= x0, tileY <= y0, x0 - tileX < tileWidth, y0 - tileY < tileHeight else {
      throw complaints.damaged(
        "byte \(start)",
        "its first tile of \(tileWidth) × \(tileHeight) pixels at (\(tileX), \(tileY)) does not hold the "
          + "image's corner (\(x0), \(y0))")
    }
    x = x0..<x1
    y = y0..<y1
    columns = (x1 - tileX + tileWidth - 1) / tileWidth
    rows = (y1 - tileY + tileHeight - 1) / tileHeight
    guard columns <= 65535, rows <= 65535, columns * rows <= 65535 else {
      throw complaints.damaged(
        "byte \(start)", "its image is cut into \(columns) × \(rows) tiles, and 65535 is the most")
    }
  }

  /// A tile's columns and rows of the reference grid.
  func area(ofTile tile: Int) -> (x: Range<Int>, y: Range<Int>) {
    let left = tileX + tile % columns * tileWidth
    let top = tileY + tile / columns * tileHeight
    return (
      max(left, x.lowerBound)..<min(left + tileWidth, x.upperBound),
      max(top, y.lowerBound)..<min(top + tileHeight, y.upperBound)
    )
  }

  /// The tiles that hold a place of the reference grid inside the image.
  func column(of place: Int) -> Int { (place - tileX) / tileWidth }
  func row(of place: Int) -> Int { (place - tileY) / tileHeight }

  /// The largest size a tile has.
  var largestTile: (width: Int, height: Int) {
    (min(tileWidth, x.count), min(tileHeight, y.count))
  }
}
