internal import BrickCodecs
internal import BrickCore
internal import BrickFiles

/// An open file, shared by all its tiles and their volumes.
final class ND2Source: Sendable {
  let map: MappedFile
  let layout: FrameLayout
  let metadata: ND2Metadata
  let order: FrameOrder
  let table: FrameTable
  /// Where chunks of metadata begin, unchecked.
  let chunks: [String: Int]
  /// Where the times of all frames lie, if the file has them: doubles in ms.
  let times: Range<Int>?
  private let cache: PieceCache
  /// Its number in the cache.
  private let number: Int
  /// The most stored bytes of a frame.
  let largestFrame: Int

  var path: String { map.path }

  init(_ opening: ND2Opening, metadata: ND2Metadata, cache: PieceCache) {
    map = opening.map
    layout = opening.layout
    self.metadata = metadata
    order = FrameOrder(opening.loops)
    table = FrameTable(
      opening.directory, wasScanned: opening.wasScanned, map: opening.map, layout: opening.layout)
    chunks = opening.directory.chunks
    let range = opening.range(of: "CustomData|AcqTimesCache!")
    times = range.flatMap { $0.count >= 8 ? $0 : nil }
    self.cache = cache
    number = cache.newSource()
    largestFrame = table.largestFrame
  }

  /// The time of a frame in ms since the acquisition began; nil where the file doesn't say.
  func time(ofFrame frame: Int) -> Double? {
    if let times {
      guard frame < times.count / 8 else { return nil }
      return map.double(at: times.lowerBound + 8 * frame)
    }
    let start: Int
    switch try? table.frame(frame) {
    case .rows(let rows): start = rows - FrameLayout.stampBytes
    case .stream(let stream): start = stream.lowerBound - FrameLayout.stampBytes
    case .missing, nil: return nil
    }
    return map.double(at: start).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }

  /// The rows of a compressed frame, with all channels, through the cache; nil while another thread inflates it.
  func pieceUnlessBusy(_ frame: Int, _ stream: Range<Int>) throws -> PieceCache.Piece? {
    try cache.pieceUnlessBusy(PieceCache.Key(source: number, piece: frame)) {
      try inflate(frame, stream)
    }
  }

  /// The same, waiting for another thread.
  func piece(_ frame: Int, _ stream: Range<Int>) throws -> PieceCache.Piece {
    try cache.piece(PieceCache.Key(source: number, piece: frame)) { try inflate(frame, stream) }
  }

  /// Inflates the rows of a frame and no more: what the stream holds behind them is not looked at.
  private func inflate(_ frame: Int, _ stream: Range<Int>) throws -> PieceCache.Piece {
    let map = map
    map.willNeed(stream)
    defer { map.doneWith(stream) }
    var block = VoxelBlock(
      Box3(size: Index3(z: 1, y: layout.height, x: layout.rowBytes)), type: .uint8)
    var target = block.mutableBytes
    let count: Int
    do {
      let source = map.bytes.extracting(stream)
      count = try ZlibDecompressor().decompressStart(of: source, into: &target)
    } catch let error as BrickworkError {
      throw table.damaged(frame, "can't be inflated: \(error.reason)")
    }
    try map.checkIntact()
    guard count == layout.frameBytes else {
      throw table.damaged(frame, "inflates to \(count) bytes where \(layout.frameBytes) belong")
    }
    return PieceCache.Piece(block)
  }
}
