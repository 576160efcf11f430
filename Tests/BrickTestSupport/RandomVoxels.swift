public import BrickCore

extension VoxelType {
  /// The Swift type, for tests that are generic over it.
  public var swiftType: any Voxel.Type {
    switch self {
    case .uint8: UInt8.self
    case .uint16: UInt16.self
    case .uint32: UInt32.self
    case .uint64: UInt64.self
    case .int8: Int8.self
    case .int16: Int16.self
    case .int32: Int32.self
    case .int64: Int64.self
    case .float32: Float.self
    case .float64: Double.self
    }
  }
}

extension Voxel {
  /// A voxel that finds mistakes: often zero, a limit of the type, or any bits; floats also −0, ∞ and NaN.
  public static func random(using generator: inout some RandomNumberGenerator) -> Self {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: zero
    case 2, 3: Self(nearestTo: Double(Int.random(in: -3...300, using: &generator)))
    case 4: Self(nearestTo: Double.random(in: -1e3...1e5, using: &generator))
    case 5:
      Self(nearestTo: [1e300, -1e300, -0.0, .nan, .infinity].randomElement(using: &generator) ?? 0)
    default: randomBits(using: &generator)
    }
  }

  private static func randomBits(using generator: inout some RandomNumberGenerator) -> Self {
    let bits: UInt64 = generator.next()
    return unsafe withUnsafeBytes(of: bits) { unsafe $0.loadUnaligned(as: Self.self) }
  }

  /// Whether both are equal as voxels: NaN equals NaN.
  public func isSame(as other: Self) -> Bool { self == other || (self != self && other != other) }

  /// The exact value of an integer; nil for floats.
  public var exactInteger: Int128? {
    (self as? any FixedWidthInteger).map { Int128(truncatingIfNeeded: $0) }
  }
}

extension Array where Element: Voxel {
  /// Random voxels.
  public static func random(count: Int, using generator: inout some RandomNumberGenerator) -> Self {
    (0..<count).map { _ in Element.random(using: &generator) }
  }

  /// Whether both hold the same voxels.
  public func isSame(as other: Self) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.isSame(as: $1) }
  }
}

extension Index3 {
  /// A position or size whose components lie in `range`.
  public static func random(
    in range: ClosedRange<Int>, using generator: inout some RandomNumberGenerator
  ) -> Index3 {
    Index3(
      z: .random(in: range, using: &generator), y: .random(in: range, using: &generator),
      x: .random(in: range, using: &generator))
  }
}

extension Box3 {
  /// A box within this one, now and then empty.
  public func random(using generator: inout some RandomNumberGenerator) -> Box3 {
    func part(_ origin: Int, _ size: Int) -> (Int, Int) {
      let a = Int.random(in: 0...size, using: &generator)
      let b = Int.random(in: 0...size, using: &generator)
      return (origin + min(a, b), origin + max(a, b))
    }
    let (z, y, x) = (part(origin.z, size.z), part(origin.y, size.y), part(origin.x, size.x))
    return Box3(
      from: Index3(z: z.0, y: y.0, x: x.0), to: Index3(z: z.1, y: y.1, x: x.1))
  }
}

extension VoxelBlock {
  /// A block of voxels, x fastest.
  public init<V: Voxel>(_ values: [V], box: Box3) {
    precondition(values.count == box.count)
    self.init(box, type: V.voxelType)
    var voxels = mutableVoxels(as: V.self)
    for i in 0..<values.count { voxels[i] = values[i] }
  }

  /// All voxels, x fastest.
  public func values<V: Voxel>(_: V.Type) -> [V] {
    let voxels = voxels(as: V.self)
    return (0..<voxels.count).map { voxels[$0] }
  }

  /// The voxel at a position of the volume.
  public func voxel<V: Voxel>(_: V.Type, at position: Index3) -> V {
    voxels(as: V.self)[rowStart(z: position.z, y: position.y) + position.x - box.origin.x]
  }
}
