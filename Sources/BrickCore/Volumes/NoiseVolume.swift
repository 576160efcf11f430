/// Uniform random noise that is stored nowhere: each voxel follows from the seed and its place alone.
///
/// A voxel is the number that SplitMix64 draws at its place in z, y, x order, started at a point that seed and stream
/// choose, brought to the range 0 ≤ v < amplitude. So any box reads the same, in any order and on any number of threads.
/// Integers take the upper half of draw × amplitude: each value is as likely as the next, but for one part in
/// 2⁶⁴ / amplitude. Floats take the draw's upper 24 bits (float32) or 53 bits (float64) as a fraction.
/// SplitMix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct NoiseVolume: Volume {
  /// The type of every voxel.
  public let type: VoxelType
  /// Voxels along z, y, x.
  public let size: Index3
  /// Voxels are smaller than this; 0 makes them all zero.
  public let amplitude: Double
  /// Where the sequence of draws starts.
  private let key: UInt64

  /// Noise of a type, in [0, amplitude).
  ///
  /// - Parameter stream: which of the sequences that belong to a seed: a tile's number.
  /// - Throws: `BrickworkError` with code `.badRequest` if the amplitude is negative, not finite, or none of the type's:
  ///   a whole number up to the largest value plus one for integers (and to 2⁶³), a finite one for floats.
  public init(
    type: VoxelType, size: Index3, amplitude: Double, seed: UInt64, stream: Int = 0
  ) throws {
    let largest = Self.largestAmplitude(of: type)
    guard amplitude >= 0, amplitude <= largest, type.isFloat || amplitude == amplitude.rounded()
    else {
      throw BrickworkError(
        .badRequest, reason: "noise of \(amplitude) can't be made of \(type.rawValue) voxels",
        remedy: type.isFloat
          ? "Choose a number from 0 to \(largest)" : "Choose a whole number from 0 to \(largest)")
    }
    self.type = type
    self.size = size
    self.amplitude = amplitude
    key = Self.mixed(Self.mixed(seed &+ Self.step) ^ UInt64(bitPattern: Int64(stream)) &* Self.step)
  }

  /// The largest amplitude of a type.
  public static func largestAmplitude(of type: VoxelType) -> Double {
    switch type {
    case .float64: return .greatestFiniteMagnitude
    case .float32: return Double(Float.greatestFiniteMagnitude)
    default:
      // Two to the number of bits without the sign.
      let bits = type.byteCount * 8 - (type.isSigned ? 1 : 0)
      return Double(UInt64(1) << UInt64(min(63, bits)))
    }
  }

  /// Fills the block with the voxels of its box.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    guard amplitude > 0 else {
      block.clear()
      return
    }
    switch type {
    case .uint8: fill(&block, integer: UInt8.self)
    case .uint16: fill(&block, integer: UInt16.self)
    case .uint32: fill(&block, integer: UInt32.self)
    case .uint64: fill(&block, integer: UInt64.self)
    case .int8: fill(&block, integer: Int8.self)
    case .int16: fill(&block, integer: Int16.self)
    case .int32: fill(&block, integer: Int32.self)
    case .int64: fill(&block, integer: Int64.self)
    case .float32:
      let (scale, last) = (Float(amplitude), Float(amplitude).nextDown)
      fill(&block) { draw in min(Float(draw >> 40) * 0x1p-24 * scale, last) }
    case .float64:
      let (scale, last) = (amplitude, amplitude.nextDown)
      fill(&block) { draw in min(Double(draw >> 11) * 0x1p-53 * scale, last) }
    }
  }

  /// Nothing: voxels are written into the block itself.
  public func scratchBytes(reading size: Index3) -> Int { 0 }

  private func fill<V: Voxel & FixedWidthInteger>(_ block: inout VoxelBlock, integer _: V.Type) {
    let range = UInt64(amplitude)
    fill(&block) { draw in V(truncatingIfNeeded: draw.multipliedFullWidth(by: range).high) }
  }

  /// Writes the voxel of each draw.
  private func fill<V: Voxel>(_ block: inout VoxelBlock, _ voxel: (UInt64) -> V) {
    let box = block.box
    var voxels = block.mutableVoxels(as: V.self)
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let first = (z * size.y + y) * size.x + box.origin.x
        var state = key &+ UInt64(first) &* Self.step
        for _ in 0..<box.size.x {
          state &+= Self.step
          voxels[place] = voxel(Self.mixed(state))
          place += 1
        }
      }
    }
  }

  /// The golden ratio as a fraction of 2⁶⁴.
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  private static func mixed(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
