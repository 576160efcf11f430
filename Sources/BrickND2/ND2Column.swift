internal import BrickCore
internal import BrickFiles

/// A column of the table that NIS-Elements keeps of all frames: exposure, focus and others.
///
/// Every column is optional, and single pictures have zeros in those of the stage.
public struct ND2Column: Sendable, Hashable {
  /// What a column holds for each frame.
  public enum Values: Sendable, Hashable {
    /// Numbers, whole ones too.
    case numbers([Double])
    /// Texts.
    case texts([String])
  }
  /// Its name in the file: "X", "Z1", "Camera_ExposureTime1".
  public var id: String
  /// What it is, for people.
  public var description: String
  /// The unit of its numbers; empty where there is none.
  public var unit: String
  /// A value for each frame, in the order of frame numbers.
  public var values: Values
}

extension ND2Image {
  /// The table of all frames of the file, whichever tile this is.
  ///
  /// Format: the XML in `CustomDataV2_0` lists the columns, each has a chunk of its own (format notes, section 11).
  /// Columns whose chunk is missing or too short are left out.
  /// - Throws: `BrickworkError` (`.damagedInput`) if there is a list that can't be read.
  public func columns() throws -> [ND2Column] { try source.columns() }
}

extension ND2Source {
  /// The most bytes of the list of columns.
  private static let mostList = 16 << 20

  fileprivate func columns() throws -> [ND2Column] {
    let list = "CustomDataVar|CustomDataV2_0!"
    guard let range = range(of: list), range.count <= Self.mostList else { return [] }
    let root: MetadataNode
    do { root = try VariantReader.root(map.copy(of: range), name: list) } catch var
      error as BrickworkError
    {
      error.path = path
      error.place = String(list.dropLast())
      throw error
    }
    defer { map.doneWith(0..<map.count) }
    return root.children.compactMap(column)
  }

  /// Where a chunk's data lie, if it is where it should be.
  private func range(of name: String) -> Range<Int>? {
    guard let offset = chunks[name], let chunk = Chunk(at: offset, in: map),
      chunk.name(in: map) == name, let end = chunk.dataEnd(in: map)
    else { return nil }
    return chunk.dataStart..<end
  }

  private func column(_ tag: MetadataNode) -> ND2Column? {
    guard let id = tag["ID"]?.text, let rows = tag["Size"]?.int, rows > 0,
      let range = range(of: "CustomData|\(id)!"), rows <= range.count / 4
    else { return nil }
    // The type says what it is, the bytes per row how wide.
    let width = range.count / rows
    let start = range.lowerBound
    let values: ND2Column.Values
    switch (tag["Type"]?.int, width) {
    case (1, _): values = .texts((0..<rows).map { text(start + $0 * width, width) })
    case (2, _):
      values = .numbers(
        (0..<rows).map {
          Double(Int32(truncatingIfNeeded: map.number(at: start + 4 * $0, width: 4) ?? 0))
        })
    case (3, 8...): values = .numbers((0..<rows).map { map.double(at: start + 8 * $0) ?? .nan })
    case (3, _):
      values = .numbers(
        (0..<rows).map {
          Double(
            Float(
              bitPattern: UInt32(truncatingIfNeeded: map.number(at: start + 4 * $0, width: 4) ?? 0))
          )
        })
    default: return nil
    }
    return ND2Column(
      id: id, description: tag["Desc"]?.text ?? "", unit: tag["Unit"]?.text ?? "", values: values)
  }

  /// UTF-16 up to a NUL in a slot of so many bytes.
  private func text(_ start: Int, _ width: Int) -> String {
    var units: [UInt16] = []
    for place in stride(from: start, to: start + width - 1, by: 2) {
      let unit = UInt16(map.byte(at: place)) | UInt16(map.byte(at: place + 1)) << 8
      if unit == 0 { break }
      units.append(unit)
    }
    return String(decoding: units, as: UTF16.self)
  }
}
