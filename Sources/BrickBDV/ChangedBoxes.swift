internal import BrickCore

/// The new voxels of a chunk, as few boxes as it takes.
struct ChangedBoxes: Sendable {
  private(set) var boxes: [Box3] = []
  /// More boxes become the one around all of them.
  private static let most = 64

  /// Adds a box, which becomes one with others where together they fill a box.
  mutating func add(_ box: Box3) {
    var box = box
    while let place = boxes.firstIndex(where: { other in
      other.union(box).count == other.count + box.count - other.intersection(box).count
    }) {
      box = box.union(boxes.remove(at: place))
    }
    boxes.append(box)
    if boxes.count > Self.most { boxes = [boxes.reduce(box) { $0.union($1) }] }
  }
}
