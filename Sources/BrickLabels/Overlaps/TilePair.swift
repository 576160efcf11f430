public import BrickCore
internal import BrickStitch

/// Two tiles that share voxels.
public struct TilePair: Sendable, Hashable {
  /// The place of the first tile among the tiles.
  public let first: Int
  /// The place of the second one, always larger.
  public let second: Int
  /// The voxels they share, in the stitched volume.
  public let box: Box3

  /// Two tiles and the box they share.
  public init(_ first: Int, _ second: Int, box: Box3) {
    self.first = first
    self.second = second
    self.box = box
  }

  /// All pairs i < j of tiles whose boxes share at least one voxel, sorted; linear in the tiles and pairs.
  public static func pairs(of boxes: [Box3]) -> [TilePair] {
    BoxIndex(boxes).intersectingPairs().map { first, second in
      TilePair(first, second, box: boxes[first].intersection(boxes[second]))
    }
  }
}

/// The faces of a tile at which another one goes on: what is cut off there should be seen whole by the other.
///
/// A face at which both tiles end is no seam: it is the border of what was imaged.
struct SeamFaces {
  /// The plane of each axis z, y, x at which the tile begins while the other goes on; nil where it doesn't.
  private var low = (z: Int?.none, y: Int?.none, x: Int?.none)
  /// The last plane of the tile where the other goes on beyond it.
  private var high = (z: Int?.none, y: Int?.none, x: Int?.none)

  /// The seams of `box` inside `other`, in the coordinates of both.
  init(of box: Box3, with other: Box3) {
    func low(_ axis: Int) -> Int? {
      other.origin[axis] < box.origin[axis] ? box.origin[axis] : nil
    }
    func high(_ axis: Int) -> Int? { other.end[axis] > box.end[axis] ? box.end[axis] - 1 : nil }
    self.low = (low(0), low(1), low(2))
    self.high = (high(0), high(1), high(2))
  }

  /// Whether the whole row lies in a seam.
  func containsRow(z: Int, y: Int) -> Bool {
    z == low.z || z == high.z || y == low.y || y == high.y
  }

  /// The places along x that lie in a seam, whatever the row.
  var columns: [Int] { [low.x, high.x].compactMap { $0 } }
}
