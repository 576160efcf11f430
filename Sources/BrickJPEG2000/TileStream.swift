internal import BrickCore
internal import BrickFiles

/// A codestream of some components of one tile, put together from the file's own bytes.
///
/// The tile keeps its place on the reference grid, so that its bands, precincts and code-blocks are cut as they
/// were; the headers of the components taken are renumbered. OpenJPEG then holds the bytes of these alone.
struct TileStream {
  /// The headers made for it.
  private(set) var header: [UInt8] = []
  /// What follows: ranges of the file.
  private(set) var data: [Range<Int>] = []
  /// Whether an EOC marker is to follow.
  private(set) var needsEnd = true

  var byteCount: Int { header.count + data.reduce(0) { $0 + $1.count } }

  /// The codestream as it is.
  init(whole codestream: Codestream) {
    data = [codestream.range]
    needsEnd = false
  }

  /// The components numbered, in order; `index` tells where their packets are, nil where all are taken.
  init(
    _ codestream: Codestream, tile: Int, components: Range<Int>, _ index: PacketIndex?,
    _ map: MappedFile
  ) throws {
    try addMainHeader(codestream, tile, components, map)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    let parts = codestream.tiles[tile]
    let segments = try MarkerSegment.list(
      bytes, from: parts[0].header.lowerBound, end: parts[0].header.upperBound + 2, until: .sod,
      Complaints(path: map.path)
    ).segments
    var own: [UInt8] = []
    for segment in segments {
      Self.append(segment, to: &own, bytes, components, of: codestream.components)
    }
    let ranges: [Range<Int>]
    if let index {
      ranges =
        components.count == 1
        ? index.ranges[components.lowerBound]
        : components.flatMap { index.ranges[$0] }.sorted { $0.lowerBound < $1.lowerBound }
    } else {
      ranges = parts.map(\.data)
    }
    try addTilePart(own, ranges, map)
  }

  private mutating func addTilePart(_ own: [UInt8], _ ranges: [Range<Int>], _ map: MappedFile)
    throws
  {
    let length = 14 + own.count + ranges.reduce(0) { $0 + $1.count }
    guard length <= Int(UInt32.max) else {
      throw Complaints(path: map.path).unsupported(
        "a tile has \(length) compressed bytes, and 2^32 is the most",
        remedy: "Save it again in smaller tiles")
    }
    header.appendBig(0xFF90, 2)
    header.appendBig(10, 2)
    header.appendBig(0, 2)
    header.appendBig(length, 4)
    header.appendBig(0, 1)
    header.appendBig(1, 1)
    header += own
    header.appendBig(0xFF93, 2)
    data = ranges
  }

  private mutating func addMainHeader(
    _ codestream: Codestream, _ tile: Int, _ components: Range<Int>?, _ map: MappedFile
  ) throws {
    let bytes = Span<UInt8>(_bytes: map.bytes)
    let all = codestream.components
    let chosen = components ?? 0..<all
    let area = codestream.grid.area(ofTile: tile)
    let siz = codestream.mainHeader[0].body.lowerBound
    header.appendBig(0xFF4F, 2)
    header.appendBig(0xFF51, 2)
    header.appendBig(38 + 3 * chosen.count, 2)
    header.appendBig(bytes.half(siz), 2)
    for number in [area.x.upperBound, area.y.upperBound, area.x.lowerBound, area.y.lowerBound] {
      header.appendBig(number, 4)
    }
    // The only tile is this one: at (0, 0) OpenJPEG spares itself a copy of the samples.
    let (x0, y0) = (area.x.lowerBound, area.y.lowerBound)
    for number in [area.x.count, area.y.count, x0, y0] { header.appendBig(number, 4) }
    header.appendBig(chosen.count, 2)
    for component in chosen {
      for place in 0..<3 { header.append(bytes[siz + 36 + 3 * component + place]) }
    }
    for segment in codestream.mainHeader.dropFirst() {
      Self.append(segment, to: &header, bytes, chosen, of: all)
    }
  }

  /// Adds a segment as it speaks of the components chosen, if it does.
  private static func append(
    _ segment: MarkerSegment, to header: inout [UInt8], _ bytes: Span<UInt8>, _ chosen: Range<Int>,
    of all: Int
  ) {
    var body = segment.body
    var start: [UInt8] = []
    switch segment.marker {
    case .tlm, .plm, .plt, .ppm, .crg, .com, .siz, .sot, .sod, .eoc: return
    case .cod:
      // Flags, progression, layers, then whether components are mixed.
      start = (0..<5).map { bytes[body.lowerBound + $0] }
      if chosen.lowerBound > 0 || chosen.count < 3 { start[4] &= ~1 }
      body = body.dropFirst(5)
    case .coc, .qcc, .rgn:
      let component = segment.component(bytes, all)
      guard chosen.contains(component) else { return }
      start.appendBig(component - chosen.lowerBound, chosen.count < 257 ? 1 : 2)
      body = body.dropFirst(all < 257 ? 1 : 2)
    default: break
    }
    header.appendBig(segment.marker.rawValue, 2)
    header.appendBig(2 + start.count + body.count, 2)
    header += start
    for place in body { header.append(bytes[place]) }
  }
}
