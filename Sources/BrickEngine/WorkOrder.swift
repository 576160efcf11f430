internal import BrickCore

/// The order in which the blocks of a pass are computed: item by item in z, y, x order, and
/// neighbouring items along x row by row together, so that the strips and pages which a row of
/// blocks shares are read once.
///
/// Each item's own blocks come in z, y, x order whatever the grouping, which fixes the bricks'
/// order in its shards.
struct WorkOrder: Sendable {
  /// A block and the item it belongs to.
  struct Step: Sendable {
    let item: Int
    /// Voxels of the pass's first level.
    let box: Box3
    /// Whether it is its item's last block.
    let isLast: Bool
    /// The voxels of all blocks of its row, across the items that go together.
    let row: Box3
    let startsRow: Bool
    let endsRow: Bool
  }

  private struct Group: Sendable {
    let items: [Int]
    let boxes: [Box3]
    /// Blocks along z and y, the same for all items of the group, and along x for each.
    let rows: Int
    let blocksY: Int
    let across: [Int]
    let firstStep: Int
  }

  private let groups: [Group]
  private let block: Index3
  let count: Int

  /// - Parameters:
  ///   - items: the items to do, ascending in z, y, x order.
  ///   - together: how many neighbours along x go together at most.
  init(items: [Int], grid: BrickGrid, block: Index3, together: Int) {
    self.block = block
    var groups: [Group] = []
    var steps = 0
    var rest = items[...]
    while let first = rest.first {
      let start = grid.index(at: first)
      var run = [first]
      while run.count < max(1, together), run.count < rest.count,
        rest[rest.startIndex + run.count] == first + run.count,
        start.x + run.count < grid.counts.x
      {
        run.append(first + run.count)
      }
      rest = rest.dropFirst(run.count)
      let boxes = run.map { grid.box(at: grid.index(at: $0)) }
      let counts = boxes.map { $0.size.dividedRoundingUp(by: block) }
      groups.append(
        Group(
          items: run, boxes: boxes, rows: counts[0].z * counts[0].y, blocksY: counts[0].y,
          across: counts.map(\.x), firstStep: steps))
      steps += counts.reduce(0) { $0 + $1.volume }
    }
    self.groups = groups
    count = steps
  }

  /// The step at a place in the order.
  func step(at place: Int) -> Step {
    var low = 0
    var high = groups.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if groups[middle].firstStep <= place { low = middle } else { high = middle }
    }
    let group = groups[low]
    let width = group.across.reduce(0, +)
    let (row, across) = (place - group.firstStep).quotientAndRemainder(dividingBy: width)
    var member = 0
    var x = across
    while x >= group.across[member] {
      x -= group.across[member]
      member += 1
    }
    let index = Index3(z: row / group.blocksY, y: row % group.blocksY, x: x)
    let whole = group.boxes[member]
    let origin = whole.origin + index * block
    let box = Box3(from: origin, to: (origin + block).minimum(whole.end))
    var rowBox = box
    rowBox.origin.x = group.boxes[0].origin.x
    rowBox.size.x = (group.boxes.last ?? whole).end.x - rowBox.origin.x
    return Step(
      item: group.items[member], box: box,
      isLast: row == group.rows - 1 && x == group.across[member] - 1, row: rowBox,
      startsRow: across == 0, endsRow: across == width - 1)
  }
}
