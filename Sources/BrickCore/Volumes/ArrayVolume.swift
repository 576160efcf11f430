/// A volume held in memory: for small data and for tests.
public struct ArrayVolume: Volume {
  /// The type of the voxels given.
  public let type: VoxelType
  /// Voxels along z, y, x as given.
  public let size: Index3
  private let bytes: [UInt8]

  /// A volume of the voxels `values`, x fastest.
  public init<V: Voxel>(_ values: [V], size: Index3) {
    precondition(values.count == size.volume, "\(values.count) voxels do not fill \(size)")
    self.size = size
    type = V.voxelType
    bytes = unsafe values.withUnsafeBytes { unsafe Array($0) }
  }

  /// A volume of voxels given as bytes in the processor's order, x fastest.
  public init(bytes: [UInt8], type: VoxelType, size: Index3) {
    precondition(
      bytes.count == size.volume * type.byteCount, "\(bytes.count) bytes do not fill \(size)")
    self.size = size
    self.type = type
    self.bytes = bytes
  }

  /// Copies the voxels of the block's box out of the array; never throws.
  public func read(into block: inout VoxelBlock) throws {
    try withVoxels(of: block.box) { view in block.copy(from: view) }
  }

  /// Lends the array's own voxels; `scratch` stays as it is.
  public func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws { try withVoxels(of: box, body) }

  private func withVoxels(of box: Box3, _ body: (borrowing VoxelView) throws -> Void) throws {
    checkBounds(box)
    let row = size.x * type.byteCount
    let plane = row * size.y
    let first =
      box.isEmpty ? 0 : box.origin.z * plane + box.origin.y * row + box.origin.x * type.byteCount
    let voxels = unsafe bytes.span.bytes
    try body(
      VoxelView(
        voxels.extracting(droppingFirst: first), box: box, type: type, rowStride: row,
        planeStride: plane))
  }

  /// Nothing: voxels are lent or copied straight from the array.
  public func scratchBytes(reading size: Index3) -> Int { 0 }
}
