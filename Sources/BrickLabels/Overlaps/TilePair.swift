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
  /// The first and the last plane of each axis, where the other tile goes on beyond it; elsewhere `nowhere`.
  private let z: (low: Int, high: Int)
  private let y: (low: Int, high: Int)
  private let x: (low: Int, high: Int)
  private static let nowhere = Int.min

  /// The seams of `box` inside `other`, in the coordinates of both.
  init(of box: Box3, with other: Box3) {
    func planes(_ axis: Int) -> (Int, Int) {
      (
        other.origin[axis] < box.origin[axis] ? box.origin[axis] : Self.nowhere,
        other.end[axis] > box.end[axis] ? box.end[axis] - 1 : Self.nowhere
      )
    }
    z = planes(0)
    y = planes(1)
    x = planes(2)
  }

  /// Whether the whole row lies in a seam.
  @inline(__always)
  func containsRow(z: Int, y: Int) -> Bool {
    z == self.z.low || z == self.z.high || y == self.y.low || y == self.y.high
  }

  /// Calls `body` with each place of `range` along x that lies in a seam, whatever the row.
  @inline(__always)
  func forEachColumn(in range: Range<Int>, _ body: (Int) -> Void) {
    if range.contains(x.low) { body(x.low) }
    if range.contains(x.high) { body(x.high) }
  }
}
