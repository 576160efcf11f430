internal import BrickCore

/// Voxels in chunks: only those a box touches are decoded, through the shared cache.
struct HDF5Volume: Volume {
  let type: VoxelType
  let size: Index3
  private let stored: HDF5Stored
  private let window: HDF5Window
  /// Voxels between neighbours of a piece.
  private let strides: Index3
  private let steps: [Int]

  init(_ stored: HDF5Stored, _ window: HDF5Window, type: VoxelType) {
    self.stored = stored
    self.window = window
    self.type = type
    size = window.size
    strides = window.strides(in: stored.layout.piece)
    steps = HDF5Window.steps(of: stored.layout.piece)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    guard !block.box.isEmpty else { return }
    let ranges = window.ranges(of: block.box)
    // What another thread is decoding is left for the end, so that threads share the work.
    var busy: [[Int]] = []
    try forEachPiece(in: ranges) { index in
      if let piece = try stored.pieceUnlessBusy(index) {
        copy(piece.block, index, ranges, into: &block)
      } else {
        busy.append(index)
      }
    }
    for index in busy { copy(try stored.piece(index).block, index, ranges, into: &block) }
  }

  /// Calls `body` with the index of every piece that touches the ranges, the last dimension fastest.
  private func forEachPiece(in ranges: [Range<Int>], _ body: ([Int]) throws -> Void) rethrows {
    let pieces = zip(ranges, stored.layout.piece).map {
      $0.lowerBound / $1..<($0.upperBound - 1) / $1 + 1
    }
    var index = pieces.map(\.lowerBound)
    while true {
      try body(index)
      var dimension = index.count - 1
      while dimension >= 0 {
        index[dimension] += 1
        if index[dimension] < pieces[dimension].upperBound { break }
        index[dimension] = pieces[dimension].lowerBound
        dimension -= 1
      }
      if dimension < 0 { return }
    }
  }

  /// Copies what a piece holds of the ranges.
  private func copy(
    _ piece: borrowing VoxelBlock, _ index: [Int], _ ranges: [Range<Int>],
    into block: inout VoxelBlock
  ) {
    let origin = zip(index, stored.layout.piece).map { $0 * $1 }
    let shared = ranges.indices.map { dimension in
      ranges[dimension].clamped(
        to: origin[dimension]..<origin[dimension] + stored.layout.piece[dimension])
    }
    let box = window.box(of: shared)
    guard piece.byteCount > 0 else { return fill(box, &block) }
    var start = 0
    for dimension in shared.indices {
      start += (shared[dimension].lowerBound - origin[dimension]) * steps[dimension]
    }
    copyStrided(piece.bytes, start: start, strides: strides, box: box, into: &block)
  }

  /// What was never written has the fill value.
  private func fill(_ box: Box3, _ block: inout VoxelBlock) {
    let row = [[UInt8]](repeating: stored.layout.fill, count: box.size.x).flatMap { $0 }
    unsafe row.withUnsafeBytes { bytes in
      copyStrided(
        unsafe RawSpan(_unsafeBytes: bytes), start: 0, strides: Index3(z: 0, y: 0, x: 1),
        box: box, into: &block)
    }
  }

  func scratchBytes(reading size: Index3) -> Int {
    BlockStorage.footprint(of: stored.layout.pieceBytes) + stored.scratchBytes
      + size.x * type.byteCount + (1 << 20)
  }

  func decodedBytes(reading box: Box3) -> Int {
    if case .nowhere = stored.layout.storage { return 0 }
    guard !box.isEmpty else { return 0 }
    let pieces = zip(window.ranges(of: box), stored.layout.piece).map {
      ($0.upperBound - 1) / $1 - $0.lowerBound / $1 + 1
    }
    return pieces.reduce(1, *) * BlockStorage.footprint(of: stored.layout.pieceBytes)
  }
}
