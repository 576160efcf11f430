/// A camera's picture of an endless made-up sample, stored nowhere: each voxel follows from its place and the exposure.
///
/// Haze and cell-like spots lie in the sample, so tiles that overlap see the same; noise belongs to the exposure, so they
/// count it differently. Any box reads the same, in any order and on any number of threads, which makes it tiles of any
/// size with a known truth.
package struct CameraVolume: Volume {
  /// Voxels along z, y, x.
  package let size: Index3
  /// Where the first voxel lies in the sample; no component is negative.
  let origin: Index3
  /// Where the draws of the noise start.
  private let key: UInt64

  /// A picture of the part of the sample that begins at `origin`; `exposure` chooses the noise.
  package init(size: Index3, origin: Index3, exposure: Int) {
    precondition(origin.minimum(.zero) == .zero, "The sample begins at zero")
    self.size = size
    self.origin = origin
    key = Randomness.mixed(UInt64(exposure + 1) &* Randomness.step)
  }

  /// Counts of a camera of 16 bits.
  package var type: VoxelType { .uint16 }

  /// Fills the block with the voxels of its box.
  package func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let box = block.box
    var voxels = block.mutableVoxels(as: UInt16.self)
    var haze = [Float](repeating: 0, count: box.size.x)
    var spots = haze
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let first = Index3(z: z, y: y, x: box.origin.x)
        LatticeNoise.fill(
          &haze, from: first + origin, cell: Index3(z: 30, y: 90, x: 90), salt: 0)
        LatticeNoise.fill(
          &spots, from: first + origin, cell: Index3(z: 8, y: 20, x: 20), salt: 1 << 20)
        var state = key &+ UInt64((z * size.y + y) * size.x + box.origin.x) &* Randomness.step
        for x in 0..<box.size.x {
          state &+= Randomness.step
          let spot = max(0, spots[x] - 0.6)
          voxels[place] = CameraModel.count(
            24 + 46 * haze[x] + 3000 * spot * spot,
            noise: Randomness.normal(of: Randomness.mixed(state)))
          place += 1
        }
      }
    }
  }

  /// Two rows of floats.
  package func scratchBytes(reading size: Index3) -> Int { 2 * size.x * 4 }
}
