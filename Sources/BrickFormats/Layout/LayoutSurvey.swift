internal import BrickCore
internal import BrickStitch

/// One look at every tile's surroundings.
struct Survey {
  struct Overlap {
    var voxels: Int
    var fraction: Double
  }

  private(set) var pairs = 0
  private(set) var isCrowded = false
  /// Of neighbours along z, y and x.
  private(set) var overlaps: [[Overlap]] = [[], [], []]
  private(set) var isolated: [Int] = []
  private(set) var gaps: [LayoutReport.Gap] = []

  private let boxes: [Box3]
  private let index: BoxIndex
  private let most: Int

  /// Looks at no more than `most` tiles around each, so that crowds cost no more than grids.
  init(_ boxes: [Box3], most: Int) {
    self.boxes = boxes
    self.most = most
    index = BoxIndex(boxes)
    for place in boxes.indices where !boxes[place].isEmpty {
      let near = places(in: grown(boxes[place]), besides: place)
      if near.isEmpty { isolated.append(place) }
      for other in near where other > place { measure(place, other) }
    }
    guard !isCrowded else { return }
    for place in boxes.indices where !boxes[place].isEmpty {
      for axis in 0..<3 { lookAcross(place, axis) }
    }
  }

  /// A box and the voxels around it, so that it meets those it touches.
  private func grown(_ box: Box3) -> Box3 {
    Box3(origin: box.origin - .one, size: box.size + Index3(repeating: 2))
  }

  private mutating func places(in box: Box3, besides place: Int) -> [Int] {
    var found: [Int] = []
    var visits = 0
    index.visit(intersecting: box) { other in
      visits += 1
      if other != place && !found.contains(other) { found.append(other) }
      // A box is listed in each cell it reaches into: 27 at most for one of the usual size.
      return found.count < most && visits < most * 32
    }
    if found.count >= most || visits >= most * 32 { isCrowded = true }
    return found
  }

  private mutating func measure(_ a: Int, _ b: Int) {
    let shared = boxes[a].intersection(boxes[b])
    guard !shared.isEmpty else { return }
    pairs += 1
    let smaller = boxes[a].size.minimum(boxes[b].size)
    // Neighbours along an axis lie side by side: they share at least half along the two others.
    let fractions = (0..<3).map { Double(shared.size[$0]) / Double(smaller[$0]) }
    guard let axis = (0..<3).min(by: { fractions[$0] < fractions[$1] }),
      (0..<3).allSatisfy({ $0 == axis || fractions[$0] >= 0.5 })
    else { return }
    // A tile in the place of another is no neighbour of it.
    guard boxes[a].origin[axis] != boxes[b].origin[axis] else { return }
    overlaps[axis].append(Overlap(voxels: shared.size[axis], fraction: fractions[axis]))
  }

  /// Looks for the next tile along an axis where none touches this one.
  private mutating func lookAcross(_ place: Int, _ axis: Int) {
    let box = boxes[place]
    // From half of this tile on to one tile's length past its end.
    var beam = box
    beam.origin[axis] = box.origin[axis] + 1
    beam.size[axis] = 2 * box.size[axis]
    let others = places(in: beam, besides: place).filter { other in
      let candidate = boxes[other]
      guard candidate.origin[axis] > box.origin[axis] + box.size[axis] / 2 else { return false }
      return (0..<3).allSatisfy { side in
        if side == axis { return true }
        let shared =
          min(box.end[side], candidate.end[side]) - max(box.origin[side], candidate.origin[side])
        return shared * 2 >= min(box.size[side], candidate.size[side])
      }
    }
    guard let next = others.min(by: { boxes[$0].origin[axis] < boxes[$1].origin[axis] }) else {
      return
    }
    let free = boxes[next].origin[axis] - box.end[axis]
    if free > 0 {
      gaps.append(LayoutReport.Gap(first: place, second: next, axis: axis, voxels: free))
    }
  }
}
