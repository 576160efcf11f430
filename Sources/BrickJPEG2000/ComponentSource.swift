internal import BrickCore
internal import BrickFiles
internal import Synchronization

/// A file whose components are decoded, some at a time: what volumes and planes share.
///
/// The file is mapped for each decoding and not in between: a folder may hold thousands.
final class ComponentSource: Sendable {
  let path: String
  let codestream: Codestream
  let boxes: FileBoxes
  /// The components that are decoded together: one by one, but for those that were mixed.
  let units: [Range<Int>]
  private let indexes = Mutex<(indexes: [Int: PacketIndex], bytes: Int)>(([:], 0))

  /// A larger piece of a tile is decoded in blocks: 64 MiB of OpenJPEG's samples.
  static let mostSamples = 16 << 20
  static let blockSide = 2048
  /// What the indexes of tiles may take together, unless a single one needs more.
  private static let mostIndexBytes = 8 << 20

  init(_ path: String) throws {
    self.path = path
    let map = try MappedFile(path)
    guard map.count > 0 else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "is empty: 0 bytes",
        remedy: "Copy the file again from where it was acquired")
    }
    boxes = try FileBoxes(map)
    codestream = try Codestream(map, boxes.codestream)
    let count = codestream.components
    if codestream.mixesComponents {
      units =
        codestream.isSeparable && count > 3
        ? [0..<3] + (3..<count).map { $0..<$0 + 1 } : [0..<count]
    } else {
      units = (0..<count).map { $0..<$0 + 1 }
    }
    let structures = codestream.structureBytes.multipliedReportingOverflow(by: streamComponents)
    // Real blocks have more than these bytes of code; a lie must not make OpenJPEG allocate for what isn't there.
    let limit = (128 << 20) + 8 * codestream.largestTileBytes
    guard !structures.overflow, structures.partialValue <= limit else {
      throw Complaints(path: path).unsupported(
        "its tiles are cut into so many precincts and code-blocks that decoding would take more than "
          + "\(limit >> 20) MiB, for \(codestream.largestTileBytes) compressed bytes",
        remedy: "Save it again with code-blocks of 64 × 64 and without precincts")
    }
  }

  /// Components of the streams that OpenJPEG is given.
  private var streamComponents: Int {
    codestream.isSeparable ? units.map(\.count).max() ?? 1 : codestream.components
  }

  /// Decodes a part of a tile's unit into `block`.
  func decode(
    unit: Int, tile: Int, x: Range<Int>, y: Range<Int>, reduction: Int, transposes: Bool,
    into block: inout VoxelBlock
  ) throws {
    let map = try MappedFile(path)
    guard map.count == codestream.fileSize else {
      throw BrickworkError(
        .damagedInput, path: path,
        reason: "has \(map.count) bytes now, and \(codestream.fileSize) when it was opened",
        remedy: "Don't change files while they are read")
    }
    let components = units[unit]
    let words =
      components.count == 1
      ? "component \(components.lowerBound)"
      : "components \(components.lowerBound)–\(components.upperBound - 1)"
    var request = OpenJPEG.Request(
      x: x, y: y, reduction: reduction, count: components.count, type: codestream.type,
      transposes: transposes, place: "tile \(tile), \(words)")
    let stream: TileStream
    if codestream.isSeparable {
      // Also where all components are taken: a tile that was cut at the wrong place is noticed so.
      let index = try packetIndex(ofTile: tile, map)
      let takesAll = components.count == codestream.components
      stream = try TileStream(
        codestream, tile: tile, components: components, takesAll ? nil : index, map)
      let bytes = stream.data.reduce(0) { $0 + $1.count }
      guard bytes <= compressedBytes else {
        throw Complaints(path: path).damaged(
          request.place,
          "has \(bytes) compressed bytes, for less than \(compressedBytes) of samples")
      }
    } else {
      stream =
        codestream.needsAll
        ? TileStream(whole: codestream)
        : try TileStream(
          codestream, tile: tile, components: 0..<codestream.components, nil, map)
      if components.count < codestream.components { request.only = components }
    }
    try OpenJPEG.decode(stream, request, map, into: &block)
  }

  private func packetIndex(ofTile tile: Int, _ map: MappedFile) throws -> PacketIndex {
    if let index = indexes.withLock({ $0.indexes[tile] }) { return index }
    let index = try PacketIndex(codestream, tile: tile, map)
    indexes.withLock { state in
      if state.bytes + index.byteCount > Self.mostIndexBytes { state = ([:], 0) }
      if state.indexes.updateValue(index, forKey: tile) == nil { state.bytes += index.byteCount }
    }
    return index
  }

  // MARK: Memory

  /// Compressed bytes that OpenJPEG copies at most for one piece.
  private var compressedBytes: Int {
    let all = codestream.largestTileBytes
    guard codestream.isSeparable, units.count > 1 else { return all }
    // Samples that can't be compressed grow by a little; fine quantisation may add a byte to each.
    let (width, height) = codestream.grid.largestTile
    let samples = width * height * streamComponents
    return min(all, samples * (codestream.type.byteCount + 1) + (1 << 16))
  }

  /// Bytes of the largest piece's voxels at full resolution.
  func largestPieceBytes(reduction: Int) -> Int {
    pieceSamples(reduction).count * (units.map(\.count).max() ?? 1) * codestream.type.byteCount
  }

  private func pieceSamples(_ reduction: Int) -> (count: Int, isWhole: Bool) {
    let (width, height) = codestream.grid.largestTile
    let samples = shiftedUp(width, reduction) * shiftedUp(height, reduction)
    guard samples > Self.mostSamples else { return (samples, true) }
    return (min(width, Self.blockSide) * min(height, Self.blockSide), false)
  }

  /// Bytes that decoding one piece takes besides its voxels: OpenJPEG's heap, and the index of packets.
  func decodingBytes(reduction: Int) -> Int {
    let (samples, isWhole) = pieceSamples(reduction)
    let together = units.map(\.count).max() ?? 1
    // Samples once, twice where the tile is not alone at the grid's corner; code-blocks, bands and samples of a part.
    let heap = samples * together * (isWhole ? 8 : 24)
    return heap + compressedBytes + codestream.structureBytes * streamComponents
      + indexingBytes + (1 << 20)
  }

  /// Bytes that finding a tile's packets takes: their places and order, and what earlier layers said of the blocks.
  private var indexingBytes: Int {
    guard codestream.isSeparable else { return 0 }
    let packets = codestream.precincts.multipliedReportingOverflow(by: codestream.components)
    let places =
      64
      * (packets.overflow
        ? PacketIndex.mostPackets
        : min(packets.partialValue, PacketIndex.mostPackets))
    let blocks = codestream.structureBytes.multipliedReportingOverflow(by: codestream.components)
    let states = codestream.hasLayers && !blocks.overflow ? blocks.partialValue / 8 : 0
    return Self.mostIndexBytes + places + states
  }
}
