import ArgumentParser
import Brickwork

/// `brickwork info`: what the sources are.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Tells what tiles or a store hold: types, sizes, voxel sizes, positions, layout.",
    discussion: """
      Reads headers, no voxels. With positions, from the files or --offsets, it shows where the tiles lie and how large \
      the stitched volume will be.

      EXAMPLES
        brickwork info tile_1.tif
        brickwork info tiles/ --offsets TileConfiguration.txt
        brickwork info sample.ome.zarr --json
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Flag(help: "Print JSON: sizes are z,y,x in voxels, positions x,y,z.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    let table = try source.offsetTable(timepoint: 0, log)
    let tiles = try source.tileSet(log, cache: PieceCache(capacity: 0), offsets: table)
    let layout = try layout(of: tiles, table, log)
    if json { Output.print(document(tiles, layout)) } else { Output.print(text(tiles, layout)) }
  }

  /// Where the tiles lie, or nil where nothing says it.
  private struct Layout {
    var offsets: [Point3]
    var placement: TilePlacement
    var source: String
  }

  private func layout(of tiles: TileSet, _ table: OffsetTable?, _ log: Log) throws -> Layout? {
    if table == nil && tiles.tiles.count > 1 && tiles.stagePositions == nil { return nil }
    let (offsets, source) = try tiles.offsets(from: table)
    let placement = try TilePlacement(offsets: offsets, sizes: tiles.tiles.map(\.info.size))
    let name =
      switch source {
      case .table(let path): path
      case .stage: "stage positions in the files"
      case .single: "a single tile"
      }
    return Layout(offsets: offsets, placement: placement, source: name)
  }

  private func document(_ tiles: TileSet, _ layout: Layout?) -> JSON {
    let list = tiles.tiles.enumerated().map { index, tile in
      let info = tile.info
      var entry: JSON = [
        "path": .string(info.path), "name": .string(info.name), "format": .string(info.format),
        "type": .string(info.type.rawValue), "size_zyx": JSON(info.size),
        "channels": .array(info.channelNames.map { .string($0) }),
        "timepoints": JSON(info.timepoints),
        "voxel_size_um_xyz": info.voxelSize.map { JSON($0) } ?? nil,
        "position_um_xyz": info.position.map { JSON($0) } ?? nil,
      ]
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
    var document: JSON = [
      "tiles": .array(list), "voxel_size_um_xyz": JSON(tiles.voxelSize),
      "offsets_from": layout.map { .string($0.source) } ?? nil,
    ]
    if let layout {
      document["stitched_size_zyx"] = JSON(layout.placement.size)
      document["stitched_bytes"] = JSON(bytes(tiles, layout))
    }
    document["warnings"] = .array(tiles.warnings.map { .string($0) })
    return document
  }

  private func bytes(_ tiles: TileSet, _ layout: Layout) -> Int {
    layout.placement.size.volume * (tiles.tiles.first?.info.type.byteCount ?? 1)
  }

  private func text(_ tiles: TileSet, _ layout: Layout?) -> String {
    var lines: [String] = []
    for (index, tile) in tiles.tiles.enumerated() {
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
      lines.append(words.joined(separator: ", "))
      if let store = tile as? OMEZarrImage {
        for (number, level) in store.levels.enumerated() {
          lines.append(
            "   level \(number): \(Text.size(level.size)), voxels of \(Text.size(level.voxelSize))")
        }
      }
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
        + Text.bytes(bytes(tiles, layout)))
    if tiles.tiles.count > 1 {
      lines.append("")
      lines.append(LayoutMap.draw(layout.placement))
    }
    return lines.joined(separator: "\n")
  }
}
