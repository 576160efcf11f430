public import BrickCore

/// What a voxel becomes that several tiles cover.
///
/// One that no tile covers is 0 with every method.
public enum Fusion: Sendable, Hashable {
  /// A later tile's non-zero voxels replace what is there; zeros are transparent.
  case overwrite
  /// The mean of all tiles that cover the voxel: for integers rounded to nearest, halves up.
  case average
  /// The mean weighted by the distance to each tile's border, within `BlendWidth` of it.
  ///
  /// For integers rounded to nearest, halves to even. Sums are single precision for 8- and 16-bit voxels and
  /// double precision for the others, in the order of the tiles.
  case linear(BlendWidth)
  /// The largest value; for floats NaN wins.
  case maximum
  /// The smallest value; for floats NaN wins.
  case minimum

  /// Whether the voxels of all tiles are added up before one comes out.
  var addsUp: Bool {
    switch self {
    case .average, .linear: true
    case .overwrite, .maximum, .minimum: false
    }
  }

  /// The names the command uses.
  public static let names = ["overwrite", "average", "linear", "max", "min"]

  /// The name the command uses for this method.
  public var name: String {
    switch self {
    case .overwrite: "overwrite"
    case .average: "average"
    case .linear: "linear"
    case .maximum: "max"
    case .minimum: "min"
    }
  }
}

/// Over how many voxels from its border a tile fades, along each axis.
///
/// A voxel at place i of n has the weight min(1, (min(i, n − 1 − i) + 1) / (width + 1)) along that axis;
/// the tile's weight is the product over the axes. A width of 0 means no fading along it.
public struct BlendWidth: Sendable, Hashable {
  /// Voxels along the slowest axis.
  public let z: Double
  /// Voxels along the axis of rows.
  public let y: Double
  /// Voxels along the fastest axis.
  public let x: Double

  /// The largest width: with more, the product of three weights could vanish in single precision.
  public static let largest = 1e9

  /// Widths in voxels.
  ///
  /// What is negative, NaN or infinite counts as 0, which fades nothing, and more than `largest` as that.
  public init(z: Double, y: Double, x: Double) {
    func sane(_ width: Double) -> Double {
      width.isFinite && width > 0 ? min(width, Self.largest) : 0
    }
    self.z = sane(z)
    self.y = sane(y)
    self.x = sane(x)
  }

  /// The weights of a tile of `size` voxels along one axis of this `width`.
  static func weights(size: Int, width: Double) -> [Double] {
    (0..<size).map { i in
      width <= 0 ? 1 : min(1, Double(min(i, size - 1 - i) + 1) / (width + 1))
    }
  }

  /// The usual width for a layout: the median overlap of neighbouring tiles along each axis, so that one tile
  /// fades in where the other fades out, and no fading along an axis without overlap.
  public static func automatic(for boxes: [Box3]) -> BlendWidth {
    let index = BoxIndex(boxes)
    var widths: [[Int]] = [[], [], []]
    for i in boxes.indices {
      for j in index.indices(intersecting: boxes[i]) where j > i {
        let shared = boxes[i].intersection(boxes[j]).size
        // Neighbours along an axis share a slab that is thin along it compared with the tile.
        for axis in 0..<3
        where shared[axis] * 2 < min(boxes[i].size[axis], boxes[j].size[axis]) {
          widths[axis].append(shared[axis])
        }
      }
    }
    func typical(_ axis: Int) -> Double {
      let sorted = widths[axis].sorted()
      return sorted.isEmpty ? 0 : Double(sorted[sorted.count / 2])
    }
    return BlendWidth(z: typical(0), y: typical(1), x: typical(2))
  }
}
