extension VoxelBlock {
  /// The voxels of a part of a row, to write; `x` counts in the volume like `z` and `y`.
  @_lifetime(&self)
  @inline(__always)
  mutating func mutableRow<V: Voxel>(z: Int, y: Int, x: Range<Int>, as _: V.Type) -> MutableSpan<V> {
    let start = rowStart(z: z, y: y) - box.origin.x
    return mutableVoxels(as: V.self)._consumingExtracting(
      start + x.lowerBound..<start + x.upperBound)
  }
}
