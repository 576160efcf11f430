internal import BrickCore
internal import BrickFiles

/// Components of a file, or a folder of planes, as the image of one tile.
struct JPEG2000Image: TileImage {
  let info: TileInfo
  private let sources: [ComponentSource]
  private let rows: JPEG2000File.Rows
  private let cache: PieceCache
  private let number: Int

  /// - Parameter sources: one, or several of one component each that agree in size and type.
  init(
    _ sources: [ComponentSource], path: String, rows: JPEG2000File.Rows, cache: PieceCache
  ) throws {
    self.sources = sources
    self.rows = rows
    self.cache = cache
    number = cache.newSource()
    let first = sources[0]
    let codestream = first.codestream
    let full = ComponentsVolume(sources, reduction: 0, rows: rows, cache: cache, number: number)
    guard full.size.checkedVolume.map({ $0 <= 1 << 56 }) == true else {
      throw Complaints(path: path).unsupported(
        "has more voxels than 2^56: \(full.size)", remedy: "Save it as several tiles")
    }
    var words: [String] = []
    let (width, height) = codestream.grid.largestTile
    if codestream.grid.count > 1 { words.append("tiles of \(width) × \(height)") }
    words.append("\(codestream.depth) bits")
    if sources.count > 1 { words.append("\(sources.count) files") }
    let format = first.boxes.isBoxed ? "JP2" : "JPEG 2000 codestream"
    info = TileInfo(
      path: path, name: Files.name(of: path),
      format: "\(format) (\(words.joined(separator: ", ")))",
      type: codestream.type, size: full.size, notes: Self.notes(sources))
  }

  private static func notes(_ sources: [ComponentSource]) -> [String] {
    var notes: [String] = []
    if sources.contains(where: \.boxes.hasPalette) {
      notes.append(
        "the file has a palette: voxels are the numbers of its entries, not their colours")
    }
    if let more = sources.map(\.boxes.furtherCodestreams).max(), more > 0 {
      notes.append("the file holds \(more + 1) codestreams, of which the first is read")
    }
    return notes
  }

  private func check(_ channel: Int, _ timepoint: Int) throws {
    guard channel == 0, timepoint == 0 else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has no channel \(channel) at time point \(timepoint): it has one of each, number 0"
      )
    }
  }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    try check(channel, timepoint)
    return ComponentsVolume(sources, reduction: 0, rows: rows, cache: cache, number: number)
  }

  func reduced(by factor: Index3, channel: Int, timepoint: Int) throws -> (
    volume: any Volume, factor: Index3
  )? {
    try check(channel, timepoint)
    guard factor.y > 0, factor.x > 0, factor.y.nonzeroBitCount == 1,
      factor.x.nonzeroBitCount == 1
    else { return nil }
    // Along both axes alike, as far as every plane has resolutions; an image off the grid's corner could get
    // other sizes than rounding up gives.
    var reduction = min(factor.y, factor.x).trailingZeroBitCount
    for source in sources {
      let grid = source.codestream.grid
      let offset = grid.x.lowerBound | grid.y.lowerBound
      reduction = min(reduction, source.codestream.levels)
      if offset != 0 { reduction = min(reduction, offset.trailingZeroBitCount) }
    }
    guard reduction > 0 else { return nil }
    return (
      ComponentsVolume(sources, reduction: reduction, rows: rows, cache: cache, number: number),
      Index3(z: 1, y: 1 << reduction, x: 1 << reduction)
    )
  }
}
