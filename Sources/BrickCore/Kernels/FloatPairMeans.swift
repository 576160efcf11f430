// Means of 2×2×2, 1×2×2 and the like for floats: the rows of a block are added in their order, voxel after
// voxel, as the means of other factors do, so that rounding is the same.

extension VoxelBlock {
  /// Writes the means of blocks of `factor` voxels of `source` into the part `target` of this block.
  ///
  /// - Precondition: `factor` is 2 along x and 1 or 2 along y and z.
  mutating func writeFloatPairMeans<V: Voxel>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: V.Type
  ) {
    let end = source.box.end
    let columns = target.origin.x..<target.end.x
    for z in target.origin.z..<target.end.z {
      let (z0, z1) = (z * factor.z, min(end.z, (z + 1) * factor.z) - 1)
      for y in target.origin.y..<target.end.y {
        let (y0, y1) = (y * factor.y, min(end.y, (y + 1) * factor.y) - 1)
        let a = source.row(z: z0, y: y0, as: V.self)
        let d = source.row(z: z1, y: y1, as: V.self)
        var result = mutableRow(z: z, y: y, x: columns, as: V.self)
        switch (z0 == z1, y0 == y1) {
        case (true, true): average(a, into: &result)
        case (false, true), (true, false): average(a, d, into: &result)
        case (false, false):
          let b = source.row(z: z0, y: y1, as: V.self)
          let c = source.row(z: z1, y: y0, as: V.self)
          average(a, b, c, d, into: &result)
        }
      }
    }
  }
}

/// Adds the voxels of pair `i`, or the single last one.
@inline(__always)
private func add<V: Voxel>(_ row: Span<V>, _ i: Int, to sum: Double) -> Double {
  let next = 2 &* i &+ 1
  let first = sum + row[2 &* i].asDouble
  return next < row.count ? first + row[next].asDouble : first
}

/// Adds the voxels of pair `i` of a row that is known to have it.
@inline(__always)
private func addPair<V: Voxel>(_ row: Span<V>, _ i: Int, to sum: Double) -> Double {
  // In bounds: the loops below go up to half the row's count.
  unsafe sum + row[unchecked: 2 &* i].asDouble + row[unchecked: 2 &* i &+ 1].asDouble
}

private func average<V: Voxel>(_ a: Span<V>, into result: inout MutableSpan<V>) {
  let pairs = a.count / 2
  precondition(result.count == (a.count + 1) / 2)
  for i in 0..<pairs { result[i] = V(nearestTo: addPair(a, i, to: 0) / 2) }
  if pairs < result.count { result[pairs] = V(nearestTo: add(a, pairs, to: 0)) }
}

private func average<V: Voxel>(
  _ a: Span<V>, _ b: Span<V>, into result: inout MutableSpan<V>
) {
  let pairs = a.count / 2
  precondition(result.count == (a.count + 1) / 2 && b.count == a.count)
  for i in 0..<pairs { result[i] = V(nearestTo: addPair(b, i, to: addPair(a, i, to: 0)) / 4) }
  if pairs < result.count {
    result[pairs] = V(nearestTo: add(b, pairs, to: add(a, pairs, to: 0)) / 2)
  }
}

private func average<V: Voxel>(
  _ a: Span<V>, _ b: Span<V>, _ c: Span<V>, _ d: Span<V>, into result: inout MutableSpan<V>
) {
  let pairs = a.count / 2
  precondition(result.count == (a.count + 1) / 2)
  precondition(b.count == a.count && c.count == a.count && d.count == a.count)
  for i in 0..<pairs {
    let near = addPair(b, i, to: addPair(a, i, to: 0))
    result[i] = V(nearestTo: addPair(d, i, to: addPair(c, i, to: near)) / 8)
  }
  if pairs < result.count {
    let near = add(b, pairs, to: add(a, pairs, to: 0))
    result[pairs] = V(nearestTo: add(d, pairs, to: add(c, pairs, to: near)) / 4)
  }
}
