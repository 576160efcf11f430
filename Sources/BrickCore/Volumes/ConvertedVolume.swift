/// A volume whose voxels are converted to another type as they are read.
///
/// The rules stand at `VoxelBlock.writeConverted(_:)`.
public struct ConvertedVolume: Volume {
  private let base: any Volume
  public let type: VoxelType

  init(_ base: any Volume, to type: VoxelType) {
    self.base = base
    self.type = type
  }

  public var size: Index3 { base.size }

  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "A volume of \(type) does not fill a block of \(block.type)")
    var scratch = VoxelBlock()
    try Slabs.cut(block.box, bytesPerVoxel: base.type.byteCount) { slab in
      try base.withVoxels(of: slab, scratch: &scratch) { view in block.writeConverted(view) }
    }
  }

  public func scratchBytes(reading size: Index3) -> Int {
    base.bytesLending(Slabs.largest(of: size, bytesPerVoxel: base.type.byteCount))
  }

  public func willRead(_ box: Box3) { base.willRead(box) }
  public func didRead(_ box: Box3) { base.didRead(box) }
}

extension Volume {
  /// The volume with voxels of another type; this volume if it has that type already. Nothing is read.
  ///
  /// Values beyond the type's range become its limits, floats are rounded half up to integers,
  /// ⌊v + ½⌋, and NaN becomes 0 there. Integers become the nearest float.
  public func converted(to type: VoxelType) -> any Volume {
    type == self.type ? self : ConvertedVolume(self, to: type)
  }
}
