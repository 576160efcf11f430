public import BrickCore
internal import BrickFiles

extension ObjectTable {
  /// The columns of the CSV, in their order.
  ///
  /// `voxels` counts the label's voxels; `x`, `y`, `z` is their mean position in voxels, the first voxel's
  /// centre being at 0; `x_um`, `y_um`, `z_um` the same times the voxel size. `z0`, `y0`, `x0` is the first
  /// voxel of the bounding box along each axis, and `z1`, `y1`, `x1` the first one past it.
  public static let columns = [
    "label", "voxels", "x", "y", "z", "x_um", "y_um", "z_um", "z0", "y0", "x0", "z1", "y1", "x1",
  ]

  /// The tiles that a label comes from, ascending; asked for each label once, in ascending order.
  public typealias Tiles = (_ label: UInt64) throws -> [Int]

  /// Writes the table as CSV, a row for each label in ascending order; the file appears when it is whole.
  ///
  /// Positions are rounded to six decimals, those in voxels from exact sums, halves up; zeros at the end are
  /// left out.
  ///
  /// - Parameters:
  ///   - voxelSize: µm, for the columns `x_um`, `y_um`, `z_um`.
  ///   - tiles: gives a last column `tiles` its numbers, which a semicolon separates; nil leaves it out.
  ///   - progress: hears the rows so far now and then; what it throws ends the writing.
  /// - Returns: the number of labels.
  /// - Throws: `BrickworkError` if a file can't be read or written.
  @discardableResult
  public func writeCSV(
    to path: String, voxelSize: VoxelSize, tiles: Tiles? = nil,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Int {
    try write(to: path) { text in
      text.add(Self.columns.joined(separator: ",") + (tiles == nil ? "\n" : ",tiles\n"))
      var count = 0
      try forEach { record in
        let place = record.centroid
        let box = record.box
        text.add(record.label, ",")
        text.add(UInt64(record.voxels))
        for sum in [record.sumX, record.sumY, record.sumZ] {
          text.add(",")
          text.addMean(sum, record.voxels)
        }
        for position in [place.x * voxelSize.x, place.y * voxelSize.y, place.z * voxelSize.z] {
          text.add(",")
          text.add(position)
        }
        for index in [box.origin, box.end] {
          for number in [index.z, index.y, index.x] {
            text.add(",")
            text.add(number)
          }
        }
        if let tiles {
          text.add(",")
          for (place, tile) in try tiles(record.label).enumerated() {
            if place > 0 { text.add(";") }
            text.add(tile)
          }
        }
        text.add("\n")
        count += 1
        if count % (1 << 14) == 0 {
          try progress(count)
          try text.flush()
        }
      }
      return count
    }
  }

  /// Writes the table as JSON: an array of objects with the members of `json(of:voxelSize:)`, one a line.
  ///
  /// - Parameter tiles: gives each object a last member `tiles`; nil leaves it out.
  /// - Returns: the number of labels.
  /// - Throws: as `writeCSV`.
  @discardableResult
  public func writeJSON(
    to path: String, voxelSize: VoxelSize, tiles: Tiles? = nil,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Int {
    try write(to: path) { text in
      text.add("[")
      var count = 0
      try forEach { record in
        text.add(count == 0 ? "\n" : ",\n")
        var object = Self.json(of: record, voxelSize: voxelSize)
        if let tiles { object["tiles"] = .array(try tiles(record.label).map { JSON($0) }) }
        text.add(object.text(pretty: false))
        count += 1
        if count % (1 << 12) == 0 {
          try progress(count)
          try text.flush()
        }
      }
      text.add(count == 0 ? "]\n" : "\n]\n")
      return count
    }
  }

  /// A record as JSON: `label`, `voxels`, `centroid_xyz`, `centroid_um_xyz`, `box_zyx` (first voxel and
  /// the first one past the end).
  ///
  /// A label beyond 2⁵³ is given as text, since readers take numbers for doubles.
  public static func json(of record: ObjectRecord, voxelSize: VoxelSize) -> JSON {
    let place = record.centroid
    let label: JSON =
      record.label <= 1 << 53 ? JSON(Int(record.label)) : .string(String(record.label))
    return [
      "label": label, "voxels": JSON(record.voxels),
      "centroid_xyz": [.number(place.x), .number(place.y), .number(place.z)],
      "centroid_um_xyz": [
        .number(place.x * voxelSize.x), .number(place.y * voxelSize.y),
        .number(place.z * voxelSize.z),
      ],
      "box_zyx": [JSON(record.box.origin), JSON(record.box.end)],
    ]
  }

  private func write(to path: String, _ body: (inout TextBuffer) throws -> Int) throws -> Int {
    let temporary = path + ".partial"
    let file = try ReplacingFile(temporaryPath: temporary)
    do {
      var text = TextBuffer(file)
      let count = try body(&text)
      try text.flush()
      try file.seal()
      try Files.rename(temporary, to: path)
      try Files.flushFolder(Files.folder(of: path))
      return count
    } catch {
      file.discard()
      throw error
    }
  }
}

/// Text on its way into a file.
private struct TextBuffer {
  private let file: ReplacingFile
  private var bytes: [UInt8] = []
  private static let decimals = 1_000_000

  init(_ file: ReplacingFile) { self.file = file }

  mutating func flush() throws {
    try unsafe file.append(bytes.span.bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func add(_ number: UInt64, _ end: String) {
    add(number)
    add(end)
  }

  mutating func add(_ number: UInt64) {
    var rest = number
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  mutating func add(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    add(UInt64(number.magnitude))
  }

  /// ⌊sum / count · 10⁶ + ½⌋ millionths.
  mutating func addMean(_ sum: Int128, _ count: Int) {
    // Twice the millionths of most sums fit 64 bits, whose division is many times faster.
    if sum >= 0, sum < 1 << 42 {
      addMillionths((2 * Int(sum) * Self.decimals + count) / (2 * count))
      return
    }
    let divisor = Int128(count)
    var (whole, rest) = sum.quotientAndRemainder(dividingBy: divisor)
    if rest < 0 { (whole, rest) = (whole - 1, rest + divisor) }
    let parts = (2 * rest * Int128(Self.decimals) + divisor) / (2 * divisor)
    // The mean of 64-bit coordinates has as many bits, and its millionths twenty more.
    let millionths = whole * Int128(Self.decimals) + parts
    if let few = Int(exactly: millionths) { return addMillionths(few) }
    let (above, below) = millionths.magnitude.quotientAndRemainder(
      dividingBy: UInt128(Self.decimals))
    add((millionths < 0 ? "-" : "") + "\(above)")
    addFraction(Int(below))
  }

  mutating func add(_ position: Double) {
    let scaled = (position * Double(Self.decimals)).rounded()
    if abs(scaled) < 0x1p53 { addMillionths(Int(scaled)) } else { add("\(position)") }
  }

  private mutating func addMillionths(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, rest) = number.magnitude.quotientAndRemainder(dividingBy: UInt(Self.decimals))
    add(UInt64(whole))
    addFraction(Int(rest))
  }

  /// A point and six digits, without zeros at the end.
  private mutating func addFraction(_ millionths: Int) {
    guard millionths > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var (rest, unit) = (millionths, Self.decimals / 10)
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
      (rest, unit) = (rest % unit, unit / 10)
    }
  }
}
