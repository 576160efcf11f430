public import BrickCore

/// A small random segmentation in tiles, with plain answers to what is asked of it.
public struct RandomLabels: Sendable {
  /// A tile with its voxels as 64-bit numbers, x fastest.
  public struct Tile: Sendable {
    /// The labels as voxels.
    public var volume: ArrayVolume
    /// The same as numbers.
    public var values: [UInt64]
    /// Where the tile lies.
    public var box: Box3

    /// Labels at `origin` of the stitched volume, as voxels of `type`.
    public init(_ values: [UInt64], type: VoxelType, origin: Index3, size: Index3) {
      volume = RandomLabels.volume(values, type, size)
      self.values = values
      box = Box3(origin: origin, size: size)
    }
  }

  /// One to six tiles.
  public var tiles: [Tile] = []

  /// Tiles of `type` (each its own where nil): scattered, in a chain, or meeting at a corner.
  ///
  /// Objects are boxes that every tile sees where they are or a voxel beside, under a label of its own that is often a
  /// limit of some type; some tiles are noise.
  public init(type: VoxelType?, using random: inout some RandomNumberGenerator) {
    let shape = Int.random(in: 0..<3, using: &random)
    let count =
      shape == 0 ? Int.random(in: 1...6, using: &random) : Int.random(in: 3...4, using: &random)
    let world = Box3(size: Index3(z: 10, y: 22, x: 28))
    let objects = (0..<Int.random(in: 0...8, using: &random)).map { _ in
      Box3(
        origin: .random(in: 0...18, using: &random), size: .random(in: 1...9, using: &random)
      ).intersection(world)
    }
    for number in 0..<count {
      let origin: Index3
      var size = Index3.random(in: 1...9, using: &random)
      switch shape {
      case 0: origin = .random(in: -3...8, using: &random)
      case 1:
        origin = Index3(z: 0, y: 0, x: number * 6)
        size.x = 9
      default:
        // Two by two with a common corner.
        origin = Index3(
          z: .random(in: 0...1, using: &random), y: number / 2 * 5, x: number % 2 * 5)
        size = Index3(z: 4, y: 8, x: 8)
      }
      tiles.append(
        Self.tile(
          Box3(origin: origin, size: size),
          type ?? Self.labelTypes.randomElement(using: &random) ?? .uint16, objects, &random))
    }
  }

  /// The eight integer types.
  public static let labelTypes = VoxelType.allCases.filter { !$0.isFloat }

  private static func tile(
    _ box: Box3, _ type: VoxelType, _ objects: [Box3], _ random: inout some RandomNumberGenerator
  ) -> Tile {
    let bits = type.byteCount * 8 - (type.isSigned ? 1 : 0)
    let largest = bits == 64 ? UInt64.max : 1 << UInt64(bits) - 1
    let limits: [UInt64] = [
      1, 2, 3, 4, 5, 6, 127, 254, 255, 256, 32767, 65534, 65535, 65536, (1 << 23) - 1, 1 << 23,
      (1 << 31) - 1, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, .max,
    ].filter { $0 <= largest }
    let isNoise = Int.random(in: 0..<8, using: &random) == 0
    var values = [UInt64](repeating: 0, count: box.count)
    if isNoise {
      for place in values.indices {
        values[place] = Bool.random(using: &random) ? 0 : limits.randomElement(using: &random) ?? 1
      }
    }
    for object in objects {
      let label = limits.randomElement(using: &random) ?? 1
      let seen = object.translated(by: .random(in: -1...1, using: &random)).intersection(box)
      if Int.random(in: 0..<8, using: &random) == 0 { continue }
      seen.forEachPosition { position in
        let p = position - box.origin
        values[(p.z * box.size.y + p.y) * box.size.x + p.x] = label
      }
    }
    return Tile(values, type: type, origin: box.origin, size: box.size)
  }

  /// A volume of labels given as 64-bit numbers.
  public static func volume(_ values: [UInt64], _ type: VoxelType, _ size: Index3) -> ArrayVolume {
    func make<V: Voxel & FixedWidthInteger>(_: V.Type) -> ArrayVolume {
      ArrayVolume(values.map { V(truncatingIfNeeded: $0) }, size: size)
    }
    return switch type {
    case .uint8: make(UInt8.self)
    case .int8: make(Int8.self)
    case .uint16: make(UInt16.self)
    case .int16: make(Int16.self)
    case .uint32: make(UInt32.self)
    case .int32: make(Int32.self)
    case .int64: make(Int64.self)
    default: make(UInt64.self)
    }
  }

  /// The label at a position of the stitched volume.
  public func label(_ tile: Int, at position: Index3) -> UInt64 {
    let box = tiles[tile].box
    let p = position - box.origin
    return tiles[tile].values[(p.z * box.size.y + p.y) * box.size.x + p.x]
  }

  /// The labels of each tile, ascending, without background.
  public var labels: [[UInt64]] { tiles.map { Set($0.values).subtracting([0]).sorted() } }

  /// A row of shared voxels.
  public struct Row: Hashable, Sendable, Comparable {
    /// The first tile.
    public var tile1: Int
    /// Its label.
    public var label1: UInt64
    /// The second tile.
    public var tile2: Int
    /// Its label.
    public var label2: UInt64

    /// A row of these.
    public init(_ tile1: Int, _ label1: UInt64, _ tile2: Int, _ label2: UInt64) {
      (self.tile1, self.label1, self.tile2, self.label2) = (tile1, label1, tile2, label2)
    }

    /// By tiles, then by labels.
    public static func < (a: Row, b: Row) -> Bool {
      (a.tile1, a.tile2, a.label1, a.label2) < (b.tile1, b.tile2, b.label1, b.label2)
    }
  }

  /// Voxels that two tiles share by their labels, background included: a dictionary of voxels.
  public var sharedVoxels: [Row: Int] {
    var counts: [Row: Int] = [:]
    for i in tiles.indices {
      for j in tiles.indices where j > i {
        tiles[i].box.intersection(tiles[j].box).forEachPosition {
          counts[Row(i, label(i, at: $0), j, label(j, at: $0)), default: 0] += 1
        }
      }
    }
    return counts
  }

  /// The new label of each (tile, label): matched greedily, the union flooded, groups numbered by their first.
  public func newLabels(minimumVoxels: Int, minimumFraction: Double) -> [[UInt64: UInt64]] {
    struct Node: Hashable {
      var tile: Int
      var label: UInt64
    }
    let shared = sharedVoxels
    var neighbours: [Node: [Node]] = [:]
    for i in tiles.indices {
      for j in tiles.indices where j > i {
        let rows = shared.filter { $0.key.tile1 == i && $0.key.tile2 == j }
        func voxels(_ tile: Int, _ label: UInt64) -> Int {
          rows.reduce(0) {
            $0 + ((tile == i ? $1.key.label1 : $1.key.label2) == label ? $1.value : 0)
          }
        }
        var left = rows.filter {
          $0.key.label1 != 0 && $0.key.label2 != 0 && $0.value >= minimumVoxels
            && Double($0.value) >= minimumFraction
              * Double(min(voxels(i, $0.key.label1), voxels(j, $0.key.label2)))
        }
        while let best = left.min(by: { (-$0.value, $0.key) < (-$1.value, $1.key) })?.key {
          let (a, b) = (Node(tile: i, label: best.label1), Node(tile: j, label: best.label2))
          neighbours[a, default: []].append(b)
          neighbours[b, default: []].append(a)
          left = left.filter { $0.key.label1 != best.label1 && $0.key.label2 != best.label2 }
        }
      }
    }
    var result = [[UInt64: UInt64]](repeating: [:], count: tiles.count)
    var next: UInt64 = 0
    for (tile, labels) in labels.enumerated() {
      for label in labels where result[tile][label] == nil {
        next += 1
        var open = [Node(tile: tile, label: label)]
        while let node = open.popLast() {
          if result[node.tile][node.label] != nil { continue }
          result[node.tile][node.label] = next
          open += neighbours[node] ?? []
        }
      }
    }
    return result
  }
}
