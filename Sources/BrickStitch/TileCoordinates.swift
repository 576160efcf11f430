public import BrickCore

/// Positions in tiles as positions in the stitched volume, and back: `local_to_global` and its inverse.
///
/// In µm a position is moved by the tile's exact offset minus the smallest offset along each axis. In voxels it is moved by
/// the place at which the tile is stitched, which is rounded to whole voxels: the two differ by at most half a voxel.
/// Voxel 0 lies at 0 µm; the voxel of a position is ⌊x + ½⌋. Where tiles are flipped before they are placed, positions in
/// them are those before the flip, as their files have them.
public struct TileCoordinates: Sendable {
  /// A position in µm and in voxels, x, y, z.
  public struct Position: Sendable, Hashable {
    /// µm, exact.
    public var micrometers: Point3
    /// Voxels: of a tile, or of the stitched volume as tiles are placed in it.
    public var voxels: Point3

    /// The same position in both units.
    public init(micrometers: Point3, voxels: Point3) {
      self.micrometers = micrometers
      self.voxels = voxels
    }
  }

  /// The unit in which a position is given.
  public enum Unit: Sendable, Hashable {
    case micrometers
    case voxels
  }

  /// Where tiles are stitched.
  public let placement: TilePlacement
  /// µm between voxels.
  public let voxelSize: VoxelSize
  /// Axes along which every tile is flipped.
  public let flip: AxisSet
  private let offsets: [Point3]
  private let index: BoxIndex

  /// Tiles of `sizes` voxels at `offsets` in voxels, x, y, z.
  ///
  /// - Throws: `BrickworkError` as `TilePlacement` does.
  public init(
    offsets: [Point3], sizes: [Index3], voxelSize: VoxelSize, rounding: OffsetRounding = .nearest,
    flip: AxisSet = []
  ) throws {
    let placement = try TilePlacement(offsets: offsets, sizes: sizes, rounding: rounding)
    self.placement = placement
    self.voxelSize = voxelSize
    self.flip = flip
    self.offsets = offsets.map { $0 - placement.origin }
    index = BoxIndex(placement.boxes)
  }

  /// How many tiles there are.
  public var count: Int { offsets.count }

  /// Where a position of a tile lies in the stitched volume.
  ///
  /// - Precondition: there is such a tile. The position may lie outside it.
  public func global(_ point: Point3, in unit: Unit, ofTile tile: Int) -> Position {
    let local = unit == .voxels ? point : inVoxels(point)
    let placed = flipped(local, tile)
    return Position(
      micrometers: inMicrometers(placed + offsets[tile]), voxels: placed + origin(of: tile))
  }

  /// Where a position of the stitched volume lies in a tile.
  ///
  /// - Precondition: there is such a tile. The position may lie outside it.
  public func local(_ point: Point3, in unit: Unit, ofTile tile: Int) -> Position {
    let placed =
      unit == .voxels ? point - origin(of: tile) : inVoxels(point) - offsets[tile]
    let local = flipped(placed, tile)
    return Position(micrometers: inMicrometers(local), voxels: local)
  }

  /// The tiles that have the voxel of a position of the stitched volume, ascending, without looking at all of them.
  ///
  /// In µm tiles lie at their exact offsets, in voxels where they are stitched.
  public func tiles(at point: Point3, in unit: Unit) -> [Int] {
    let voxels = unit == .voxels ? point : inVoxels(point)
    guard let voxel = Self.voxel(voxels) else { return [] }
    // A tile lies less than a voxel from its exact offset.
    let reach = Index3(repeating: unit == .voxels ? 0 : 2)
    let near = Box3(from: voxel - reach, to: voxel + reach + .one)
    var found: Set<Int> = []
    index.visit(intersecting: near) { tile in
      let size = placement.boxes[tile].size
      let own =
        unit == .voxels ? point - origin(of: tile) : inVoxels(point) - offsets[tile]
      if let place = Self.voxel(own), Box3(size: size).contains(Box3(origin: place, size: .one)) {
        found.insert(tile)
      }
      return true
    }
    return found.sorted()
  }

  private func origin(of tile: Int) -> Point3 {
    let origin = placement.boxes[tile].origin
    return Point3(x: Double(origin.x), y: Double(origin.y), z: Double(origin.z))
  }

  /// A position in voxels of a tile, before or after the flip: it is its own inverse.
  private func flipped(_ point: Point3, _ tile: Int) -> Point3 {
    guard !flip.isEmpty else { return point }
    let size = placement.boxes[tile].size
    return Point3(
      x: flip.contains(.x) ? Double(size.x - 1) - point.x : point.x,
      y: flip.contains(.y) ? Double(size.y - 1) - point.y : point.y,
      z: flip.contains(.z) ? Double(size.z - 1) - point.z : point.z)
  }

  private func inVoxels(_ point: Point3) -> Point3 {
    Point3(x: point.x / voxelSize.x, y: point.y / voxelSize.y, z: point.z / voxelSize.z)
  }

  private func inMicrometers(_ point: Point3) -> Point3 {
    Point3(x: point.x * voxelSize.x, y: point.y * voxelSize.y, z: point.z * voxelSize.z)
  }

  /// The voxel of a position; nil for one that no volume can have.
  private static func voxel(_ point: Point3) -> Index3? {
    func place(_ value: Double) -> Int? {
      let place = (value + 0.5).rounded(.down)
      return abs(place) <= Double(2 * TilePlacement.longestAxis) ? Int(place) : nil
    }
    guard let z = place(point.z), let y = place(point.y), let x = place(point.x) else { return nil }
    return Index3(z: z, y: y, x: x)
  }
}
