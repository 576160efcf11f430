internal import BrickCore

/// Reverses the bytes of every voxel, in place: one loop per width.
func swapBytes(_ block: inout VoxelBlock) {
  let type = block.type
  switch type.byteCount {
  case 2:
    block.reinterpret(as: .uint16)
    swapBytes(&block, as: UInt16.self)
  case 4:
    block.reinterpret(as: .uint32)
    swapBytes(&block, as: UInt32.self)
  case 8:
    block.reinterpret(as: .uint64)
    swapBytes(&block, as: UInt64.self)
  default: return
  }
  block.reinterpret(as: type)
}

private func swapBytes<V: Voxel & FixedWidthInteger>(_ block: inout VoxelBlock, as _: V.Type) {
  var voxels = block.mutableVoxels(as: V.self)
  for index in voxels.indices { voxels[index] = voxels[index].byteSwapped }
}
