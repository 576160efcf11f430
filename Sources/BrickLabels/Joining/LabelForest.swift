/// Groups of labels that are joined across tiles: union and find over all labels of all tiles.
///
/// A label is a node: its place among the labels of its tile, after those of the tiles before. A group's root is its
/// smallest node, which is its first (tile, label). Four bytes a label.
struct LabelForest {
  private var parents: [UInt32]

  init(count: Int) {
    parents = [UInt32](repeating: 0, count: count)
    for node in parents.indices { parents[node] = UInt32(node) }
  }

  /// The group's smallest node.
  mutating func root(of node: Int) -> Int {
    var node = UInt32(node)
    while true {
      let parent = parents[Int(node)]
      if parent == node { return Int(node) }
      // Every second step is cut short, which keeps later paths short.
      let grandparent = parents[Int(parent)]
      parents[Int(node)] = grandparent
      node = grandparent
    }
  }

  /// Makes one group of two; false if they were one.
  @discardableResult
  mutating func join(_ a: Int, _ b: Int) -> Bool {
    let (a, b) = (root(of: a), root(of: b))
    if a == b { return false }
    parents[max(a, b)] = UInt32(min(a, b))
    return true
  }
}
