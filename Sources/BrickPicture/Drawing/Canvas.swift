public import BrickCore

/// Some rows of a picture in colour, all of its width: what is drawn elsewhere is left out.
public struct Canvas: Sendable, Hashable {
  /// Pixels along a row.
  public let width: Int
  /// The rows of the picture that are held.
  public let rows: Range<Int>
  /// Red, green and blue of each pixel, x fastest.
  public private(set) var pixels: [UInt8]

  /// Black rows.
  public init(width: Int, rows: Range<Int>) {
    self.width = width
    self.rows = rows
    pixels = [UInt8](repeating: 0, count: 3 * width * rows.count)
  }

  /// The colour of a pixel.
  ///
  /// - Precondition: it is among those held.
  public subscript(x: Int, y: Int) -> RGB {
    get {
      precondition((0..<width).contains(x) && rows.contains(y), "The pixel is held")
      let place = 3 * ((y - rows.lowerBound) * width + x)
      return RGB(pixels[place], pixels[place + 1], pixels[place + 2])
    }
    set {
      precondition((0..<width).contains(x) && rows.contains(y), "The pixel is held")
      let place = 3 * ((y - rows.lowerBound) * width + x)
      pixels[place] = newValue.red
      pixels[place + 1] = newValue.green
      pixels[place + 2] = newValue.blue
    }
  }

  /// Fills a rectangle.
  public mutating func fill(columns: Range<Int>, rows: Range<Int>, _ color: RGB) {
    for y in rows.clamped(to: self.rows) {
      for x in columns.clamped(to: 0..<width) { self[x, y] = color }
    }
  }

  /// Draws the border of a rectangle, one pixel wide, within it.
  public mutating func outline(columns: Range<Int>, rows: Range<Int>, _ color: RGB) {
    guard !columns.isEmpty && !rows.isEmpty else { return }
    let (left, right) = (columns.lowerBound, columns.upperBound - 1)
    let (top, bottom) = (rows.lowerBound, rows.upperBound - 1)
    fill(columns: columns, rows: top..<top + 1, color)
    fill(columns: columns, rows: bottom..<bottom + 1, color)
    fill(columns: left..<left + 1, rows: rows, color)
    fill(columns: right..<right + 1, rows: rows, color)
  }

  /// Writes text whose upper left corner is at a pixel, each dot of the font `scale` pixels wide, with a black rim of as
  /// many, so that it can be read on anything.
  public mutating func write(_ text: String, x: Int, y: Int, scale: Int, _ color: RGB) {
    for (isRim, color) in [(true, RGB.black), (false, color)] {
      var left = x
      for character in text {
        for (row, bits) in BitmapFont.rows(of: character).enumerated() {
          for column in 0..<BitmapFont.width where bits & (0x10 >> UInt8(column)) != 0 {
            let (dotX, dotY) = (left + column * scale, y + row * scale)
            let rim = isRim ? scale : 0
            fill(
              columns: dotX - rim..<dotX + scale + rim, rows: dotY - rim..<dotY + scale + rim,
              color)
          }
        }
        left += (BitmapFont.width + 1) * scale
      }
    }
  }

  /// Adds the colours of the voxels of a picture's rows, channel by channel, up to 255.
  ///
  /// - Precondition: `view` holds these rows of a plane z = 0; labels are integers.
  public mutating func add(_ view: borrowing VoxelView, _ paint: Paint, _ window: ContrastWindow) {
    let box = Box3(
      from: Index3(z: 0, y: rows.lowerBound, x: 0), to: Index3(z: 1, y: rows.upperBound, x: width))
    precondition(view.box == box, "The voxels \(view.box) are those of \(box)")
    switch paint {
    case .map(let map): pixels.add(view, Greys(map, window))
    case .labels: pixels.addLabels(view)
    }
  }
}

/// The colours of greys, as what is added to each channel.
private struct Greys {
  let window: ContrastWindow
  let colors: [RGB]

  init(_ map: ColorMap, _ window: ContrastWindow) {
    self.window = window
    colors = map.colors
  }
}

extension [UInt8] {
  fileprivate mutating func add(_ view: borrowing VoxelView, _ greys: Greys) {
    switch view.type {
    case .uint8: add(view, UInt8.self, greys)
    case .uint16: add(view, UInt16.self, greys)
    case .uint32: add(view, UInt32.self, greys)
    case .uint64: add(view, UInt64.self, greys)
    case .int8: add(view, Int8.self, greys)
    case .int16: add(view, Int16.self, greys)
    case .int32: add(view, Int32.self, greys)
    case .int64: add(view, Int64.self, greys)
    case .float32: add(view, Float.self, greys)
    case .float64: add(view, Double.self, greys)
    }
  }

  private mutating func add<V: Voxel>(
    _ view: borrowing VoxelView, _: V.Type, _ greys: Greys
  ) {
    let box = view.box
    var place = 0
    for y in box.origin.y..<box.end.y {
      let row = view.row(z: 0, y: y, as: V.self)
      for x in 0..<row.count {
        add(greys.colors[Int(greys.window.grey(row[x].asDouble))], at: place)
        place += 3
      }
    }
  }

  fileprivate mutating func addLabels(_ view: borrowing VoxelView) {
    switch view.type {
    case .uint8: addLabels(view, UInt8.self)
    case .uint16: addLabels(view, UInt16.self)
    case .uint32: addLabels(view, UInt32.self)
    case .uint64: addLabels(view, UInt64.self)
    case .int8: addLabels(view, Int8.self)
    case .int16: addLabels(view, Int16.self)
    case .int32: addLabels(view, Int32.self)
    case .int64: addLabels(view, Int64.self)
    case .float32, .float64: preconditionFailure("Labels are integers")
    }
  }

  private mutating func addLabels<V: Voxel & FixedWidthInteger>(
    _ view: borrowing VoxelView, _: V.Type
  ) {
    let box = view.box
    var place = 0
    for y in box.origin.y..<box.end.y {
      let row = view.row(z: 0, y: y, as: V.self)
      for x in 0..<row.count {
        add(LabelColors.color(of: UInt64(truncatingIfNeeded: row[x])), at: place)
        place += 3
      }
    }
  }

  @inline(__always)
  private mutating func add(_ color: RGB, at place: Int) {
    self[place] = Swift.min(255 - self[place], color.red) + self[place]
    self[place + 1] = Swift.min(255 - self[place + 1], color.green) + self[place + 1]
    self[place + 2] = Swift.min(255 - self[place + 2], color.blue) + self[place + 2]
  }
}
