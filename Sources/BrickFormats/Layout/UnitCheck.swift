public import BrickCore

/// Notices offsets whose unit was taken for another: µm for voxels, or voxels for µm.
public enum UnitCheck {
  /// A unit in which the layout would look like that of a microscope, with the words for a warning.
  public struct Suspicion: Sendable, Hashable {
    /// The unit that fits better.
    public var units: OffsetUnits
    /// One sentence.
    public var sentence: String
  }

  /// Tiles looked at: neighbours are searched among all, so time is this times their number.
  private static let sampled = 100

  /// What is suspicious about tiles of `sizes` voxels at `offsets` in voxels, x, y, z, which were read as `units`;
  /// nil where nothing is, or nothing better is known.
  ///
  /// Tiles of a mosaic lie between half a tile and a little more than a tile from the next. Where the next one is
  /// less than a tenth or more than twice a tile away, and the other unit would give a usual distance, it is named.
  public static func suspicion(
    offsets: [Point3], sizes: [Index3], readAs units: OffsetUnits, voxelSize: VoxelSize
  ) -> Suspicion? {
    guard offsets.count > 1, offsets.count == sizes.count, voxelSize.isValid else { return nil }
    let one = Point3(x: 1, y: 1, z: 1)
    guard let step = typicalStep(offsets, sizes, one), step < 0.1 || step > 2 else { return nil }
    let isMicrometers = units == .um
    let factor =
      isMicrometers
      ? Point3(x: voxelSize.x, y: voxelSize.y, z: voxelSize.z)
      : Point3(x: 1 / voxelSize.x, y: 1 / voxelSize.y, z: 1 / voxelSize.z)
    guard let other = typicalStep(offsets, sizes, factor), other >= 0.3, other <= 1.2 else {
      return nil
    }
    let (now, then) = isMicrometers ? ("µm", "voxels") : ("voxels", "µm")
    let better: OffsetUnits = isMicrometers ? .voxel : .um
    return Suspicion(
      units: better,
      sentence:
        "read as \(now) the offsets put tiles \(percent(step)) of their extent apart, read as \(then) "
        + "\(percent(other)): the unit looks wrong; try --offset-units \(better.rawValue)")
  }

  /// The median distance from a tile to the next, in tiles' extents; nil where all lie in one place.
  private static func typicalStep(_ offsets: [Point3], _ sizes: [Index3], _ factor: Point3)
    -> Double?
  {
    let stride = max(1, offsets.count / sampled)
    var steps: [Double] = []
    for place in Swift.stride(from: 0, to: offsets.count, by: stride) {
      let (own, size) = (offsets[place], sizes[place])
      let scale = Point3(
        x: factor.x / Double(max(1, size.x)), y: factor.y / Double(max(1, size.y)),
        z: factor.z / Double(max(1, size.z)))
      var nearest = Double.infinity
      for (index, other) in offsets.enumerated() where index != place {
        let step = max(
          abs(other.x - own.x) * scale.x, abs(other.y - own.y) * scale.y,
          abs(other.z - own.z) * scale.z)
        if step > 0 && step < nearest { nearest = step }
      }
      if nearest < .infinity { steps.append(nearest) }
    }
    steps.sort()
    return steps.isEmpty ? nil : steps[steps.count / 2]
  }

  private static func percent(_ fraction: Double) -> String {
    let value = fraction * 100
    return value < 10
      ? "\((value * 10).rounded() / 10) %" : "\(OffsetTable.short(value.rounded())) %"
  }
}
