/// Which tiles the objects of a map come from.
///
/// Where new labels count up in the order of tiles, as joining gives them, a label that begins an object needs no entry:
/// only those that are joined to an earlier object take 16 bytes each. Other maps take 16 bytes for every label.
public struct LabelOrigins: Sendable {
  /// The new labels that begin in a tile or before it, after a leading 0: they have no gaps.
  private var begun: [UInt64] = [0]
  /// Every other (new label, tile), ascending.
  private var others: [SortEntry] = []

  /// The origins of a map's new labels.
  public init(_ map: LabelMap) {
    begun.reserveCapacity(map.tiles.count + 1)
    var count = 0
    Self.walk(map) { _, _ in
      count += 1
    } endOfTile: { _ in
    }
    others.reserveCapacity(count)
    Self.walk(map) {
      others.append(SortEntry(key: $0, value: UInt64($1)))
    } endOfTile: {
      begun.append($0)
    }
    sortStably(&others)
  }

  /// Bytes that making the origins of `map` takes at most.
  public static func byteCount(for map: LabelMap) -> Int {
    var count = 0
    walk(map) { _, _ in
      count += 1
    } endOfTile: { _ in
    }
    return 2 * count * MemoryLayout<SortEntry>.stride + (map.tiles.count + 1) * 8
  }

  /// Calls `other` with each (new label, tile) that does not begin the next object, and `endOfTile` with the objects
  /// begun so far.
  private static func walk(
    _ map: LabelMap, other: (UInt64, Int) -> Void, endOfTile: (UInt64) -> Void
  ) {
    var begun: UInt64 = 0
    for (number, tile) in map.tiles.enumerated() {
      let labels = tile.newLabels
      for place in 0..<labels.count {
        let label = labels[place]
        if label == 0 { continue }
        if label &- begun == 1 { begun = label } else { other(label, number) }
      }
      endOfTile(begun)
    }
  }

  /// Gives the tiles of new labels, which are asked for in ascending order; tiles come ascending, each once.
  ///
  /// A label that the map doesn't have has none.
  public func ascending() -> (UInt64) -> [Int] {
    var (tile, place) = (0, 0)
    return { label in
      var tiles: [Int] = []
      if label > 0 && label <= begun[begun.count - 1] {
        while begun[tile + 1] < label { tile += 1 }
        tiles.append(tile)
      }
      while place < others.count && others[place].key < label { place += 1 }
      while place < others.count && others[place].key == label {
        tiles.append(Int(others[place].value))
        place += 1
      }
      guard tiles.count > 1 else { return tiles }
      tiles.sort()
      var unique = tiles.prefix(1)
      for tile in tiles.dropFirst() where tile != unique.last { unique.append(tile) }
      return Array(unique)
    }
  }
}
