/// How many voxels lie in each of equal bins between two intensities, exactly.
///
/// A voxel lies in a bin if it is not below the bin's lower edge and below its upper one; the last bin holds its
/// upper edge too, as `numpy.histogram` has it. NaN, infinite voxels and those beyond the edges are left out.
/// Voxels are compared as doubles.
public struct BinCounts: Sendable, Hashable {
  /// One more than there are bins, ascending.
  public let edges: [Double]
  /// Voxels in each bin.
  public private(set) var counts: [Int]
  /// Bins per unit of intensity; infinite or NaN where that is no use.
  private let scale: Double

  /// Empty bins over a range; a single value gets half of a unit around it.
  public init(_ range: ClosedRange<Double>, bins: Int) {
    precondition(bins > 0, "There is a bin")
    var (low, high) = (range.lowerBound, range.upperBound)
    if low == high {
      let half = max(0.5, low.ulp)
      (low, high) = (low - half, high + half)
    }
    let step = high / Double(bins) - low / Double(bins)
    let isWide = !(high - low).isFinite
    edges = (0...bins).map { i in
      i == bins
        ? high : isWide ? low + step * Double(i) : low + (high - low) / Double(bins) * Double(i)
    }
    scale = Double(bins) / (high - low)
    counts = [Int](repeating: 0, count: bins)
  }

  /// Counts what a histogram counted that has a bin for each value.
  public mutating func add(_ histogram: VoxelHistogram) {
    precondition(histogram.isExact, "The histogram of wide voxels doesn't know them")
    for (bin, count) in histogram.bins.enumerated() where count > 0 {
      if let place = place(of: histogram.type.value(ofKey: UInt64(bin))) { counts[place] += count }
    }
  }

  /// Counts the voxels of a view of any type.
  public mutating func add(_ view: borrowing VoxelView) {
    switch view.type {
    case .uint8: count(view, UInt8.self)
    case .int8: count(view, Int8.self)
    case .uint16: count(view, UInt16.self)
    case .int16: count(view, Int16.self)
    case .uint32: count(view, UInt32.self)
    case .int32: count(view, Int32.self)
    case .uint64: count(view, UInt64.self)
    case .int64: count(view, Int64.self)
    case .float32: count(view, Float.self)
    case .float64: count(view, Double.self)
    }
  }

  /// Counts what others with the same edges have counted.
  public mutating func merge(_ other: BinCounts) {
    precondition(other.edges == edges, "Both have the same bins")
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  private mutating func count<V: Voxel>(_ view: borrowing VoxelView, _: V.Type) {
    for z in view.box.origin.z..<view.box.end.z {
      for y in view.box.origin.y..<view.box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        for i in 0..<row.count {
          if let place = place(of: row[i].asDouble) { counts[place] += 1 }
        }
      }
    }
  }

  /// The bin of a value: worked out, and put right by the edges where it was rounded.
  @inline(__always)
  private func place(of value: Double) -> Int? {
    let last = counts.count - 1
    guard value >= edges[0] && value <= edges[last + 1] else { return nil }
    guard scale.isFinite && scale > 0 else { return search(value) }
    var place = min(last, Int((value - edges[0]) * scale))
    while place > 0 && value < edges[place] { place -= 1 }
    while place < last && value >= edges[place + 1] { place += 1 }
    return place
  }

  private func search(_ value: Double) -> Int {
    var (low, high) = (0, counts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
