internal import BrickCore
internal import BrickFiles
internal import BrickJPEG2000

extension TilesetFile {
  /// The file's text, one tile a line.
  ///
  /// - Parameter folder: paths become relative to it where both lie in a common folder below the root; nil makes
  ///   them absolute.
  /// - Throws: `BrickworkError` if a tile's file or the folder is not there.
  public func text(seenFrom folder: String?) throws -> String {
    var places = Places(try folder.map { try Files.resolved($0) })
    var head: JSON = [Self.versionKey: JSON(Self.version)]
    if let voxelSize {
      head["voxel_size_um_xyz"] = [
        Self.number(voxelSize.x), Self.number(voxelSize.y), Self.number(voxelSize.z),
      ]
    }
    var text = "{\n"
    for member in head.objectValue?.members ?? [] {
      text += "  \"\(member.key)\": \(member.value.text(pretty: false)),\n"
    }
    text += "  \"tiles\": [\n"
    for (number, tile) in tiles.enumerated() {
      text += "    " + Self.entry(tile, try places.path(tile.path)).text(pretty: false)
      text += number + 1 < tiles.count ? ",\n" : "\n"
    }
    return text + "  ]\n}\n"
  }

  private static func entry(_ tile: Tile, _ path: String) -> JSON {
    var entry: JSON = ["path": .string(path)]
    entry["image"] = tile.image.map { JSON($0) }
    entry["name"] = tile.name.map { .string($0) }
    switch tile.position {
    case .voxels(let point): entry["offset_voxels_xyz"] = triple(point)
    case .micrometers(let point): entry["position_um_xyz"] = triple(point)
    case nil: break
    }
    entry["dataset"] = tile.dataset.map { .string($0) }
    entry["axes"] = tile.axes.map { .string($0) }
    entry["jp2_rows"] = tile.rows.map { .string($0.rawValue) }
    entry["stage_rule"] = tile.stageRule.map { .string($0.rawValue) }
    return entry
  }

  private static func triple(_ point: Point3) -> JSON {
    [number(point.x), number(point.y), number(point.z)]
  }

  /// A number without ".0" where it is whole.
  private static func number(_ value: Double) -> JSON {
    if abs(value) < 1e15, let whole = Int(exactly: value) { return JSON(whole) }
    return .number(value)
  }

  /// Turns paths as seen from the current folder into paths as seen from another; each folder is resolved once.
  private struct Places {
    private let base: String?
    private var folders: [String: String] = [:]

    init(_ folder: String?) { base = folder }

    mutating func path(_ path: String) throws -> String {
      var path = path
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      let (parent, name) = (Files.folder(of: path), Files.name(of: path))
      // A link's own name is kept: where it points may change. "." and ".." are no names.
      guard !["", ".", ".."].contains(name) else { return relative(try Files.resolved(path)) }
      if folders[parent] == nil { folders[parent] = try Files.resolved(parent) }
      return relative(Files.join(folders[parent] ?? parent, name))
    }

    private func relative(_ absolute: String) -> String {
      base.map { Files.relative(absolute, to: $0) } ?? absolute
    }
  }
}
