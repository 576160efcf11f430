/// A volume of voxels that exists only as far as somebody reads it.
///
/// The laws every conforming type keeps (`VolumeLaws` in the tests checks them):
/// - reading a box gives the same voxels as cutting it out of a read of the whole;
/// - two reads agree, also at the same time on several threads;
/// - reading touches no more of the source than the box needs;
/// - a box that leaves `bounds` is a programming error and traps; a file that can't be read throws.
///
/// Reading is synchronous: only the engine decides what runs at once.
public protocol Volume: Sendable {
  /// The type of every voxel.
  var type: VoxelType { get }
  /// Voxels along z, y, x.
  var size: Index3 { get }

  /// Fills every voxel of `block`, whose box lies within the volume and whose type is the volume's.
  ///
  /// - Throws: `BrickworkError` that names the file and the place, if the source can't be read.
  func read(into block: inout VoxelBlock) throws

  /// Lends the voxels of `box` to `body`: from the source itself where it is mapped and laid out as
  /// rows, otherwise from `scratch`, which is reshaped.
  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void) throws

  /// The bytes that reading a box of this size takes at most beyond the caller's block: scratch of this
  /// volume and of those below it, not their shared caches.
  func scratchBytes(reading size: Index3) -> Int

  /// The bytes of compressed pieces (strips, tiles) that reading `box` decodes; 0 where voxels lie as they are.
  ///
  /// A cache that holds this much for a row of blocks saves decoding its pieces again for each block.
  func decodedBytes(reading box: Box3) -> Int

  /// Tells the source that `box` will be read soon. Costs nothing where it has no use for it.
  func willRead(_ box: Box3)
  /// Tells the source that `box` is not needed for now.
  func didRead(_ box: Box3)
}

extension Volume {
  /// All voxels, from the zero position.
  public var bounds: Box3 { Box3(size: size) }

  /// Lends the voxels from `scratch`, into which they are read: for volumes that hold none themselves.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    scratch.reshape(to: box, type: type)
    try read(into: &scratch)
    try body(VoxelView(scratch))
  }

  /// Nothing is decoded, unless the volume says otherwise.
  public func decodedBytes(reading box: Box3) -> Int { 0 }

  /// Does nothing: for volumes without a file to read ahead.
  public func willRead(_ box: Box3) {}
  /// Does nothing: for volumes without pages to give back.
  public func didRead(_ box: Box3) {}

  /// A new block with the voxels of `box`.
  public func block(of box: Box3) throws -> VoxelBlock {
    var block = VoxelBlock(box, type: type)
    try read(into: &block)
    return block
  }

  /// Traps unless `box` lies in the volume: a file never chooses the box.
  public func checkBounds(_ box: Box3) {
    precondition(bounds.contains(box), "The box \(box) leaves the volume of size \(size)")
  }
}
