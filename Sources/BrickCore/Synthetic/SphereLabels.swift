/// Labels as a segmentation of nuclei has them, stored nowhere: a sphere in each cell of a lattice, most cells filled.
package struct SphereLabels: Volume {
  /// Voxels along z, y, x.
  package let size: Index3
  private static let cell = 20

  /// Labels of a volume of `size` voxels.
  package init(size: Index3) { self.size = size }

  /// The type that label volumes have where there are many.
  package var type: VoxelType { .uint32 }

  /// Fills the block with the labels of its box.
  package func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let box = block.box
    var voxels = block.mutableVoxels(as: UInt32.self)
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        for x in box.origin.x..<box.end.x {
          voxels[place] = Self.label(z: z, y: y, x: x)
          place += 1
        }
      }
    }
  }

  private static func label(z: Int, y: Int, x: Int) -> UInt32 {
    let (cz, cy, cx) = (z / cell, y / cell, x / cell)
    let draw = Randomness.mixed(UInt64(cz << 40 | cy << 20 | cx) &* Randomness.step)
    // No sphere at all in a quarter of the cells, and radii from 6 to 9 voxels in the others.
    let radius = draw & 3 == 0 ? 0 : 6 + Int(draw >> 8 & 3)
    let (dz, dy, dx) = (z % cell - cell / 2, y % cell - cell / 2, x % cell - cell / 2)
    return dz * dz + dy * dy + dx * dx < radius * radius
      ? UInt32(truncatingIfNeeded: (cz << 20 | cy << 10 | cx) + 1) : 0
  }

  /// Nothing: labels are written into the block itself.
  package func scratchBytes(reading size: Index3) -> Int { 0 }
}
