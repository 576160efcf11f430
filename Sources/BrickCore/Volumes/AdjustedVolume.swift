/// How a tile's intensities are changed: v · gain + offset.
///
/// It is computed in double precision, 64-bit integers being rounded to doubles before. Integers are rounded half up and
/// limited to their range; zero, which stands for what was not imaged, stays zero.
public struct IntensityAdjustment: Sendable, Hashable {
  /// What voxels are multiplied with.
  public var gain: Double
  /// What is added then.
  public var offset: Double

  /// An adjustment; the usual one changes nothing.
  public init(gain: Double = 1, offset: Double = 0) {
    self.gain = gain
    self.offset = offset
  }

  /// Whether every voxel stays as it is.
  public var isIdentity: Bool { gain == 1 && offset == 0 }

  /// The adjusted voxel.
  @inline(__always)
  func callAsFunction<V: Voxel>(_ voxel: V) -> V {
    voxel == V.zero ? voxel : V(nearestTo: voxel.asDouble * gain + offset)
  }
}

/// A volume whose intensities are adjusted as they are read.
public struct AdjustedVolume: Volume {
  private let base: any Volume
  private let adjustment: IntensityAdjustment
  /// The adjusted voxel of each bit pattern of an 8- or 16-bit type; empty for wider types.
  private let table: [UInt16]

  init(_ base: any Volume, _ adjustment: IntensityAdjustment) {
    self.base = base
    self.adjustment = adjustment
    table =
      switch base.type {
      case .uint8: (UInt8.min...UInt8.max).map { UInt16(adjustment($0)) }
      case .int8:
        (UInt8.min...UInt8.max).map {
          UInt16(UInt8(bitPattern: adjustment(Int8(bitPattern: $0))))
        }
      case .uint16: (UInt16.min...UInt16.max).map { adjustment($0) }
      case .int16:
        (UInt16.min...UInt16.max).map { UInt16(bitPattern: adjustment(Int16(bitPattern: $0))) }
      default: []
      }
  }

  /// The base's type.
  public var type: VoxelType { base.type }
  /// Voxels along z, y, x: the base's.
  public var size: Index3 { base.size }

  /// Reads the base straight into the block and adjusts the voxels there.
  public func read(into block: inout VoxelBlock) throws {
    try base.read(into: &block)
    switch type {
    case .uint8: look(in: &block, UInt8.self, { Int($0) }, { UInt8(truncatingIfNeeded: $0) })
    case .int8:
      look(in: &block, Int8.self, { Int(UInt8(bitPattern: $0)) }, { Int8(truncatingIfNeeded: $0) })
    case .uint16: look(in: &block, UInt16.self, { Int($0) }, { $0 })
    case .int16:
      look(
        in: &block, Int16.self, { Int(UInt16(bitPattern: $0)) }, { Int16(truncatingIfNeeded: $0) })
    case .uint32: compute(in: &block, UInt32.self)
    case .int32: compute(in: &block, Int32.self)
    case .uint64: compute(in: &block, UInt64.self)
    case .int64: compute(in: &block, Int64.self)
    case .float32: compute(in: &block, Float.self)
    case .float64: compute(in: &block, Double.self)
    }
  }

  @inline(__always)
  private func look<V: Voxel>(
    in block: inout VoxelBlock, _: V.Type, _ place: (V) -> Int, _ voxel: (UInt16) -> V
  ) {
    var voxels = block.mutableVoxels(as: V.self)
    for i in 0..<voxels.count { voxels[i] = voxel(table[place(voxels[i])]) }
  }

  @inline(__always)
  private func compute<V: Voxel>(in block: inout VoxelBlock, _: V.Type) {
    var voxels = block.mutableVoxels(as: V.self)
    for i in 0..<voxels.count { voxels[i] = adjustment(voxels[i]) }
  }

  /// What the base takes: voxels are adjusted in place.
  public func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }
  /// What the base decodes for the same box.
  public func decodedBytes(reading box: Box3) -> Int { base.decodedBytes(reading: box) }
  /// Tells the base that the same box will be read.
  public func willRead(_ box: Box3) { base.willRead(box) }
  /// Tells the base that the same box is not needed for now.
  public func didRead(_ box: Box3) { base.didRead(box) }
}

extension Volume {
  /// The volume with adjusted intensities; this volume if the adjustment changes nothing.
  ///
  /// Nothing is read.
  public func adjusted(by adjustment: IntensityAdjustment) -> any Volume {
    adjustment.isIdentity ? self : AdjustedVolume(self, adjustment)
  }
}
