internal import BrickCore

/// The order in which the blocks of one image are exported.
///
/// Slab by slab along z; in a slab, regions of a few blocks along x, one after the other; in a region row by row along y.
/// A row is done for all channels before the next one begins, since the pieces of some files hold all channels. So
/// what must be kept of a source at a time is what a single row needs, and a budget chooses how long rows are.
struct ExportOrder: Sendable, Hashable {
  /// A block.
  struct Step: Sendable {
    /// The channel at a time point it belongs to: time point by time point, channels fastest.
    let part: Int
    let box: Box3
    /// The voxels of all blocks of its row.
    let row: Box3
    /// The place of the first block of the next row.
    let nextRow: Int
    let startsRow: Bool
    let endsRow: Bool
  }

  let size: Index3
  let block: Index3
  let channels: Int
  let timepoints: Int
  /// Blocks of a row, but for the last region's.
  let across: Int
  private let blocks: Index3

  init(size: Index3, block: Index3, channels: Int, timepoints: Int, across: Int) {
    self.size = size
    self.block = block
    self.channels = channels
    self.timepoints = timepoints
    blocks = size.dividedRoundingUp(by: block)
    self.across = max(1, min(across, blocks.x))
  }

  var count: Int { timepoints * channels * blocks.volume }

  /// The step at a place in the order.
  func step(at place: Int) -> Step {
    let perSlab = channels * blocks.y * blocks.x
    let (slab, inSlab) = place.quotientAndRemainder(dividingBy: perSlab)
    let (timepoint, z) = slab.quotientAndRemainder(dividingBy: blocks.z)
    let (region, inRegion) = inSlab.quotientAndRemainder(dividingBy: channels * blocks.y * across)
    let width = min(across, blocks.x - region * across)
    let (row, x) = inRegion.quotientAndRemainder(dividingBy: width)
    let (y, channel) = row.quotientAndRemainder(dividingBy: channels)
    let first = Index3(z: z, y: y, x: region * across)
    func box(_ first: Index3, width: Int) -> Box3 {
      let origin = first * block
      return Box3(
        from: origin, to: (origin + block * Index3(z: 1, y: 1, x: width)).minimum(size))
    }
    return Step(
      part: timepoint * channels + channel, box: box(first + Index3(z: 0, y: 0, x: x), width: 1),
      row: box(first, width: width), nextRow: place - x + width, startsRow: x == 0,
      endsRow: x == width - 1)
  }

  /// A row in the middle of a volume, where tiles overlap as much as anywhere.
  static func middleRow(of size: Index3, block: Index3, across: Int) -> Box3 {
    var row = block.minimum(size)
    row.x = across >= size.x / max(1, row.x) + 1 ? size.x : min(size.x, row.x * across)
    let grid = BrickGrid(size: size, brick: row)
    return grid.box(at: grid.counts.map { $0 / 2 })
  }
}
