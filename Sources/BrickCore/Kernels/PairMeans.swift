// Means of 2×2×2, 1×2×2 and the like for integers of up to 32 bits: both voxels of a pair are loaded as one
// number twice as wide, whose halves are added, so that every lane works and nothing is shuffled.

/// Adds the two voxels of pairs and averages rows of such sums.
protocol PairMeanRule {
  associatedtype V: Voxel & FixedWidthInteger
  /// Two voxels side by side, signed as they are; their order does not matter to a sum.
  associatedtype Pair: FixedWidthInteger & BitwiseCopyable
}

/// Voxels of 8, 16 or 32 bits: the sum of eight of them fits a pair.
enum Pairs<V: Voxel & FixedWidthInteger, Pair: FixedWidthInteger & BitwiseCopyable>: PairMeanRule {}

extension PairMeanRule {
  @inline(__always)
  fileprivate static func sum(_ row: RawSpan, _ i: Int) -> Pair {
    let pair = unsafe row.unsafeLoadUnaligned(
      fromUncheckedByteOffset: i &* (Pair.bitWidth / 8), as: Pair.self)
    let width = Pair(truncatingIfNeeded: V.bitWidth)
    // Both shifts keep the sign of signed voxels.
    return ((pair &<< width) &>> width) &+ (pair &>> width)
  }

  fileprivate static func voxel(_ row: RawSpan, _ offset: Int) -> Int {
    Int(unsafe row.unsafeLoadUnaligned(fromByteOffset: offset, as: V.self))
  }

  /// The means of pairs in two rows.
  fileprivate static func average(_ a: RawSpan, _ b: RawSpan, into result: inout MutableSpan<V>) {
    let count = result.count
    let needed = count * (Pair.bitWidth / 8)
    precondition(a.byteCount >= needed && b.byteCount >= needed)
    for i in 0..<count {
      result[i] = V(truncatingIfNeeded: (sum(a, i) &+ sum(b, i) &+ 2) &>> 2)
    }
  }

  /// The means of pairs in four rows.
  fileprivate static func average(
    _ a: RawSpan, _ b: RawSpan, _ c: RawSpan, _ d: RawSpan, into result: inout MutableSpan<V>
  ) {
    let count = result.count
    let needed = count * (Pair.bitWidth / 8)
    precondition(
      a.byteCount >= needed && b.byteCount >= needed && c.byteCount >= needed
        && d.byteCount >= needed)
    for i in 0..<count {
      let sums = sum(a, i) &+ sum(b, i) &+ sum(c, i) &+ sum(d, i)
      result[i] = V(truncatingIfNeeded: (sums &+ 4) &>> 3)
    }
  }
}

extension VoxelBlock {
  /// Writes the means of blocks of `factor` voxels of `source` into the part `target` of this block.
  ///
  /// - Precondition: `factor` is 2 along x and 1 or 2 along y and z.
  mutating func writePairMeans<Rule: PairMeanRule>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: Rule.Type
  ) {
    let last = source.box.end - .one
    let pairs = source.box.size.x / 2
    let columns = target.origin.x..<target.end.x
    for z in target.origin.z..<target.end.z {
      // A missing row or plane is stood in for by its neighbour: a mean of doubled sums is the same.
      let z0 = z * factor.z
      let z1 = min(z0 + factor.z - 1, last.z)
      for y in target.origin.y..<target.end.y {
        let y0 = y * factor.y
        let y1 = min(y0 + factor.y - 1, last.y)
        let (a, b) = (source.rowBytes(z: z0, y: y0), source.rowBytes(z: z0, y: y1))
        let (c, d) = (source.rowBytes(z: z1, y: y0), source.rowBytes(z: z1, y: y1))
        var result = mutableRow(z: z, y: y, x: columns, as: Rule.V.self)
        var full = result._mutatingExtracting(0..<pairs)
        if z0 == z1 {
          Rule.average(a, b, into: &full)
        } else {
          Rule.average(a, b, c, d, into: &full)
        }
        if pairs < columns.count {
          let at = pairs * (Rule.Pair.bitWidth / 8)
          let near = Rule.voxel(a, at) + Rule.voxel(b, at)
          let sum = near + Rule.voxel(c, at) + Rule.voxel(d, at) + 2
          result[pairs] = Rule.V(truncatingIfNeeded: sum >> 2)
        }
      }
    }
  }
}
