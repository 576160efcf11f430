import Brickwork

/// What `brickwork info` tells, for programs and for people.
struct InfoReport {
  let tiles: TileSet
  let layout: InfoLayout?

  /// Tiles that are listed one by one for people.
  private static let mostListed = 40

  // MARK: JSON

  var document: JSON {
    var document: JSON = [
      "tiles": .array(tiles.tiles.indices.map(entry)), "voxel_size_um_xyz": JSON(tiles.voxelSize),
      "offsets_from": layout.map { .string($0.source) } ?? nil,
    ]
    if let layout {
      document["stitched_size_zyx"] = JSON(layout.placement.size)
      document["stitched_bytes"] = JSON(bytes(layout))
      document["layout"] = layout.document
    }
    document["warnings"] = .array(tiles.warnings.map { .string($0) })
    return document
  }

  private func entry(_ index: Int) -> JSON {
    let tile = tiles.tiles[index]
    let info = tile.info
    var entry: JSON = [
      "path": .string(info.path), "name": .string(info.name), "format": .string(info.format),
      "type": .string(info.type.rawValue), "size_zyx": JSON(info.size),
      "channels": .array(info.channelNames.map { .string($0) }),
      "timepoints": JSON(info.timepoints),
      "voxel_size_um_xyz": info.voxelSize.map { JSON($0) } ?? nil,
      "position_um_xyz": info.position.map { JSON($0) } ?? nil,
    ]
    entry["camera_position_um_xyz"] = info.cameraPosition.map { JSON($0) }
    if !info.notes.isEmpty { entry["notes"] = .array(info.notes.map { .string($0) }) }
    if !info.details.isNull { entry["details"] = info.details }
    if let layout {
      entry["offset_voxels_xyz"] = JSON(layout.offsets[index])
      entry["box_origin_zyx"] = JSON(layout.placement.boxes[index].origin)
    }
    if let store = tile as? OMEZarrImage {
      entry["levels"] = .array(
        store.levels.enumerated().map { number, level in
          [
            "path": .string(level.path), "size_zyx": JSON(level.size),
            "factor_zyx": JSON(store.factor(level: number)),
            "voxel_size_um_xyz": JSON(level.voxelSize),
          ]
        })
    }
    return entry
  }

  private func bytes(_ layout: InfoLayout) -> Int {
    layout.placement.size.volume * (tiles.tiles.first?.info.type.byteCount ?? 1)
  }

  // MARK: Text

  var text: String {
    var lines = tiles.tiles.indices.prefix(Self.mostListed).flatMap(tileLines)
    if tiles.tiles.count > Self.mostListed {
      lines.append("… and \(tiles.tiles.count - Self.mostListed) more; --json lists all")
    }
    lines.append("")
    lines.append("voxel size (x×y×z): \(Text.size(tiles.voxelSize))")
    guard let layout else {
      lines.append("positions: none in the files; give them with --offsets")
      return lines.joined(separator: "\n")
    }
    lines.append("positions: \(layout.source)")
    lines.append(
      "stitched volume (x×y×z): \(Text.size(layout.placement.size)) voxels, "
        + Text.bytes(bytes(layout)))
    if tiles.tiles.count > 1 {
      lines += layout.lines
      lines.append("")
      lines.append(LayoutMap.draw(layout.placement))
    }
    return lines.joined(separator: "\n")
  }

  private func tileLines(_ index: Int) -> [String] {
    let tile = tiles.tiles[index]
    let info = tile.info
    var words = [
      "\(index)  \(info.name): \(Text.size(info.size)) \(info.type.rawValue)", info.format,
    ]
    if info.channelNames.count > 1 {
      let names = info.channelNames.filter { !$0.isEmpty }.joined(separator: ", ")
      words.append("\(info.channelNames.count) channels" + (names.isEmpty ? "" : " (\(names))"))
    }
    if info.timepoints > 1 { words.append("\(info.timepoints) time points") }
    if let size = info.voxelSize { words.append("voxels of \(Text.size(size))") }
    if let layout {
      let offset = layout.offsets[index]
      let numbers = [offset.x, offset.y, offset.z].map(Text.rounded).joined(separator: ", ")
      words.append("at voxel \(numbers)")
    }
    var lines = [words.joined(separator: ", ")]
    if let store = tile as? OMEZarrImage {
      for (number, level) in store.levels.enumerated() {
        lines.append(
          "   level \(number): \(Text.size(level.size)), voxels of \(Text.size(level.voxelSize))")
      }
    }
    return lines
  }
}
