/// The distance between neighbouring voxels in micrometres, x, y, z.
public struct VoxelSize: Hashable, Sendable {
  /// µm between neighbours in a row.
  public var x: Double
  /// µm between rows.
  public var y: Double
  /// µm between planes.
  public var z: Double

  /// A voxel size in µm, unchecked: `isValid` tells whether it can be one.
  public init(x: Double, y: Double, z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// One micrometre along each axis: what is assumed where a file says nothing.
  public static let unknown = VoxelSize(x: 1, y: 1, z: 1)

  /// The smallest of the three.
  public var finest: Double { min(x, y, z) }

  /// Whether every component is a positive, finite number.
  public var isValid: Bool { [x, y, z].allSatisfy { $0.isFinite && $0 > 0 } }

  /// The size of a voxel that averages `factor` voxels along each axis.
  public func scaled(by factor: Index3) -> VoxelSize {
    VoxelSize(x: x * Double(factor.x), y: y * Double(factor.y), z: z * Double(factor.z))
  }
}

/// A position that may lie between voxels, or in µm: x, y, z.
public struct Point3: Hashable, Sendable {
  /// Along the fastest axis.
  public var x: Double
  /// Along the axis of rows.
  public var y: Double
  /// Along the slowest axis.
  public var z: Double

  /// A point from its coordinates, in the units of its user: voxels or µm.
  public init(x: Double, y: Double, z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The point where every coordinate is 0.
  public static let zero = Point3(x: 0, y: 0, z: 0)

  /// The sums along each axis.
  public static func + (a: Point3, b: Point3) -> Point3 {
    Point3(x: a.x + b.x, y: a.y + b.y, z: a.z + b.z)
  }
  /// The differences along each axis.
  public static func - (a: Point3, b: Point3) -> Point3 {
    Point3(x: a.x - b.x, y: a.y - b.y, z: a.z - b.z)
  }
}
