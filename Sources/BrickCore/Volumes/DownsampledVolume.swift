/// A volume with fewer voxels: each the mean, the first, or the majority of a block of the volume below.
///
/// Its size is ⌈size / factor⌉; blocks at the end take the voxels that exist. How means are rounded
/// stands at `VoxelBlock.downsampled(by:into:)`, which label wins at `VoxelBlock.majority(by:into:)`. A
/// box is read slab by slab, about 8 MiB of voxels below at a time; the first-voxel method reads only the
/// planes it keeps.
public struct DownsampledVolume: Volume {
  private let base: any Volume
  private let factor: Index3
  private let method: DownsampleMethod
  /// Voxels along z, y, x: the base's divided by the factor, rounded up.
  public let size: Index3

  init(_ base: any Volume, by factor: Index3, method: DownsampleMethod) {
    precondition(
      factor.z > 0 && factor.y > 0 && factor.x > 0, "A factor is at least 1, not \(factor)")
    precondition(method.serves(base.type), "Voxels of \(base.type) have no majority")
    self.base = base
    // A factor beyond the size changes nothing more, and products with it can't overflow once it is cut.
    self.factor = factor.minimum(base.size.maximum(.one))
    self.method = method
    size = base.size.dividedRoundingUp(by: self.factor)
  }

  /// The base's type: a mean is rounded to it.
  public var type: VoxelType { base.type }

  /// Reads the blocks below, slab by slab, and averages or picks from them into the block.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    var scratch = VoxelBlock()
    try Slabs.cut(block.box, bytesPerVoxel: bytesPerVoxel, planes: planes) { slab in
      try base.withVoxels(of: source(of: slab), scratch: &scratch) { view in
        block.writeDownsampled(view, by: factor, method: method)
      }
    }
  }

  /// A slab of the voxels below, what reading it takes there, and the votes of a block.
  public func scratchBytes(reading size: Index3) -> Int {
    let slab = Slabs.largest(of: size, bytesPerVoxel: bytesPerVoxel, planes: planes)
    // A ballot grows, by doubling, to at most one entry per voxel of a block.
    let ballot = method == .majority ? 3 * 16 * factor.volume : 0
    return base.bytesLending(source(of: Box3(size: slab)).size) + ballot
  }

  /// What the base decodes for the blocks below the box.
  public func decodedBytes(reading box: Box3) -> Int { base.decodedBytes(reading: source(of: box)) }
  /// Tells the base that the blocks below the box will be read.
  public func willRead(_ box: Box3) { base.willRead(source(of: box)) }
  /// Tells the base that the blocks below the box are not needed for now.
  public func didRead(_ box: Box3) { base.didRead(source(of: box)) }

  /// The voxels below that a box needs: whole blocks, or from the first voxel kept to the last.
  private func source(of box: Box3) -> Box3 {
    guard !box.isEmpty else { return Box3(size: .zero) }
    let origin = box.origin * factor
    let end = method == .stride ? (box.end - .one) * factor + .one : box.end * factor
    return Box3(from: origin, to: end.minimum(base.size))
  }

  /// Planes of a slab: those between kept ones are not to be read.
  private var planes: Int { method == .stride && factor.z > 1 ? 1 : .max }

  /// Bytes below that one voxel of a slab needs.
  private var bytesPerVoxel: Int {
    (planes == 1 ? 1 : factor.z) * factor.y * factor.x * type.byteCount
  }
}

extension Volume {
  /// The volume at a coarser resolution: one voxel for each block of `factor` voxels.
  ///
  /// Nothing is read. A factor of 1 along every axis gives this volume.
  /// - Precondition: every factor is at least 1, and the method serves the type.
  public func downsampled(by factor: Index3, method: DownsampleMethod) -> any Volume {
    factor == .one ? self : DownsampledVolume(self, by: factor, method: method)
  }
}
