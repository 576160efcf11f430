/// Where percentiles of a wide type will probably lie, seen from a sample of its voxels.
///
/// What is guessed is counted more finely in the first pass. Right or wrong, the percentiles found in the end are
/// the same: a wrong guess costs the pass that a right one saves.
public struct RadixGuess: Sendable, Hashable {
  /// The type of the voxels.
  public let type: VoxelType
  /// The first 16 bits of keys, ascending.
  let prefixes: [UInt64]

  /// Bins guessed for a percentile at most.
  private static let mostEach = 12

  /// The bins around the percentiles of a sample; nil where there is nothing to guess.
  ///
  /// - Parameter most: bins at most, up to 255.
  public init?(_ percentiles: [Double], from sample: VoxelSample, atMost most: Int = 32) {
    let inner = Set(percentiles.filter { $0 > 0 && $0 < 100 }).sorted()
    // Each gets its share: one that is not covered costs the pass that the others save.
    let reach = UInt64(max(1, min(Self.mostEach, min(most, 255) / max(1, inner.count)) / 2))
    guard sample.type.byteCount > 2, !sample.keys.isEmpty else { return nil }
    type = sample.type
    let shift = UInt64(sample.type.keyBits - 16)
    let keys = sample.keys.sorted()
    let last = keys.count - 1
    var found: Set<UInt64> = []
    for p in inner {
      let share = p / 100
      let middle = Double(last) * share
      // Neighbours in a sample are alike, so it is worth less than its size says.
      let margin =
        8 * (Double(last) * share * (1 - share)).squareRoot() + 0.002 * Double(last) + 1
      func prefix(_ place: Double) -> UInt64 { keys[max(0, min(last, Int(place)))] >> shift }
      let centre = prefix(middle)
      let low = max(prefix(middle - margin), centre - min(centre, reach))
      let high = min(prefix(middle + margin), centre + reach - 1)
      found.formUnion(low...max(low, high))
    }
    guard !found.isEmpty, found.count <= min(most, 255) else { return nil }
    prefixes = found.sorted()
  }
}

/// Keys of some voxels of a wide type.
public struct VoxelSample: Sendable {
  /// The type of the voxels.
  public let type: VoxelType
  private(set) var keys: [UInt64] = []

  /// A sample of nothing yet.
  public init(type: VoxelType) { self.type = type }

  /// Takes about `count` voxels of a view, evenly spread over its rows; NaN is left out.
  public mutating func add(_ view: borrowing VoxelView, atMost count: Int) {
    precondition(view.type == type, "A sample of \(type) takes no voxels of \(view.type)")
    switch type {
    case .uint32: take(view, UInt32.self, count)
    case .int32: take(view, Int32.self, count)
    case .float32: take(view, Float.self, count)
    case .uint64: take(view, UInt64.self, count)
    case .int64: take(view, Int64.self, count)
    case .float64: take(view, Double.self, count)
    case .uint8, .int8, .uint16, .int16: return
    }
  }

  private mutating func take<V: OrderedVoxel>(
    _ view: borrowing VoxelView, _: V.Type, _ count: Int
  ) {
    let step = max(1, view.box.count / max(1, count))
    var skip = step / 2
    for z in view.box.origin.z..<view.box.end.z {
      for y in view.box.origin.y..<view.box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        while skip < row.count {
          let voxel = row[skip]
          if voxel == voxel { keys.append(UInt64(voxel.key)) }
          skip += step
        }
        skip -= row.count
      }
    }
  }
}
