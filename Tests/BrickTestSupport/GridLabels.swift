public import BrickCore

/// Labels of small cubes on a regular grid, made as they are read: millions of objects that take no memory.
///
/// A cube of `cell` voxels along each axis holds one label, counted from 1 in z, y, x order over the whole world, times
/// `factor`; its last voxel along x is background. Tiles are windows into the world.
public struct GridLabels: Volume {
  /// Always uint64.
  public var type: VoxelType { .uint64 }
  /// Voxels of the window.
  public let size: Index3
  private let origin: Index3
  private let cell: Int
  private let cells: Index3
  private let factor: UInt64

  /// The window of `size` voxels at `origin` of a world of `world` voxels.
  public init(world: Index3, origin: Index3, size: Index3, cell: Int, factor: UInt64 = 1) {
    self.size = size
    self.origin = origin
    self.cell = cell
    self.factor = factor
    cells = world.dividedRoundingUp(by: Index3(repeating: cell))
  }

  /// Computes the voxels of the block's box.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let box = block.box
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = ((z + origin.z) / cell * cells.y + (y + origin.y) / cell) * cells.x
        let start = block.rowStart(z: z, y: y)
        var voxels = block.mutableVoxels(as: UInt64.self)
        for x in 0..<box.size.x {
          let (place, rest) = (x + box.origin.x + origin.x).quotientAndRemainder(dividingBy: cell)
          voxels[start + x] = rest == cell - 1 ? 0 : UInt64(row + place + 1) &* factor
        }
      }
    }
  }

  /// Nothing: voxels are computed into the block.
  public func scratchBytes(reading size: Index3) -> Int { 0 }
}
