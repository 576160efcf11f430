internal import BrickCore

/// The order in which the blocks of a pass are computed: item by item in z, y, x order, time point by
/// time point.
///
/// Neighbouring items along x go together row by row, so that the strips and pages which a row of
/// blocks shares are read once. Channels go together slab by slab along z, for files whose pieces hold
/// all channels. Each item's own blocks come in z, y, x order whatever the grouping, which fixes the
/// bricks' order in its shards.
struct WorkOrder: Sendable {
  /// A block and the item it belongs to.
  struct Step: Sendable {
    let item: Int
    /// The part of the image: a channel at a time point.
    let part: Int
    /// Voxels of the pass's first level.
    let box: Box3
    /// Whether it is its item's last block.
    let isLast: Bool
    /// The voxels of all blocks of its row, across the items that go together.
    let row: Box3
    let startsRow: Bool
    let endsRow: Bool
  }

  /// How many items go together.
  struct Together: Sendable, Hashable {
    /// Neighbours along x.
    var neighbours = 1
    /// Channels of one time point.
    var channels = 1
    var items: Int { neighbours * channels }
  }

  /// Items at the same places of several parts.
  private struct Group: Sendable {
    let parts: [Int]
    /// Places in the grid of one part, neighbours along x.
    let places: [Int]
    let boxes: [Box3]
    /// Blocks along z and y, the same for all items of the group, and along x for each.
    let blocksZ: Int
    let blocksY: Int
    let across: [Int]
    let firstStep: Int
  }

  private let groups: [Group]
  private let block: Index3
  private let itemsPerPart: Int
  let count: Int

  /// - Parameters:
  ///   - items: the items to do, ascending.
  ///   - grid: the items of one part.
  ///   - channels: parts of a time point.
  init(items: [Int], grid: BrickGrid, channels: Int, block: Index3, together: Together) {
    self.block = block
    itemsPerPart = max(1, grid.count)
    var groups: [Group] = []
    var steps = 0
    for (parts, places) in Self.runs(items, grid, channels, together) {
      let boxes = places.map { grid.box(at: grid.index(at: $0)) }
      let counts = boxes.map { $0.size.dividedRoundingUp(by: block) }
      groups.append(
        Group(
          parts: parts, places: places, boxes: boxes, blocksZ: counts[0].z, blocksY: counts[0].y,
          across: counts.map(\.x), firstStep: steps))
      steps += parts.count * counts.reduce(0) { $0 + $1.volume }
    }
    self.groups = groups
    count = steps
  }

  /// The items in runs of neighbours along x that are missing in the same parts.
  private static func runs(
    _ items: [Int], _ grid: BrickGrid, _ channels: Int, _ together: Together
  ) -> [(parts: [Int], places: [Int])] {
    var runs: [(parts: [Int], places: [Int])] = []
    var rest = items[...]
    while let first = rest.first {
      // The parts that go together are neighbours; those of another time point never do.
      let part = first / grid.count
      let channel = part % channels
      let start = part - channel % together.channels
      let end = min(start + together.channels, part - channel + channels)
      let bundle = rest.prefix { $0 / grid.count < end }
      rest = rest.dropFirst(bundle.count)
      var parts: [Int: [Int]] = [:]
      for item in bundle { parts[item % grid.count, default: []].append(item / grid.count) }
      for place in parts.keys.sorted() {
        let wanted = parts[place] ?? []
        if let last = runs.last, last.parts == wanted, last.places.count < together.neighbours,
          last.places.last == place - 1, grid.index(at: place).x > 0
        {
          runs[runs.count - 1].places.append(place)
        } else {
          runs.append((wanted, [place]))
        }
      }
    }
    return runs
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
    let (slab, y) = row.quotientAndRemainder(dividingBy: group.blocksY)
    let (z, part) = slab.quotientAndRemainder(dividingBy: group.parts.count)
    var member = 0
    var x = across
    while x >= group.across[member] {
      x -= group.across[member]
      member += 1
    }
    let whole = group.boxes[member]
    let origin = whole.origin + Index3(z: z, y: y, x: x) * block
    let box = Box3(from: origin, to: (origin + block).minimum(whole.end))
    var rowBox = box
    rowBox.origin.x = group.boxes[0].origin.x
    rowBox.size.x = (group.boxes.last ?? whole).end.x - rowBox.origin.x
    return Step(
      item: group.parts[part] * itemsPerPart + group.places[member], part: group.parts[part],
      box: box,
      isLast: z == group.blocksZ - 1 && y == group.blocksY - 1 && x == group.across[member] - 1,
      row: rowBox, startsRow: across == 0, endsRow: across == width - 1)
  }
}
