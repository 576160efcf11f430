internal import BrickCore
internal import BrickFiles

/// What the headers of a codestream say: sizes, components, coding, and where each tile's bytes lie.
///
/// Everything is checked here before OpenJPEG sees a byte. Source: ISO/IEC 15444-1 annexes A and B.
struct Codestream: Sendable {
  /// The place of one tile-part's header and data in the file.
  struct TilePart: Sendable {
    /// Behind the SOT segment up to the SOD marker.
    let header: Range<Int>
    /// Behind the SOD marker.
    let data: Range<Int>
  }

  /// Bytes of the file when it was opened.
  let fileSize: Int
  /// Where the codestream lies in the file.
  let range: Range<Int>
  /// The image and the tiles on the reference grid.
  let grid: CodeTileGrid
  let components: Int
  /// Bits of every component's samples.
  let depth: Int
  let isSigned: Bool
  /// The segments of the main header, SIZ first.
  let mainHeader: [MarkerSegment]
  let main: CodingParameters
  /// The tile-parts of each tile, in their order; at least one each.
  let tiles: [[TilePart]]
  /// Whether some tile's first three components were coded together.
  let mixesComponents: Bool
  /// Wavelet decompositions that every component of every tile has.
  let levels: Int
  /// Whether the packets of one component can be told from those of others by reading their headers.
  let isSeparable: Bool
  /// Whether tiles can't be taken out: packet headers lie apart, or a tile changes the order of its packets.
  let needsAll: Bool
  /// Precincts of one component of a tile, at most.
  let precincts: Int
  /// Whether some tile has its packets in several layers.
  let hasLayers: Bool
  /// Bytes of OpenJPEG's precincts and code-blocks for one component of a tile, at most.
  let structureBytes: Int
  /// The voxels' type.
  let type: VoxelType

  init(_ map: MappedFile, _ range: Range<Int>) throws {
    let complaints = Complaints(path: map.path)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    self.range = range
    fileSize = map.count
    let (segments, firstPart) = try MarkerSegment.list(
      bytes, from: range.lowerBound + 2, end: range.upperBound, until: .sot, complaints)
    guard let siz = segments.first, siz.marker == .siz, siz.body.count >= 39 else {
      throw complaints.damaged("byte \(range.lowerBound + 2)", "its SIZ segment is not valid")
    }
    guard !segments.dropFirst().contains(where: { $0.marker == .siz }) else {
      throw complaints.damaged("byte \(range.lowerBound + 2)", "has two SIZ segments")
    }
    mainHeader = segments
    grid = try CodeTileGrid(bytes, siz.body, complaints)
    (components, depth, isSigned) = try Self.components(bytes, siz.body, complaints)
    type = try Self.type(depth, isSigned, complaints)
    var main = CodingParameters()
    try main.apply(segments, of: bytes, components: components, complaints)
    guard main.isComplete else {
      throw complaints.damaged("byte \(firstPart)", "its main header has no COD segment")
    }
    self.main = main
    var survey = Survey(main, segments, tile: grid.largestTile)
    tiles = try Self.tileParts(
      bytes, range, from: firstPart, grid.count, components, main, &survey, complaints)
    mixesComponents = survey.mixesComponents && components >= 3
    levels = survey.levels
    isSeparable = survey.isSeparable && !survey.needsAll
    needsAll = survey.needsAll
    structureBytes = survey.structureBytes
    precincts = survey.precincts
    hasLayers = survey.hasLayers
    try map.checkIntact()
  }

  /// What holds in all tiles.
  private struct Survey {
    var mixesComponents: Bool
    var levels: Int
    var isSeparable: Bool
    var needsAll: Bool
    var structureBytes = 0
    var precincts = 0
    var hasLayers = false
    let tile: (width: Int, height: Int)

    init(
      _ main: CodingParameters, _ segments: [MarkerSegment], tile: (width: Int, height: Int)
    ) {
      mixesComponents = false
      levels = 32
      isSeparable = true
      needsAll = segments.contains { $0.marker == .ppm }
      self.tile = tile
      note(main, segments)
    }

    mutating func note(_ parameters: CodingParameters, _ segments: [MarkerSegment]) {
      hasLayers = hasLayers || parameters.layers > 1
      for style in parameters.styles {
        let most = TileComponent.most(width: tile.width, height: tile.height, style)
        precincts = max(precincts, most.precincts)
        // Measured with OpenJPEG 2.5.0: see the tests.
        structureBytes = max(structureBytes, 160 * most.precincts + 640 * most.blocks)
      }
      mixesComponents = mixesComponents || parameters.mixesComponents
      levels = min(levels, parameters.styles.map(\.levels).min() ?? 0)
      let separate: Set<MarkerSegment.Marker> = [.poc, .ppm, .ppt, .mct, .mcc, .mco, .cbd]
      isSeparable =
        isSeparable && !segments.contains { separate.contains($0.marker) }
        && parameters.styles.allSatisfy { $0.blockStyle & 0x40 == 0 }
    }
  }

  private static func components(
    _ bytes: Span<UInt8>, _ siz: Range<Int>, _ complaints: Complaints
  ) throws -> (count: Int, depth: Int, isSigned: Bool) {
    let start = siz.lowerBound
    let count = bytes.half(start + 34)
    guard (1...16384).contains(count), siz.count == 36 + 3 * count else {
      throw complaints.damaged(
        "byte \(start)", "its SIZ segment of \(siz.count) bytes names \(count) components")
    }
    let first = bytes.byte(start + 36)
    for number in 0..<count {
      let place = start + 36 + 3 * number
      let (dx, dy) = (bytes.byte(place + 1), bytes.byte(place + 2))
      guard dx == 1 && dy == 1 else {
        throw complaints.unsupported(
          "component \(number) is subsampled: one sample for \(dx) columns and \(dy) rows",
          remedy:
            "Planes of a volume have one size: save it with every component in full resolution")
      }
      guard bytes.byte(place) == first else {
        throw complaints.unsupported(
          "component 0 is \(words(first)), component \(number) is \(words(bytes.byte(place)))",
          remedy:
            "Planes of a volume have one type: save components that differ as files of their own")
      }
    }
    return (count, first & 127 + 1, first & 128 != 0)
  }

  private static func words(_ code: Int) -> String {
    "\(code & 128 != 0 ? "signed" : "unsigned") of \(code & 127 + 1) bits"
  }

  private static func type(_ depth: Int, _ isSigned: Bool, _ complaints: Complaints) throws
    -> VoxelType
  {
    switch depth {
    case 1...8: isSigned ? .int8 : .uint8
    case 9...16: isSigned ? .int16 : .uint16
    case 17...31: isSigned ? .int32 : .uint32
    default:
      throw complaints.unsupported(
        "has samples of \(depth) bits, and OpenJPEG decodes up to 31",
        remedy: "Save the volume with 8 or 16 bits")
    }
  }

  /// Follows the tile-parts from header to header; touches no more than their headers.
  private static func tileParts(
    _ bytes: Span<UInt8>, _ range: Range<Int>, from start: Int, _ count: Int, _ components: Int,
    _ main: CodingParameters, _ survey: inout Survey, _ complaints: Complaints
  ) throws -> [[TilePart]] {
    var tiles: [[TilePart]] = Array(repeating: [], count: count)
    let end = range.upperBound
    var place = start
    var total = 0
    while place <= end - 12, bytes.half(place) == MarkerSegment.Marker.sot.rawValue {
      let tile = bytes.half(place + 4)
      guard bytes.half(place + 2) == 10, tile < count else {
        throw complaints.damaged(
          "byte \(place)", "a tile-part says that it belongs to tile \(tile) of \(count)")
      }
      let length = bytes.word(place + 6)
      guard length == 0 || (length >= 14 && length <= end - place) else {
        throw complaints.damaged(
          "tile \(tile), byte \(place)",
          "a tile-part of \(length) bytes begins \(end - place) bytes before the codestream's end")
      }
      // The length 0 says: up to the end, where EOC may follow.
      let hasEnd = length == 0 && bytes.half(end - 2) == MarkerSegment.Marker.eoc.rawValue
      let partEnd = length == 0 ? (hasEnd ? end - 2 : end) : place + length
      let (segments, sod) = try MarkerSegment.list(
        bytes, from: place + 12, end: partEnd, until: .sod, complaints)
      total += 1
      guard tiles[tile].count < 255, total <= 1 << 20 else {
        throw complaints.damaged(
          "tile \(tile), byte \(place)", "has more than 255 tile-parts of one tile, or 2^20 of all")
      }
      if !segments.isEmpty {
        if !tiles[tile].isEmpty
          && segments.contains(where: { $0.marker == .cod || $0.marker == .coc })
        {
          throw complaints.damaged(
            "tile \(tile), byte \(place)", "a later tile-part changes how the tile is coded")
        }
        var parameters = main
        try parameters.apply(segments, of: bytes, components: components, complaints)
        survey.note(parameters, segments)
        survey.needsAll =
          survey.needsAll || segments.contains { $0.marker == .poc || $0.marker == .ppt }
      }
      tiles[tile].append(TilePart(header: place + 12..<sod, data: sod + 2..<partEnd))
      place = partEnd
    }
    if let missing = tiles.firstIndex(where: \.isEmpty) {
      throw complaints.damaged(
        "byte \(place)", "tile \(missing) of \(count) is missing: the tile-parts end before it")
    }
    return tiles
  }

  /// The coding of a tile: the main header's with the changes of its own.
  func parameters(ofTile tile: Int, _ map: MappedFile) throws -> CodingParameters {
    let complaints = Complaints(path: map.path)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    var parameters = main
    let header = tiles[tile][0].header
    let segments = try MarkerSegment.list(
      bytes, from: header.lowerBound, end: header.upperBound + 2, until: .sod, complaints
    ).segments
    try parameters.apply(segments, of: bytes, components: components, complaints)
    return parameters
  }

  /// Compressed bytes of the tile that has most.
  var largestTileBytes: Int {
    tiles.map { $0.reduce(0) { $0 + $1.data.count } }.max() ?? 0
  }
}
