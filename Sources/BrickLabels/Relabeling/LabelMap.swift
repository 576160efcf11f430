public import BrickCore

/// Labels in as few bytes as they need.
public enum PackedLabels: Sendable, Hashable {
  case narrow([UInt32])
  case wide([UInt64])

  /// Packs labels.
  public init(_ labels: [UInt64]) {
    self =
      labels.allSatisfy { $0 <= UInt32.max }
      ? .narrow(labels.map { UInt32($0) }) : .wide(labels)
  }

  /// The number of labels.
  public var count: Int {
    switch self {
    case .narrow(let labels): labels.count
    case .wide(let labels): labels.count
    }
  }

  /// The label at a place.
  public subscript(place: Int) -> UInt64 {
    switch self {
    case .narrow(let labels): UInt64(labels[place])
    case .wide(let labels): labels[place]
    }
  }

  /// Bytes the labels take.
  var byteCount: Int {
    switch self {
    case .narrow(let labels): labels.count * 4
    case .wide(let labels): labels.count * 8
    }
  }

  /// The largest label; 0 without any.
  var largest: UInt64 {
    switch self {
    case .narrow(let labels): UInt64(labels.max() ?? 0)
    case .wide(let labels): labels.max() ?? 0
    }
  }
}

/// What becomes of the labels of one tile.
public struct TileLabelMap: Sendable, Hashable {
  /// The labels that have a new one, ascending.
  public let labels: LabelSet
  /// Their new labels in the same order; 0 makes one background.
  public let newLabels: PackedLabels

  /// A map of labels to new ones, which stand in the order of the set.
  public init(_ labels: LabelSet, newLabels: PackedLabels) {
    precondition(labels.count == newLabels.count, "Each label has its new one")
    self.labels = labels
    self.newLabels = newLabels
  }

  /// The new label of `label`: 0 for background, nil where the map says nothing.
  public subscript(label: UInt64) -> UInt64? {
    if label == 0 { return 0 }
    return labels.place(of: label).map { newLabels[$0] }
  }
}

/// What becomes of the labels of every tile: (tile, label) to new label.
public struct LabelMap: Sendable, Hashable {
  /// One map per tile, in the tiles' order.
  public let tiles: [TileLabelMap]
  /// The largest new label of all tiles; 0 without any.
  public let largestNewLabel: UInt64

  /// The map made of each tile's own.
  public init(_ tiles: [TileLabelMap]) {
    self.tiles = tiles
    largestNewLabel = tiles.map(\.newLabels.largest).max() ?? 0
  }

  /// The number of labels in the map.
  public var count: Int { tiles.reduce(0) { $0 + $1.labels.count } }

  /// The new label of a tile's label: 0 for background, nil where the map says nothing.
  public subscript(tile: Int, label: UInt64) -> UInt64? {
    tiles.indices.contains(tile) ? tiles[tile][label] : nil
  }

  /// Bytes the map takes in memory.
  public var byteCount: Int {
    tiles.reduce(0) { $0 + $1.labels.byteCount + $1.newLabels.byteCount }
  }

  /// A number of 64 bits that tells one map from another: kept with what was made by it.
  ///
  /// It depends on the map alone, in its order: words are multiplied in, as in FNV-1a, 64 bits at a time.
  public var digest: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) {
      hash = (hash ^ word) &* 0x0000_0100_0000_01B3
      // A multiplication carries upwards only.
      hash ^= hash >> 32
    }
    for tile in tiles {
      add(UInt64(tile.labels.count))
      var place = 0
      tile.labels.forEach { label in
        add(label)
        add(tile.newLabels[place])
        place += 1
      }
    }
    return hash
  }

  /// The smallest unsigned type that holds every new label.
  public var smallestType: VoxelType { Self.smallestType(holding: largestNewLabel) }

  /// The smallest unsigned type that holds `label`.
  static func smallestType(holding label: UInt64) -> VoxelType {
    label <= UInt8.max
      ? .uint8 : label <= UInt16.max ? .uint16 : label <= UInt32.max ? .uint32 : .uint64
  }
}
