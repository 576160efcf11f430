extension VoxelBlock {
  /// The voxels of a part of a row, to write; `x` counts in the volume like `z` and `y`.
  @_lifetime(&self)
  @inline(__always)
  mutating func mutableRow<V: Voxel>(
    z: Int, y: Int, x: Range<Int>, as _: V.Type
  ) -> MutableSpan<V> {
    let start = rowStart(z: z, y: y) - box.origin.x
    return mutableVoxels(as: V.self)._consumingExtracting(
      start + x.lowerBound..<start + x.upperBound)
  }
}

/// Writes what `transform` makes of each voxel of `source` into `target`; both are equally long.
@inline(__always)
func mapRow<Source: BitwiseCopyable, Target: BitwiseCopyable>(
  _ source: Span<Source>, into target: inout MutableSpan<Target>, _ transform: (Source) -> Target
) {
  let count = source.count
  precondition(target.count == count, "Both rows are equally long")
  for i in 0..<count { target[i] = transform(source[i]) }
}
