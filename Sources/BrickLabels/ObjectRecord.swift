public import BrickCore

/// What is known of one label: how many voxels it has, where they lie on average, and between which planes.
///
/// All numbers are whole, so records of parts of an object add up to that of the whole in any order.
public struct ObjectRecord: BitwiseCopyable, Sendable, Hashable {
  /// The label; never 0, which is background.
  public let label: UInt64
  /// Voxels that have it.
  public private(set) var voxels: Int
  /// The sum of their z.
  public private(set) var sumZ: Int128
  /// The sum of their y.
  public private(set) var sumY: Int128
  /// The sum of their x.
  public private(set) var sumX: Int128
  private var z0: Int
  private var y0: Int
  private var x0: Int
  private var z1: Int
  private var y1: Int
  private var x1: Int

  /// A record of `voxels` voxels in `box`, whose coordinates add up to the sums.
  ///
  /// - Precondition: there is at least one voxel, and the sums are those of numbers of 64 bits.
  public init(
    label: UInt64, voxels: Int, sumZ: Int128, sumY: Int128, sumX: Int128, box: Box3
  ) {
    precondition(voxels > 0 && !box.isEmpty, "An object has at least one voxel")
    let most = UInt128(voxels) << 63
    precondition(
      max(sumZ.magnitude, sumY.magnitude, sumX.magnitude) <= most, "Coordinates have 64 bits")
    self.label = label
    self.voxels = voxels
    self.sumZ = sumZ
    self.sumY = sumY
    self.sumX = sumX
    (z0, y0, x0) = (box.origin.z, box.origin.y, box.origin.x)
    (z1, y1, x1) = (box.end.z, box.end.y, box.end.x)
  }

  /// The smallest box that holds all its voxels.
  public var box: Box3 {
    Box3(from: Index3(z: z0, y: y0, x: x0), to: Index3(z: z1, y: y1, x: x1))
  }

  /// The mean position of its voxels' centres, in voxels x, y, z, the first voxel being at 0.
  public var centroid: Point3 {
    Point3(x: mean(sumX), y: mean(sumY), z: mean(sumZ))
  }

  /// The mean as a double: the whole part is exact, and so is the rest but for one rounding.
  private func mean(_ sum: Int128) -> Double {
    let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: Int128(voxels))
    return Double(quotient) + Double(remainder) / Double(voxels)
  }

  /// Adds the voxels of another part of the same object.
  ///
  /// - Precondition: both have the same label.
  public mutating func add(_ other: ObjectRecord) {
    precondition(other.label == label, "Parts of one object have one label")
    voxels += other.voxels
    sumZ += other.sumZ
    sumY += other.sumY
    sumX += other.sumX
    (z0, y0, x0) = (min(z0, other.z0), min(y0, other.y0), min(x0, other.x0))
    (z1, y1, x1) = (max(z1, other.z1), max(y1, other.y1), max(x1, other.x1))
  }
}
