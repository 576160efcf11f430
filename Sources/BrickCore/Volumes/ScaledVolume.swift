/// A volume of uint8 that shows a range of another's intensities as 0…255.
///
/// The formula stands at `IntensityScale`.
public struct ScaledVolume: Volume {
  private let base: any Volume
  private let scale: IntensityScale
  private let table: [UInt8]

  init(_ base: any Volume, _ scale: IntensityScale) {
    self.base = base
    self.scale = scale
    table = scale.table(of: base.type)
  }

  /// `uint8`, whatever the base holds.
  public var type: VoxelType { .uint8 }
  /// Voxels along z, y, x: the base's.
  public var size: Index3 { base.size }

  /// Reads a slab of the base at a time, about 8 MiB, and scales it into the block.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == .uint8, "A volume of uint8 does not fill a block of \(block.type)")
    var scratch = VoxelBlock()
    try Slabs.cut(block.box, bytesPerVoxel: base.type.byteCount) { slab in
      try base.withVoxels(of: slab, scratch: &scratch) { view in
        block.writeScaled(view, scale, table: table)
      }
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
  /// The volume as uint8: clamp((v − low) · 255 / (high − low), 0, 255), truncated.
  ///
  /// Nothing is read.
  /// - Parameter everyVoxelIsEqual: says that `low` = `high` is no mistake: the volume is 0 throughout.
  /// - Throws: `BrickworkError` with code `.badRequest` unless low < high, or both are equal and meant to be.
  public func scaledToUInt8(
    low: Double, high: Double, everyVoxelIsEqual: Bool = false
  ) throws -> any Volume {
    ScaledVolume(
      self, try IntensityScale(low: low, high: high, everyVoxelIsEqual: everyVoxelIsEqual))
  }
}
