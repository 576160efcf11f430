/// A volume whose voxels are converted to another type as they are read.
///
/// The rules stand at `VoxelBlock.writeConverted(_:)`.
public struct ConvertedVolume: Volume {
  private let base: any Volume
  /// The type the voxels are converted to.
  public let type: VoxelType

  init(_ base: any Volume, to type: VoxelType) {
    self.base = base
    self.type = type
  }

  /// Voxels along z, y, x: the base's.
  public var size: Index3 { base.size }

  /// Reads a slab of the base at a time, about 8 MiB, and converts it into the block.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "A volume of \(type) does not fill a block of \(block.type)")
    var scratch = VoxelBlock()
    try Slabs.cut(block.box, bytesPerVoxel: base.type.byteCount) { slab in
      try base.withVoxels(of: slab, scratch: &scratch) { view in block.writeConverted(view) }
    }
  }

  /// A slab of the base's voxels, and what reading it takes below.
  public func scratchBytes(reading size: Index3) -> Int {
    base.bytesLending(Slabs.largest(of: size, bytesPerVoxel: base.type.byteCount))
  }

  /// What the base decodes for the same box.
  public func decodedBytes(reading box: Box3) -> Int { base.decodedBytes(reading: box) }
  /// Tells the base that the same box will be read.
  public func willRead(_ box: Box3) { base.willRead(box) }
  /// Tells the base that the same box is not needed for now.
  public func didRead(_ box: Box3) { base.didRead(box) }
}

extension Volume {
  /// The volume with voxels of another type; this volume if it has that type already.
  ///
  /// Nothing is read. Values beyond the type's range become its limits, floats are rounded half up
  /// to integers, ⌊v + ½⌋, and NaN becomes 0 there. Integers become the nearest float.
  public func converted(to type: VoxelType) -> any Volume {
    type == self.type ? self : ConvertedVolume(self, to: type)
  }
}
