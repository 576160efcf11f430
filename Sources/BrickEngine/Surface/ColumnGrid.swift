internal import BrickCore

/// A band of rows of a volume, cut into blocks of columns, and its planes, cut into slabs: the steps of a pass.
///
/// A step is one block in one slab. All blocks of a slab come before the next slab, so that what a slab's blocks share
/// (pages of a compressed file) is decoded once.
struct ColumnGrid: Sendable {
  /// All planes and columns of the rows.
  let band: Box3
  /// Columns and all planes of each block: y slowest.
  let blocks: [Box3]
  private let slabs: BrickGrid
  private let blocksInRow: Int

  /// - Parameters:
  ///   - rows: y of the band.
  ///   - block: planes of a slab, and columns of a block.
  init(rows: Range<Int>, of size: Index3, block: Index3) {
    band = Box3(
      from: Index3(z: 0, y: rows.lowerBound, x: 0),
      to: Index3(z: size.z, y: rows.upperBound, x: size.x))
    let columns = BrickGrid(
      size: band.size, brick: Index3(z: size.z, y: block.y, x: block.x))
    blocks = (0..<columns.count).map {
      columns.box(at: columns.index(at: $0)).translated(by: Index3(z: 0, y: rows.lowerBound, x: 0))
    }
    blocksInRow = columns.counts.x
    slabs = BrickGrid(size: size, brick: Index3(z: block.z, y: size.y, x: size.x))
  }

  /// Steps of a pass.
  var count: Int { slabs.count * blocks.count }

  /// One step of a pass.
  struct Step {
    /// The place of the block.
    let block: Int
    let box: Box3
    /// The whole row of blocks in this slab, which are asked for and given back at once.
    let row: Box3
    let blocksOfRow: Range<Int>
    let startsRow: Bool
    let endsRow: Bool
    /// Whether the pass has begun with this step.
    let isFirst: Bool
  }

  /// The step with a number; slabs from the last one on if `downwards`.
  func step(_ number: Int, downwards: Bool = false) -> Step {
    let (place, block) = number.quotientAndRemainder(dividingBy: blocks.count)
    let slab = slabs.box(at: Index3(z: downwards ? slabs.count - 1 - place : place, y: 0, x: 0))
    let first = block / blocksInRow * blocksInRow
    let row = blocks[first].union(blocks[first + blocksInRow - 1]).intersection(slab)
    return Step(
      block: block, box: blocks[block].intersection(slab), row: row,
      blocksOfRow: first..<first + blocksInRow, startsRow: block == first,
      endsRow: block == first + blocksInRow - 1, isFirst: number == 0)
  }

  /// The step at which the next row of blocks begins; nil after the last one.
  func step(afterRowOf number: Int, downwards: Bool = false) -> Step? {
    let next = (number / blocksInRow + 1) * blocksInRow
    return next < count ? step(next, downwards: downwards) : nil
  }
}
