internal import BrickCore
internal import BrickJPEG2000

extension TilesetFile {
  /// The tiles in a tileset file's bytes, their paths as written; `path` stands in errors.
  ///
  /// - Throws: `BrickworkError` that names the entry: `.damagedInput` where the text is no JSON or a value has
  ///   another type or range, `.unsupportedInput` for another version.
  public init(parsing bytes: [UInt8], path: String) throws {
    let document = try JSON(parsing: bytes, path: path)
    let reader = Reader(path: path)
    try reader.checkVersion(document)
    var warnings: [String] = []
    var voxelSize: VoxelSize?
    if let value = document["voxel_size_um_xyz"], !value.isNull {
      let point = try reader.triple(value, "voxel_size_um_xyz", place: nil)
      let size = VoxelSize(x: point.x, y: point.y, z: point.z)
      guard size.isValid else {
        throw reader.wrong("voxel_size_um_xyz is \(value.shown), which is not positive", nil)
      }
      voxelSize = size
    }
    guard let entries = document["tiles"]?.arrayValue, !entries.isEmpty else {
      throw reader.wrong(
        "'tiles' is \(document["tiles"].shown), not a list of one tile at least", nil)
    }
    var tiles: [Tile] = []
    tiles.reserveCapacity(entries.count)
    for (number, entry) in entries.enumerated() {
      tiles.append(try reader.tile(entry, number: number, &warnings))
    }
    let placed = tiles.count { $0.position != nil }
    if placed > 0, placed < tiles.count, let bare = tiles.firstIndex(where: { $0.position == nil })
    {
      throw reader.wrong(
        "has no position, but \(placed) of \(tiles.count) tiles have one", "tile \(bare)")
    }
    self.init(voxelSize: voxelSize, tiles: tiles)
    self.warnings = Array(warnings.prefix(10))
  }

  private struct Reader {
    var path: String

    func wrong(_ reason: String, _ place: String?) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: path, place: place, reason: reason,
        remedy: "Correct the tileset file, or write it again with brickwork tileset")
    }

    func checkVersion(_ document: JSON) throws {
      guard let version = document[TilesetFile.versionKey] else {
        throw wrong("is no tileset file: it has no member '\(TilesetFile.versionKey)'", nil)
      }
      guard version.intValue == TilesetFile.version else {
        throw BrickworkError(
          .unsupportedInput, path: path,
          reason:
            "is a tileset file of version \(version.shown); version \(TilesetFile.version) is read",
          remedy: "Write it again with this release's brickwork tileset")
      }
    }

    func tile(_ entry: JSON, number: Int, _ warnings: inout [String]) throws -> Tile {
      let place = "tile \(number)"
      guard let members = entry.objectValue else {
        throw wrong("is \(entry.shown), not an object", place)
      }
      func text(_ key: String) throws -> String? {
        guard let value = members[key], !value.isNull else { return nil }
        guard let text = value.stringValue, !text.isEmpty, !text.utf8.contains(0) else {
          throw wrong("'\(key)' is \(value.shown), not a text", place)
        }
        return text
      }
      func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws -> Choice?
      where Choice.RawValue == String {
        guard let text = try text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
          let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
          throw wrong("'\(key)' is '\(text.prefix(40))', not \(known)", place)
        }
        return choice
      }
      guard let path = try text("path") else { throw wrong("has no 'path'", place) }
      var tile = Tile(path: path, name: try text("name"))
      if let value = members["image"], !value.isNull {
        guard let image = value.intValue, image >= 0 else {
          throw wrong("'image' is \(value.shown), not a whole number from 0 on", place)
        }
        tile.image = image
      }
      tile.dataset = try text("dataset")
      tile.axes = try text("axes")
      tile.rows = try choice("jp2_rows")
      tile.stageRule = try choice("stage_rule")
      tile.position = try position(members, place)
      for key in members.keys where !Self.known.contains(key) {
        warnings.append("\(self.path), \(place): the member '\(key.prefix(40))' is not known")
      }
      return tile
    }

    private static let known: Set = [
      "path", "image", "name", "offset_voxels_xyz", "position_um_xyz", "dataset", "axes",
      "jp2_rows", "stage_rule",
    ]

    private func position(_ members: JSON.Object, _ place: String) throws -> TileOffset.Position? {
      let (voxels, micrometers) = (members["offset_voxels_xyz"], members["position_um_xyz"])
      if let voxels, !voxels.isNull {
        if let micrometers, !micrometers.isNull {
          throw wrong("has both offset_voxels_xyz and position_um_xyz", place)
        }
        return .voxels(try triple(voxels, "offset_voxels_xyz", place: place))
      }
      guard let micrometers, !micrometers.isNull else { return nil }
      return .micrometers(try triple(micrometers, "position_um_xyz", place: place))
    }

    func triple(_ value: JSON, _ key: String, place: String?) throws -> Point3 {
      guard let numbers = value.doubleArrayValue, numbers.count == 3 else {
        throw wrong("'\(key)' is \(value.shown), not three numbers x, y, z", place)
      }
      for number in numbers where !number.isFinite || abs(number) > OffsetTable.farthest {
        throw wrong(
          "'\(key)' is \(value.shown): numbers may reach \(OffsetTable.farthest)", place)
      }
      return Point3(x: numbers[0], y: numbers[1], z: numbers[2])
    }
  }
}

extension JSON {
  /// The value in an error: short text.
  fileprivate var shown: String {
    let text = text(pretty: false)
    return text.count > 60 ? text.prefix(60) + "…" : text
  }
}

extension JSON? {
  fileprivate var shown: String { self?.shown ?? "missing" }
}
