internal import BrickCore
internal import BrickLabels

/// A box of one item (a tile, or what two tiles share) that a worker looks at in one go.
struct LabelPiece: Sendable {
  /// The tile's or the pair's place in its list.
  let item: Int
  /// Voxels of the stitched volume.
  let box: Box3
  /// Whether the item consists of this piece alone.
  let isWhole: Bool
  /// Whether it is the item's last piece.
  let isLast: Bool
}

/// Items cut into pieces, and pieces put together into steps of work: small items go several at a time.
struct LabelPieces: Sendable {
  let pieces: [LabelPiece]
  let steps: [Range<Int>]
  /// Voxels of all pieces.
  let voxels: Int

  /// - Parameters:
  ///   - boxes: one box per item.
  ///   - most: voxels of a piece at most.
  ///   - planes: planes of a piece, where pieces of files are decoded; nil where voxels lie as they are.
  init(_ boxes: [Box3], most: Int, planes: Int?) {
    var pieces: [LabelPiece] = []
    var steps: [Range<Int>] = []
    var (start, sum, total) = (0, 0, 0)
    for (item, box) in boxes.enumerated() where !box.isEmpty {
      let size = Self.pieceSize(in: box.size, most: most, planes: planes)
      let grid = BrickGrid(size: box.size, brick: size)
      total += box.count
      if grid.count > 1 || sum + box.count > most || pieces.count - start >= 256 {
        if start < pieces.count { steps.append(start..<pieces.count) }
        (start, sum) = (pieces.count, 0)
      }
      for place in 0..<grid.count {
        pieces.append(
          LabelPiece(
            item: item, box: grid.box(at: grid.index(at: place)).translated(by: box.origin),
            isWhole: grid.count == 1, isLast: place == grid.count - 1))
        // Parts of an item are steps of their own, so that all workers share a large one.
        if grid.count > 1 {
          steps.append(start..<pieces.count)
          start = pieces.count
        }
      }
      if grid.count == 1 { sum += box.count }
    }
    if start < pieces.count { steps.append(start..<pieces.count) }
    self.pieces = pieces
    self.steps = steps
    voxels = total
  }

  /// Whole rows, then whole planes, in which order voxels lie in a file that is read as it is; where pieces of the file
  /// are decoded, `planes` planes at once, so that none is decoded for each plane again.
  static func pieceSize(in size: Index3, most: Int, planes: Int?) -> Index3 {
    let x = min(size.x, most)
    let thickness = max(1, min(size.z, planes ?? 1, most / x))
    var y = max(1, min(size.y, most / x / thickness))
    // Whole bricks where there is room for some.
    if y < size.y && y > 64 { y = y / 64 * 64 }
    return Index3(z: max(1, min(size.z, planes ?? .max, most / x / y)), y: y, x: x)
  }
}
