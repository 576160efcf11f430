/// A part of a volume, or the volume mirrored, or both: voxels move, their values stay.
///
/// Reading a box reads the same number of voxels below. A crop lends the source's own voxels; a flip
/// turns the voxels round in the reader's block, so neither takes memory.
public struct TransformedVolume: Volume {
  private let base: any Volume
  private let map: AxisMap

  init(_ base: any Volume, _ map: AxisMap) {
    self.base = base
    self.map = map
  }

  /// The base's type.
  public var type: VoxelType { base.type }
  /// Voxels along z, y, x of the part that is shown.
  public var size: Index3 { map.size }

  /// Reads the base straight into the block and mirrors the voxels there.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let origin = block.box.origin
    block.move(to: map.source(of: block.box).origin)
    try base.read(into: &block)
    block.move(to: origin)
    block.flip(map.isFlipped)
  }

  /// Lends a crop's voxels as the base does; a flip's from `scratch`.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    guard map.isFlipped.isEmpty else {
      scratch.reshape(to: box, type: type)
      try read(into: &scratch)
      return try body(VoxelView(scratch))
    }
    checkBounds(box)
    try base.withVoxels(of: map.source(of: box), scratch: &scratch) { view in
      try body(view.translated(by: box.origin - view.box.origin))
    }
  }

  /// What the base takes: mirroring is done in place.
  public func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }
  /// What the base decodes for the box it comes from.
  public func decodedBytes(reading box: Box3) -> Int {
    base.decodedBytes(reading: map.source(of: box))
  }
  /// Tells the base that the box it comes from will be read.
  public func willRead(_ box: Box3) { base.willRead(map.source(of: box)) }
  /// Tells the base that the box it comes from is not needed for now.
  public func didRead(_ box: Box3) { base.didRead(map.source(of: box)) }

  fileprivate func mapped(_ change: (AxisMap) -> AxisMap) -> any Volume {
    let changed = change(map)
    return changed.isIdentity(of: base.size) ? base : TransformedVolume(base, changed)
  }
}

extension Volume {
  /// The voxels of `box`, which is at the zero position of the new volume.
  ///
  /// Nothing is read.
  /// - Precondition: `box` lies in the volume.
  public func cropped(to box: Box3) -> any Volume {
    checkBounds(box)
    return transformed { $0.cropped(to: box) }
  }

  /// The volume mirrored along the axes that are true.
  ///
  /// Nothing is read.
  public func flipped(z: Bool, y: Bool, x: Bool) -> any Volume {
    transformed { $0.flipped(AxisSet(z: z, y: y, x: x)) }
  }

  private func transformed(_ change: (AxisMap) -> AxisMap) -> any Volume {
    // A transformed volume takes the change into its own map: there is never more than one of them.
    let view = self as? TransformedVolume ?? TransformedVolume(self, AxisMap(size: size))
    return view.mapped(change)
  }
}
