public import BrickCore

/// A small random layout of tiles, with their voxels as doubles for oracles.
public struct RandomLayout: Sendable {
  /// One to six tiles.
  public var tiles: [ArrayVolume] = []
  /// Each tile's voxels, x fastest.
  public var values: [[Double]] = []
  /// Each tile's offset in voxels, x, y, z.
  public var offsets: [Point3] = []
  /// The tiles to blend, first to last; nil means all as they are.
  public var order: [Int]?
  /// The type of all tiles.
  public let type: VoxelType

  /// Tiles of 1 to 9 voxels along each axis, at whole and half positions, some at the same place,
  /// some apart; zeros and the ends of the type's range are common.
  public init(type: VoxelType, using random: inout some RandomNumberGenerator) {
    self.type = type
    let count = Int.random(in: 1...6, using: &random)
    for n in 0..<count {
      let size = Index3(
        z: .random(in: 1...9, using: &random), y: .random(in: 1...9, using: &random),
        x: .random(in: 1...9, using: &random))
      let (volume, values) = Self.tile(type, size, using: &random)
      tiles.append(volume)
      self.values.append(values)
      func place() -> Double {
        Double(Int.random(in: -6...14, using: &random))
          + ([0, 0, 0.25, 0.5, -0.5].randomElement(using: &random) ?? 0)
      }
      let duplicate = n > 0 && Int.random(in: 0..<6, using: &random) == 0
      offsets.append(duplicate ? offsets[n - 1] : Point3(x: place(), y: place(), z: place()))
    }
    if Bool.random(using: &random) {
      order = Array(
        Array(0..<count).shuffled(using: &random).prefix(Int.random(in: 1...count, using: &random)))
    }
  }

  /// Random voxels of any type, as a volume and as doubles.
  public static func tile(
    _ type: VoxelType, _ size: Index3, using random: inout some RandomNumberGenerator
  ) -> (ArrayVolume, [Double]) {
    func make<V: Voxel>(_: V.Type, _ pick: () -> V) -> (ArrayVolume, [Double]) {
      let voxels = (0..<size.volume).map { _ in pick() }
      return (ArrayVolume(voxels, size: size), voxels.map(\.asDouble))
    }
    func integer<V: Voxel & FixedWidthInteger>(_ type: V.Type) -> (ArrayVolume, [Double]) {
      // At most 2⁵⁰, so that a double holds every value and oracles stay exact.
      let top = V.bitWidth > 50 ? V(truncatingIfNeeded: 1 << 50) : V.max
      let bottom = V.isSigned ? (V.bitWidth > 50 ? 0 - top : V.min) : 0
      return make(type) {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: 0
        case 1: top
        case 2: bottom
        default: V.random(in: bottom...top, using: &random)
        }
      }
    }
    switch type {
    case .uint8: return integer(UInt8.self)
    case .uint16: return integer(UInt16.self)
    case .uint32: return integer(UInt32.self)
    case .uint64: return integer(UInt64.self)
    case .int8: return integer(Int8.self)
    case .int16: return integer(Int16.self)
    case .int32: return integer(Int32.self)
    case .int64: return integer(Int64.self)
    case .float32:
      return make(Float.self) {
        Int.random(in: 0..<4, using: &random) == 0
          ? 0 : Float.random(in: -1e3...1e3, using: &random)
      }
    case .float64:
      return make(Double.self) {
        Int.random(in: 0..<4, using: &random) == 0
          ? 0 : Double.random(in: -1e3...1e3, using: &random)
      }
    }
  }
}
