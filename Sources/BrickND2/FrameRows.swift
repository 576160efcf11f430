internal import BrickCore

/// Copies one component of interleaved pixels; the loops are specialised here, for widths and counts of components.
enum FrameRows {
  /// Copies the voxels of a plane.
  ///
  /// - Parameters:
  ///   - rows: the frame's bytes from the first pixel of row `box.origin.y` on.
  ///   - component: which value of each pixel.
  ///   - box: the voxels wanted, one plane, in coordinates of the block.
  static func copy(
    _ rows: RawSpan, rowBytes: Int, components: Int, component: Int, box: Box3,
    to block: inout VoxelBlock
  ) {
    let type = block.type
    switch type.byteCount {
    case 1: copy(rows, rowBytes, components, component, box, to: &block, as: UInt8.self)
    case 2: copy(rows, rowBytes, components, component, box, to: &block, as: UInt16.self)
    default: copy(rows, rowBytes, components, component, box, to: &block, as: UInt32.self)
    }
  }

  private static func copy<V: Voxel & FixedWidthInteger>(
    _ rows: RawSpan, _ rowBytes: Int, _ components: Int, _ component: Int, _ box: Box3,
    to block: inout VoxelBlock, as _: V.Type
  ) {
    let width = MemoryLayout<V>.size
    let first = box.origin.x * components * width + component * width
    // The last pixel's other components are left out: the bytes may end with it.
    let length = ((box.size.x - 1) * components + 1) * width
    let (own, start) = (block.box, block.rowStart(z: box.origin.z, y: box.origin.y))
    var target = block.mutableBytes
    for y in 0..<box.size.y {
      let row = rows.extracting(y * rowBytes + first..<y * rowBytes + first + length)
      let place = (start + y * own.size.x + box.origin.x - own.origin.x) * width
      var voxels = target._mutatingExtracting(place..<place + box.size.x * width)
      switch components {
      case 2: gather(row, &voxels, every: 2, as: V.self)
      case 3: gather(row, &voxels, every: 3, as: V.self)
      case 4: gather(row, &voxels, every: 4, as: V.self)
      default: gather(row, &voxels, every: components, as: V.self)
      }
    }
  }

  /// With a constant `step` the compiler makes vectors of it.
  @inline(__always)
  private static func gather<V: Voxel & FixedWidthInteger>(
    _ row: RawSpan, _ target: inout MutableRawSpan, every step: Int, as _: V.Type
  ) {
    let width = MemoryLayout<V>.size
    let count = target.byteCount / width
    precondition(row.byteCount >= ((count - 1) * step + 1) * width, "The row holds every voxel")
    for i in 0..<count {
      let voxel = unsafe row.unsafeLoadUnaligned(
        fromUncheckedByteOffset: i * step * width, as: V.self)
      unsafe target.storeBytes(of: voxel, toUncheckedByteOffset: i * width, as: V.self)
    }
  }
}

extension VoxelBlock {
  /// Sets the voxels of a part of the block to zero.
  mutating func clear(_ box: Box3) {
    let width = type.byteCount
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let place = (rowStart(z: z, y: y) + box.origin.x - self.box.origin.x) * width
        var bytes = mutableBytes
        var row = bytes._mutatingExtracting(place..<place + box.size.x * width)
        _ = unsafe row.withUnsafeMutableBytes {
          unsafe $0.initializeMemory(as: UInt8.self, repeating: 0)
        }
      }
    }
  }
}
