public import BrickCore

/// Finds which of many boxes share a voxel with a given one, without looking at all of them.
///
/// Space is cut into cells about as large as a typical box, and each cell lists the boxes that
/// reach into it. Building it is linear in the boxes and the cells they touch; a look-up touches
/// the cells of the box asked for.
public struct BoxIndex: Sendable {
  private let boxes: [Box3]
  private let cell: Index3
  private var cells: [Index3: [Int]] = [:]
  /// Boxes so large that listing them cell by cell would cost more than testing them each time.
  private var large: [Int] = []

  /// An index of `boxes`; empty ones are never found.
  public init(_ boxes: [Box3]) {
    self.boxes = boxes
    let full = boxes.filter { !$0.isEmpty }
    func median(_ axis: Int) -> Int {
      let sizes = full.map { $0.size[axis] }.sorted()
      return max(1, sizes.isEmpty ? 1 : sizes[sizes.count / 2])
    }
    cell = Index3(z: median(0), y: median(1), x: median(2))
    for (index, box) in boxes.enumerated() where !box.isEmpty {
      let range = cellRange(box)
      if range.size.checkedVolume.map({ $0 <= 4096 }) == true {
        range.forEachPosition { cells[$0, default: []].append(index) }
      } else {
        large.append(index)
      }
    }
  }

  /// The places of the boxes that share at least one voxel with `box`, ascending.
  public func indices(intersecting box: Box3) -> [Int] {
    guard !box.isEmpty else { return [] }
    let range = cellRange(box)
    var found: Set<Int> = []
    if range.size.checkedVolume.map({ $0 <= cells.count }) == true {
      range.forEachPosition { position in
        for index in cells[position] ?? [] where boxes[index].intersects(box) {
          found.insert(index)
        }
      }
    } else {
      for list in cells.values {
        for index in list where boxes[index].intersects(box) { found.insert(index) }
      }
    }
    for index in large where boxes[index].intersects(box) { found.insert(index) }
    return found.sorted()
  }

  /// Calls `body` with the places of boxes that share a voxel with `box`, in no order and some of them several
  /// times, until it returns false: for callers that stop where boxes are crowded.
  public func visit(intersecting box: Box3, _ body: (Int) -> Bool) {
    guard !box.isEmpty else { return }
    for index in large where boxes[index].intersects(box) {
      if !body(index) { return }
    }
    let range = cellRange(box)
    guard range.size.checkedVolume.map({ $0 <= cells.count }) == true else {
      for list in cells.values {
        for index in list where boxes[index].intersects(box) {
          if !body(index) { return }
        }
      }
      return
    }
    for z in range.origin.z..<range.end.z {
      for y in range.origin.y..<range.end.y {
        for x in range.origin.x..<range.end.x {
          for index in cells[Index3(z: z, y: y, x: x)] ?? [] where boxes[index].intersects(box) {
            if !body(index) { return }
          }
        }
      }
    }
  }

  /// All pairs of places i < j whose boxes share at least one voxel, sorted.
  public func intersectingPairs() -> [(Int, Int)] {
    boxes.indices.flatMap { i in
      indices(intersecting: boxes[i]).filter { $0 > i }.map { (i, $0) }
    }
  }

  private func cellRange(_ box: Box3) -> Box3 {
    func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((-a + b - 1) / b) }
    let first = box.origin.zip(cell, floorDivide)
    let last = (box.end - .one).zip(cell, floorDivide)
    return Box3(from: first, to: last + .one)
  }
}
