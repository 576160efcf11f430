/// Smooth noise between 0 and 1: random numbers on a lattice, interpolated between its points.
package enum LatticeNoise {
  /// The random number at a point of the lattice.
  package static func node(x: Int, y: Int, z: Int) -> Float {
    let key =
      UInt64(bitPattern: Int64(x)) &* 0x8DA6_B343
      ^ UInt64(bitPattern: Int64(y)) &* 0xD816_3841
      ^ UInt64(bitPattern: Int64(z)) &* 0xCB1A_B31F
    return Float(Randomness.mixed(key) >> 40) * (1 / 16_777_216)
  }

  /// Goes from 0 to 1 as t does, flat at both ends.
  package static func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

  /// The noise along a row of voxels, with the lattice's points `cell` voxels apart.
  ///
  /// - Parameters:
  ///   - start: the row's first voxel; no component is negative.
  ///   - row: takes the noise, one number for each voxel.
  ///   - salt: makes another lattice of the same spacing, as far away along z.
  static func fill(_ row: inout [Float], from start: Index3, cell: Index3, salt: Int) {
    let (z, y) = (start.z / cell.z + salt, start.y / cell.y)
    let fz = smooth(Float(start.z % cell.z) / Float(cell.z))
    let fy = smooth(Float(start.y % cell.y) / Float(cell.y))
    func column(_ x: Int) -> Float {
      func alongY(_ z: Int) -> Float {
        let first = node(x: x, y: y, z: z)
        return first + (node(x: x, y: y + 1, z: z) - first) * fy
      }
      let first = alongY(z)
      return first + (alongY(z + 1) - first) * fz
    }
    var place = 0
    var x = start.x / cell.x
    var left = column(x)
    var inCell = start.x % cell.x
    while place < row.count {
      let right = column(x + 1)
      for step in inCell..<min(cell.x, inCell + row.count - place) {
        row[place] = left + (right - left) * smooth(Float(step) / Float(cell.x))
        place += 1
      }
      (left, inCell) = (right, 0)
      x += 1
    }
  }
}
