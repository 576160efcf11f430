// Means of blocks of any factor: the sums of one row of results grow in an accumulator, source row after
// source row, and are divided at the end.

/// How voxels are summed and what their mean is.
protocol MeanRule {
  associatedtype V: Voxel
  associatedtype Sum: BitwiseCopyable
  static var noSum: Sum { get }
  static func add(_ sum: Sum, _ voxel: V) -> Sum
  /// Divides every sum by `count`, which is at least 1.
  static func divide(_ sums: Span<Sum>, by count: Int, into result: inout MutableSpan<V>)
}

/// Exact sums, and means rounded half up.
///
/// `Sum` holds the sum of as many voxels as there are, plus half their number.
enum Mean<V: Voxel & FixedWidthInteger, Sum: FixedWidthInteger & BitwiseCopyable>: MeanRule {
  static var noSum: Sum { 0 }

  @inline(__always)
  static func add(_ sum: Sum, _ voxel: V) -> Sum { sum &+ Sum(truncatingIfNeeded: voxel) }

  static func divide(_ sums: Span<Sum>, by count: Int, into result: inout MutableSpan<V>) {
    let width = sums.count
    precondition(result.count == width)
    // ⌊sum / count + ½⌋ = ⌊(sum + ⌊count / 2⌋) / count⌋ for odd and even counts alike.
    let half = Sum(truncatingIfNeeded: count / 2)
    if count & (count - 1) == 0 {
      let shift = Sum(truncatingIfNeeded: count.trailingZeroBitCount)
      for i in 0..<width { result[i] = V(truncatingIfNeeded: (sums[i] &+ half) &>> shift) }
      return
    }
    let divisor = Sum(truncatingIfNeeded: count)
    for i in 0..<width {
      let (quotient, remainder) = (sums[i] &+ half).quotientAndRemainder(dividingBy: divisor)
      // Swift rounds towards zero: below it, the floor is one less.
      result[i] = V(truncatingIfNeeded: remainder < 0 ? quotient &- 1 : quotient)
    }
  }
}

/// Sums of doubles in the order of the voxels, and means rounded to the type once.
enum FloatMean<V: Voxel>: MeanRule {
  static var noSum: Double { 0 }

  @inline(__always)
  static func add(_ sum: Double, _ voxel: V) -> Double { sum + voxel.asDouble }

  static func divide(_ sums: Span<Double>, by count: Int, into result: inout MutableSpan<V>) {
    let width = sums.count
    precondition(result.count == width)
    let divisor = Double(count)
    for i in 0..<width { result[i] = V(nearestTo: sums[i] / divisor) }
  }
}

extension VoxelBlock {
  /// Writes the means of blocks of `factor` voxels of `source` into the part `target` of this block.
  mutating func means<Rule: MeanRule>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: Rule.Type
  ) {
    let end = source.box.end
    let (width, rest) = source.box.size.x.quotientAndRemainder(dividingBy: factor.x)
    let columns = target.origin.x..<target.end.x
    var accumulator = [Rule.Sum](repeating: Rule.noSum, count: columns.count)
    for z in target.origin.z..<target.end.z {
      let planes = z * factor.z..<min(end.z, (z + 1) * factor.z)
      for y in target.origin.y..<target.end.y {
        let rows = y * factor.y..<min(end.y, (y + 1) * factor.y)
        var sums = accumulator.mutableSpan
        sums.update(repeating: Rule.noSum)
        for z in planes {
          for y in rows {
            addRow(source.row(z: z, y: y, as: Rule.V.self), factor.x, to: &sums, Rule.self)
          }
        }
        var result = mutableRow(z: z, y: y, x: columns, as: Rule.V.self)
        let lines = planes.count * rows.count
        var full = result._mutatingExtracting(0..<width)
        Rule.divide(sums.span.extracting(0..<width), by: lines * factor.x, into: &full)
        if rest > 0 {
          var last = result._mutatingExtracting(width..<width + 1)
          Rule.divide(sums.span.extracting(width..<width + 1), by: lines * rest, into: &last)
        }
      }
    }
  }
}

/// Adds groups of `factor` voxels of a row to one sum each; the last group may be shorter.
private func addRow<Rule: MeanRule>(
  _ row: Span<Rule.V>, _ factor: Int, to sums: inout MutableSpan<Rule.Sum>, _: Rule.Type
) {
  let width = row.count / factor
  precondition(sums.count >= width && width * factor <= row.count)
  // The usual factors as constants, so that their loops are vectorised.
  switch factor {
  case 1: for i in 0..<width { sums[i] = Rule.add(sums[i], row[i]) }
  case 2:
    for i in 0..<width {
      sums[i] = Rule.add(Rule.add(sums[i], row[i &* 2]), row[i &* 2 &+ 1])
    }
  case 3:
    for i in 0..<width {
      let (a, b, c) = (row[i &* 3], row[i &* 3 &+ 1], row[i &* 3 &+ 2])
      sums[i] = Rule.add(Rule.add(Rule.add(sums[i], a), b), c)
    }
  default:
    for i in 0..<width {
      var sum = sums[i]
      for k in i &* factor..<i &* factor &+ factor { sum = Rule.add(sum, row[k]) }
      sums[i] = sum
    }
  }
  guard width * factor < row.count else { return }
  var sum = sums[width]
  for k in width * factor..<row.count { sum = Rule.add(sum, row[k]) }
  sums[width] = sum
}
