/// A volume whose voxels outside a mask are 0.
///
/// The mask is looked at first: of a box that lies outside as a whole the volume reads nothing, and one that lies
/// inside as a whole is read or lent as if there were no mask.
public struct MaskedVolume: Volume {
  private let base: any Volume
  private let mask: any Volume
  private let scale: MaskScale

  init(_ base: any Volume, mask: any Volume, scale: MaskScale) {
    self.base = base
    self.mask = mask
    self.scale = scale
  }

  /// The base's type.
  public var type: VoxelType { base.type }
  /// Voxels along z, y, x: the base's.
  public var size: Index3 { base.size }

  /// Reads the mask over the block, and the base where anything of it is inside.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    let flags = try flags(over: block.box)
    guard !flags.isEmpty else { return block.clear() }
    try base.read(into: &block)
    if !flags.isFull { flags.apply(scale, to: &block) }
  }

  /// Lends what lies inside as a whole as the base does; anything else from `scratch`.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    checkBounds(box)
    guard !box.isEmpty else { return try base.withVoxels(of: box, scratch: &scratch, body) }
    let flags = try flags(over: box)
    if flags.isFull { return try base.withVoxels(of: box, scratch: &scratch, body) }
    scratch.reshape(to: box, type: type)
    if flags.isEmpty {
      scratch.clear()
    } else {
      try base.read(into: &scratch)
      flags.apply(scale, to: &scratch)
    }
    try body(VoxelView(scratch))
  }

  /// The mask's flags over a box, read slab by slab.
  private func flags(over box: Box3) throws -> MaskFlags {
    var flags = MaskFlags(scale.box(over: box))
    var scratch = VoxelBlock()
    let covered = flags.box.intersection(mask.bounds)
    try Slabs.cut(covered, bytesPerVoxel: mask.type.byteCount) { slab in
      try mask.withVoxels(of: slab, scratch: &scratch) { flags.add($0) }
    }
    return flags
  }

  /// What the base takes, a byte for each of the mask's voxels, and a slab of the mask.
  public func scratchBytes(reading size: Index3) -> Int {
    guard size.volume > 0 else { return 0 }
    var over = Index3.zero
    for axis in 0..<3 {
      // One more at each end, for a box that begins inside a voxel of the mask.
      over[axis] = (size[axis] * scale.mask[axis] + scale.volume[axis] - 1) / scale.volume[axis] + 1
    }
    let covered = over.minimum(mask.size)
    let slab = Slabs.largest(of: covered, bytesPerVoxel: mask.type.byteCount)
    return base.scratchBytes(reading: size) + over.volume + size.x * 8 + mask.bytesLending(slab)
  }

  /// What base and mask decode for the box.
  public func decodedBytes(reading box: Box3) -> Int {
    guard !box.isEmpty else { return 0 }
    let over = scale.box(over: box).intersection(mask.bounds)
    return base.decodedBytes(reading: box) + mask.decodedBytes(reading: over)
  }

  /// Looks at the mask, and tells the base only where something is inside.
  public func willRead(_ box: Box3) {
    let box = box.intersection(bounds)
    guard !box.isEmpty else { return }
    let over = scale.box(over: box).intersection(mask.bounds)
    mask.willRead(over)
    // Only advice: an error shows again, and is thrown, when the box is read.
    if (try? hasInside(over)) ?? false { base.willRead(box) }
  }

  /// Whether any of the mask's voxels is inside, plane by plane until one is.
  private func hasInside(_ box: Box3) throws -> Bool {
    var scratch = VoxelBlock()
    for z in box.origin.z..<box.end.z {
      let plane = Box3(
        origin: Index3(z: z, y: box.origin.y, x: box.origin.x),
        size: Index3(z: 1, y: box.size.y, x: box.size.x))
      var flags = MaskFlags(plane)
      try mask.withVoxels(of: plane, scratch: &scratch) { flags.add($0) }
      if !flags.isEmpty { return true }
    }
    return false
  }

  /// Tells base and mask that the box is not needed for now.
  public func didRead(_ box: Box3) {
    let box = box.intersection(bounds)
    guard !box.isEmpty else { return }
    base.didRead(box)
    mask.didRead(scale.box(over: box).intersection(mask.bounds))
  }
}

extension Volume {
  /// The volume with 0 wherever `mask` is 0, or has no voxel: `apply_mask`.
  ///
  /// Nothing is read. The mask may be of any type, any value but 0 is inside, NaN too; it may be coarser or finer than
  /// the volume, and the voxel of it counts in which a voxel's centre lies.
  /// - Parameter scale: how both lie over each other; nil takes it from their sizes.
  public func masked(by mask: any Volume, scale: MaskScale? = nil) -> any Volume {
    MaskedVolume(
      self, mask: mask, scale: scale ?? MaskScale(maskSize: mask.size, volumeSize: size))
  }
}
