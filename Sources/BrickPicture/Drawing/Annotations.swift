/// A tile's border and number in a picture.
public struct TileOutline: Sendable, Hashable {
  /// The pixels of the tile along a row; they may reach past the picture, where the border is not seen.
  public var columns: Range<Int>
  /// Its rows.
  public var rows: Range<Int>
  /// The tile's number, from 0.
  public var number: Int

  /// The border of a tile.
  public init(columns: Range<Int>, rows: Range<Int>, number: Int) {
    self.columns = columns
    self.rows = rows
    self.number = number
  }
}

/// A bar of a round length.
public struct ScaleBar: Sendable, Hashable {
  /// Its length in µm: 1, 2 or 5 times a power of ten.
  public let micrometers: Double
  /// Its length in pixels, rounded to nearest.
  public let pixels: Int

  /// The longest bar of a round length that takes at most a quarter of a picture's width; nil where not even a bar of
  /// 0.01 nm does.
  public init?(micrometersPerPixel: Double, width: Int) {
    let most = micrometersPerPixel * Double(width) / 4
    guard most.isFinite, most > 0 else { return nil }
    var found: Double?
    for power in -8...12 {
      let ten = (0..<abs(power)).reduce(1.0) { product, _ in product * 10 }
      for digit in [1.0, 2, 5] {
        // A division by a power of ten is rounded once: 5 / 100 is the number nearest to 0.05.
        let length = power < 0 ? digit / ten : digit * ten
        if length <= most * (1 + 1e-9) { found = length }
      }
    }
    guard let found else { return nil }
    micrometers = found
    pixels = max(1, Int((found / micrometersPerPixel).rounded()))
  }

  /// The length with its unit: "500 nm", "50 µm", "2 mm".
  public var text: String {
    let (value, unit): (Double, String) =
      switch micrometers {
      case ..<1: (micrometers * 1000, "nm")
      case ..<1000: (micrometers, "µm")
      default: (micrometers / 1000, "mm")
      }
    let rounded = value.rounded()
    return abs(value - rounded) < 1e-6 * value
      ? "\(Int(rounded)) \(unit)" : "\((value * 1e6).rounded() / 1e6) \(unit)"
  }
}

/// What is drawn over a picture.
public struct Annotations: Sendable, Hashable {
  /// The borders of tiles.
  public var outlines: [TileOutline] = []
  /// The bar in the lower right corner.
  public var scaleBar: ScaleBar?
  /// Pixels along a row of the whole picture.
  public let width: Int
  /// Rows of the whole picture.
  public let height: Int

  /// Nothing to draw over a picture of this size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Whether anything is drawn in colour.
  public var areColored: Bool { !outlines.isEmpty }

  /// Pixels of a dot of the font: more in larger pictures.
  public var scale: Int { max(1, min(width, height) / 400) }

  /// Where the scale bar is filled: columns and rows of the whole picture.
  public var barPlace: (columns: Range<Int>, rows: Range<Int>)? {
    guard let scaleBar else { return nil }
    let margin = max(2, min(width, height) / 40)
    let thickness = max(1, min(width, height) / 150)
    let right = max(scaleBar.pixels, width - margin)
    let bottom = max(thickness, height - margin)
    return (right - scaleBar.pixels..<right, bottom - thickness..<bottom)
  }

  /// Draws what lies in the rows of a canvas.
  public func draw(on canvas: inout Canvas) {
    for outline in outlines where outline.rows.overlaps(canvas.rows) {
      let color = LabelColors.color(of: UInt64(outline.number) + 1)
      canvas.outline(columns: outline.columns, rows: outline.rows, color)
    }
    for outline in outlines {
      // In the middle of what is seen of the tile: near its corners it may be a neighbour's.
      let columns = outline.columns.clamped(to: 0..<width)
      let rows = outline.rows.clamped(to: 0..<height)
      let (text, size) = ("\(outline.number)", textSize("\(outline.number)"))
      guard columns.count >= size.width, rows.count >= size.height else { continue }
      canvas.write(
        text, x: columns.lowerBound + (columns.count - size.width) / 2,
        y: rows.lowerBound + (rows.count - size.height) / 2, scale: scale,
        LabelColors.color(of: UInt64(outline.number) + 1))
    }
    guard let scaleBar, let (columns, rows) = barPlace else { return }
    let size = textSize(scaleBar.text)
    let rim = scale
    canvas.fill(
      columns: columns.lowerBound - rim..<columns.upperBound + rim,
      rows: rows.lowerBound - rim..<rows.upperBound + rim, .black)
    canvas.fill(columns: columns, rows: rows, .white)
    let left = columns.lowerBound + (columns.count - size.width) / 2
    canvas.write(
      scaleBar.text, x: max(rim, min(left, width - size.width - rim)),
      y: rows.lowerBound - size.height - 3 * rim, scale: scale, .white)
  }

  private func textSize(_ text: String) -> (width: Int, height: Int) {
    (BitmapFont.width(of: text) * scale, BitmapFont.height * scale)
  }
}
