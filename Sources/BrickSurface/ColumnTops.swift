public import BrickCore

/// The largest voxels of each column of a volume, as many as a percentile needs, found in one pass over its planes.
///
/// A column is all voxels of one (y, x). The p-th percentile of n voxels lies between order statistics that are among
/// the n − ⌊p/100·(n − 1)⌋ largest: those are kept, sorted, so that a column takes about (1 − p/100)·n voxels of
/// memory. Planes may come in any order, each once. A voxel that is not among the largest costs a comparison that runs in
/// vector instructions; one that is costs a pass over the kept ones, without a branch.
///
/// NaN is left out.
public struct ColumnTops: ~Copyable, Sendable {
  /// The columns: y and x, and all planes.
  public let box: Box3
  private let percentile: Double
  private let kept: Int
  /// Each column's largest voxels, ascending: columns along y, kept ones along x.
  private var tops: VoxelBlock
  /// Each column's smallest kept voxel.
  private var least: VoxelBlock
  /// NaN voxels of each column; empty for integers.
  private var gaps: [UInt32]

  /// Voxels kept of a column of so many.
  static func kept(percentile: Double, of count: Int) -> Int {
    PercentilePlace(percentile, count: count).map { count - $0.lower } ?? 0
  }

  /// Bytes for each column.
  public static func bytesPerColumn(type: VoxelType, planes: Int, percentile: Double) -> Int {
    (kept(percentile: percentile, of: planes) + 1) * type.byteCount + (type.isFloat ? 4 : 0)
  }

  /// Columns of voxels of `type`, none of which is known yet.
  ///
  /// - Parameters:
  ///   - box: y and x of the columns, and all planes of the volume.
  ///   - percentile: above 0, up to 100.
  public init(_ box: Box3, type: VoxelType, percentile: Double) {
    precondition(percentile > 0 && percentile <= 100, "\(percentile) is no percentile")
    self.box = box
    self.percentile = percentile
    let columns = box.size.y * box.size.x
    kept = Self.kept(percentile: percentile, of: box.size.z)
    tops = VoxelBlock(Box3(size: Index3(z: 1, y: columns, x: kept)), type: type)
    least = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: columns)), type: type)
    gaps = type.isFloat ? Array(repeating: 0, count: columns) : []
    switch type {
    case .uint8: begin(UInt8.self)
    case .uint16: begin(UInt16.self)
    case .uint32: begin(UInt32.self)
    case .uint64: begin(UInt64.self)
    case .int8: begin(Int8.self)
    case .int16: begin(Int16.self)
    case .int32: begin(Int32.self)
    case .int64: begin(Int64.self)
    case .float32: begin(Float.self)
    case .float64: begin(Double.self)
    }
  }

  private mutating func begin<V: SurfaceVoxel>(_: V.Type) {
    // The lowest voxel stands for those that have not come: what is not above it need not be kept.
    var voxels = tops.mutableVoxels(as: V.self)
    for place in 0..<voxels.count { voxels[place] = V.lowest }
    var limits = least.mutableVoxels(as: V.self)
    for place in 0..<limits.count { limits[place] = V.lowest }
  }

  /// Takes the voxels of some planes of these columns.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(
      box.contains(view.box) && view.box.size.y == box.size.y && view.box.size.x == box.size.x,
      "The planes \(view.box) are those of the columns \(box)")
    switch view.type {
    case .uint8: Self.add(view, to: &tops, &least, &gaps, UInt8.self)
    case .uint16: Self.add(view, to: &tops, &least, &gaps, UInt16.self)
    case .uint32: Self.add(view, to: &tops, &least, &gaps, UInt32.self)
    case .uint64: Self.add(view, to: &tops, &least, &gaps, UInt64.self)
    case .int8: Self.add(view, to: &tops, &least, &gaps, Int8.self)
    case .int16: Self.add(view, to: &tops, &least, &gaps, Int16.self)
    case .int32: Self.add(view, to: &tops, &least, &gaps, Int32.self)
    case .int64: Self.add(view, to: &tops, &least, &gaps, Int64.self)
    case .float32: Self.add(view, to: &tops, &least, &gaps, Float.self)
    case .float64: Self.add(view, to: &tops, &least, &gaps, Double.self)
    }
  }

  private static func add<V: SurfaceVoxel>(
    _ view: borrowing VoxelView, to tops: inout VoxelBlock, _ least: inout VoxelBlock,
    _ gaps: inout [UInt32], _: V.Type
  ) {
    let part = view.box
    let width = part.size.x
    let kept = tops.box.size.x
    var tops = tops.mutableVoxels(as: V.self)
    var least = least.mutableVoxels(as: V.self)
    var marks = ExceedingMarks()
    // All planes of a piece of a row before the next piece: what is kept of its columns stays in the nearest cache.
    for y in part.origin.y..<part.end.y {
      var start = 0
      while start < width {
        let end = min(start + ExceedingMarks.most, width)
        let first = (y - part.origin.y) * width + start
        for z in part.origin.z..<part.end.z {
          let row = view.row(z: z, y: y, as: V.self).extracting(start..<end)
          marks.mark(row, above: least.span.extracting(first..<first + row.count))
          marks.forEach { place in
            let voxel = row[place]
            if voxel != voxel {
              gaps[first + place] += 1
              return
            }
            let column = first + place
            var sorted = tops._mutatingExtracting(column * kept..<(column + 1) * kept)
            least[column] = insert(voxel, into: &sorted)
          }
        }
        start = end
      }
    }
  }

  /// The threshold of each column, x fastest: its percentile, divided.
  ///
  /// The percentile is interpolated as `numpy.percentile` does, in double precision; it is NaN where every voxel is.
  ///
  /// - Parameter divisor: not 0.
  /// - Returns: the thresholds, and whether any voxel of the column is above its own.
  public func thresholds(dividedBy divisor: Double) -> (values: [Double], areExceeded: [Bool]) {
    switch tops.type {
    case .uint8: thresholds(divisor, UInt8.self)
    case .uint16: thresholds(divisor, UInt16.self)
    case .uint32: thresholds(divisor, UInt32.self)
    case .uint64: thresholds(divisor, UInt64.self)
    case .int8: thresholds(divisor, Int8.self)
    case .int16: thresholds(divisor, Int16.self)
    case .int32: thresholds(divisor, Int32.self)
    case .int64: thresholds(divisor, Int64.self)
    case .float32: thresholds(divisor, Float.self)
    case .float64: thresholds(divisor, Double.self)
    }
  }

  private func thresholds<V: SurfaceVoxel>(_ divisor: Double, _: V.Type) -> ([Double], [Bool]) {
    let columns = box.size.y * box.size.x
    var values: [Double] = []
    var areExceeded: [Bool] = []
    values.reserveCapacity(columns)
    areExceeded.reserveCapacity(columns)
    let tops = tops.voxels(as: V.self)
    let usual = PercentilePlace(percentile, count: box.size.z)
    for column in 0..<columns {
      let count = box.size.z - (gaps.isEmpty ? 0 : Int(gaps[column]))
      let place = count == box.size.z ? usual : PercentilePlace(percentile, count: count)
      guard let place else {
        values.append(.nan)
        areExceeded.append(false)
        continue
      }
      let end = (column + 1) * kept
      let threshold =
        place.interpolate(
          tops[end - count + place.lower].asDouble, tops[end - count + place.upper].asDouble)
        / divisor
      values.append(threshold)
      switch V.limit(threshold) {
      case .above(let limit): areExceeded.append(tops[end - 1] > limit)
      case .never: areExceeded.append(false)
      case .always: areExceeded.append(true)
      }
    }
    return (values, areExceeded)
  }
}

/// Puts a voxel that is larger than the first of `sorted` in its place, drops the first, and returns the new first.
@inline(__always)
private func insert<V: SurfaceVoxel>(_ voxel: V, into sorted: inout MutableSpan<V>) -> V {
  let last = sorted.count - 1
  precondition(last >= 0, "A voxel is kept at least")
  // Each place takes the middle one of itself, its neighbour and the voxel; all places are within the bounds above.
  var here = unsafe sorted[unchecked: 0]
  for place in 0..<last {
    let next = unsafe sorted[unchecked: place + 1]
    let lower = voxel < next ? voxel : next
    unsafe sorted[unchecked: place] = here > lower ? here : lower
    here = next
  }
  unsafe sorted[unchecked: last] = here > voxel ? here : voxel
  return unsafe sorted[unchecked: 0]
}
