/// How often each intensity passed by: exact for 8- and 16-bit types, by leading bits for wider ones.
///
/// There is a bin for every value of an 8- or 16-bit type. Voxels of wider types are counted by the first
/// 16 bits of a key that sorts as they do: `RadixSelection` finds their exact percentiles in further
/// passes. Smallest and largest are exact for every type. NaN is counted apart, −0.0 just below +0.0.
/// It takes 2 KiB for 8-bit types and 512 KiB for others.
public struct VoxelHistogram: Sendable, Hashable {
  /// The type of the voxels counted.
  public let type: VoxelType
  /// Voxels counted, without NaN.
  public internal(set) var count = 0
  /// NaN voxels.
  public internal(set) var nanCount = 0
  /// Voxels in each bin, in the order of their values.
  var bins: [Int]
  /// The smallest and largest key of a wide type; the other way round while nothing was counted.
  var smallestKey = UInt64.max
  var largestKey = UInt64.min

  /// A histogram that has counted nothing.
  public init(type: VoxelType) {
    self.type = type
    bins = [Int](repeating: 0, count: type.byteCount == 1 ? 1 << 8 : 1 << 16)
  }

  /// Whether every value has a bin of its own.
  public var isExact: Bool { type.byteCount <= 2 }

  /// The smallest voxel, rounded to a double; nil if nothing was counted.
  public var minimum: Double? { keyRange.map { type.value(ofKey: $0.lowerBound) } }

  /// The largest voxel, rounded to a double; nil if nothing was counted.
  public var maximum: Double? { keyRange.map { type.value(ofKey: $0.upperBound) } }

  /// The exact keys of the smallest and the largest voxel; nil if nothing was counted.
  ///
  /// A key is an unsigned number as wide as the type that sorts as the voxels do.
  public var keyRange: ClosedRange<UInt64>? {
    guard count > 0 else { return nil }
    if !isExact { return smallestKey...largestKey }
    guard let first = bins.firstIndex(where: { $0 > 0 }),
      let last = bins.lastIndex(where: { $0 > 0 })
    else { return nil }
    return UInt64(first)...UInt64(last)
  }

  /// The value below which `p` percent of the voxels lie, as `numpy.percentile` interpolates: linearly.
  ///
  /// - Parameter p: 0 to 100.
  /// - Returns: nil for types wider than 16 bits, without voxels, or for another `p`.
  public func percentile(_ p: Double) -> Double? {
    guard isExact, let place = PercentilePlace(p, count: count) else { return nil }
    var below = 0
    var lower: Double?
    for (bin, count) in bins.enumerated() where count > 0 {
      below += count
      if lower == nil && below > place.lower { lower = type.value(ofKey: UInt64(bin)) }
      if let lower, below > place.upper {
        return place.interpolate(lower, type.value(ofKey: UInt64(bin)))
      }
    }
    return nil
  }

  /// Counts what another histogram of the same type has counted.
  public mutating func merge(_ other: VoxelHistogram) {
    precondition(type == other.type, "A histogram of \(type) takes no counts of \(other.type)")
    for i in bins.indices { bins[i] += other.bins[i] }
    count += other.count
    nanCount += other.nanCount
    smallestKey = min(smallestKey, other.smallestKey)
    largestKey = max(largestKey, other.largestKey)
  }
}

/// Where a percentile lies among sorted values: between two neighbours, at a fraction of their distance.
package struct PercentilePlace: Sendable {
  package var lower: Int
  package var upper: Int
  package var fraction: Double

  package init?(_ p: Double, count: Int) {
    guard p >= 0, p <= 100, count > 0 else { return nil }
    // The operations and their order are NumPy's, so that the last bit is too.
    let place = Double(count - 1) * (p / 100)
    // Beyond 2⁵³ voxels the double may round past the last one.
    lower = min(count - 1, Int(place.rounded(.down)))
    upper = min(count - 1, lower + 1)
    fraction = place - Double(lower)
  }

  package func interpolate(_ a: Double, _ b: Double) -> Double {
    // Neighbours may be infinite, and their difference NaN; NumPy takes it even where the place is that of a voxel.
    guard a != b && fraction > 0 else { return a }
    let difference = b - a
    return fraction < 0.5 ? a + difference * fraction : b - difference * (1 - fraction)
  }

  /// The same between exact voxels: 64-bit integers that doubles can't hold are interpolated as they are.
  func interpolate(_ a: VoxelNumber, _ b: VoxelNumber) -> Double {
    let large = Int128(1) << 53
    guard let lower = a.integer, let upper = b.integer,
      lower != upper, lower.magnitude > large || upper.magnitude > large, fraction > 0
    else { return interpolate(a.asDouble, b.asDouble) }
    // lower + (upper − lower) · fraction, where the fraction is a whole number of its last bits.
    let last = fraction.ulp
    let scaled = UInt128((upper - lower).magnitude) * UInt128(fraction / last)
    var exact = ExactSum()
    exact.add(lower)
    exact.add(scaled, exponent: Int(last.exponent))
    return exact.divided(by: 1)
  }
}
