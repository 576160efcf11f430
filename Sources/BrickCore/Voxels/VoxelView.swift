/// A borrowed, read-only look at the voxels of a box that may lie apart: rows at fixed distances.
///
/// It is how a mapped file lends its own pages instead of a copy. Rows are in the processor's byte order.
public struct VoxelView: ~Escapable {
  /// Where the voxels lie in their volume.
  public let box: Box3
  /// The type of every voxel.
  public let type: VoxelType
  /// From the first byte of the first row to the last byte of the last one.
  public let bytes: RawSpan
  /// Bytes from one row to the next.
  public let rowStride: Int
  /// Bytes from one plane to the next.
  public let planeStride: Int

  /// - Precondition: `bytes` reaches to the end of the box's last row, and rows are aligned to the type.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, box: Box3, type: VoxelType, rowStride: Int, planeStride: Int) {
    if !box.isEmpty {
      let last = (box.size.z - 1) * planeStride + (box.size.y - 1) * rowStride
      precondition(
        last + box.size.x * type.byteCount <= bytes.byteCount, "The view ends past its bytes")
    }
    self.bytes = bytes
    self.box = box
    self.type = type
    self.rowStride = rowStride
    self.planeStride = planeStride
  }

  /// All voxels of a block.
  @_lifetime(borrow block)
  public init(_ block: borrowing VoxelBlock) {
    let row = block.box.size.x * block.type.byteCount
    self.init(
      block.bytes, box: block.box, type: block.type, rowStride: row,
      planeStride: row * block.box.size.y)
  }

  /// The same voxels under coordinates moved by `offset`.
  @_lifetime(copy self)
  public func translated(by offset: Index3) -> VoxelView {
    VoxelView(
      bytes, box: box.translated(by: offset), type: type, rowStride: rowStride,
      planeStride: planeStride)
  }

  /// The part of this view inside `part`, which lies in the view's box.
  @_lifetime(copy self)
  public func cropped(to part: Box3) -> VoxelView {
    precondition(box.contains(part), "The box \(part) leaves the view of \(box)")
    guard !part.isEmpty else {
      return VoxelView(
        bytes.extracting(0..<0), box: part, type: type, rowStride: rowStride,
        planeStride: planeStride)
    }
    let first =
      (part.origin.z - box.origin.z) * planeStride + (part.origin.y - box.origin.y) * rowStride
      + (part.origin.x - box.origin.x) * type.byteCount
    return VoxelView(
      bytes.extracting(droppingFirst: first), box: part, type: type, rowStride: rowStride,
      planeStride: planeStride)
  }

  /// The bytes of the box's row at these coordinates of the volume.
  @_lifetime(copy self)
  public func rowBytes(z: Int, y: Int) -> RawSpan {
    let start = (z - box.origin.z) * planeStride + (y - box.origin.y) * rowStride
    return bytes.extracting(start..<start + box.size.x * type.byteCount)
  }

  /// The voxels of the box's row at these coordinates of the volume.
  @_lifetime(copy self)
  public func row<V: Voxel>(z: Int, y: Int, as _: V.Type) -> Span<V> {
    precondition(V.voxelType == type, "The view holds \(type), not \(V.voxelType)")
    return Span(_bytes: rowBytes(z: z, y: y))
  }
}
