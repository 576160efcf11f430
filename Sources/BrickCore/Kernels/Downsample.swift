// Coarser voxels from finer ones: the mean of a block, its first voxel, or the label most of it has.

/// How several voxels become one.
public enum DownsampleMethod: String, Sendable, Hashable, CaseIterable {
  /// The mean of the voxels that exist.
  case mean
  /// The first voxel along every axis.
  case stride
  /// The label most voxels have, background counting less: `VoxelBlock.majority(by:into:)` has the rule.
  case majority

  /// Whether voxels of `type` can be reduced this way: floats have no majority.
  public func serves(_ type: VoxelType) -> Bool { self != .majority || !type.isFloat }
}

extension Box3 {
  /// The box of blocks of `factor` voxels that this box, which begins at a block's start, touches.
  ///
  /// - Precondition: the origin is a multiple of `factor`, whose components are at least 1.
  public func downsampled(by factor: Index3) -> Box3 {
    precondition(
      factor.z > 0 && factor.y > 0 && factor.x > 0, "A factor is at least 1, not \(factor)")
    precondition(
      origin.isMultiple(of: factor), "The box \(self) does not begin at a multiple of \(factor)")
    // Exact, so the sign of the origin doesn't matter.
    return Box3(
      origin: origin.dividedRoundingDown(by: factor), size: size.dividedRoundingUp(by: factor))
  }
}

extension VoxelBlock {
  /// Makes `result` the block of the means of `factor` voxels.
  ///
  /// Blocks at the end average the voxels that exist. Integer means are rounded half up,
  /// ⌊sum / count + ½⌋, exactly; floats are summed as doubles in z, y, x order, divided, and rounded to
  /// the type once. The result's box is this one's divided by `factor`, rounded up at its end.
  ///
  /// - Precondition: the box's origin is a multiple of `factor`.
  public func downsampled(by factor: Index3, into result: inout VoxelBlock) {
    result.reshape(to: box.downsampled(by: factor), type: type)
    result.writeDownsampled(VoxelView(self), by: factor, method: .mean)
  }

  /// Makes `result` the block of the first of `factor` voxels along every axis.
  ///
  /// - Precondition: the box's origin is a multiple of `factor`.
  public func strided(by factor: Index3, into result: inout VoxelBlock) {
    result.reshape(to: box.downsampled(by: factor), type: type)
    result.writeDownsampled(VoxelView(self), by: factor, method: .stride)
  }

  /// Writes the means of this block's voxels into their place in the larger block `result`.
  ///
  /// The rules are those of `downsampled(by:into:)`. Other voxels of `result` stay as they are.
  /// - Precondition: `result` has this block's type and a box that holds
  ///   `box.downsampled(by: factor)`.
  public func downsampled(by factor: Index3, writingInto result: inout VoxelBlock) {
    result.writeDownsampled(VoxelView(self), by: factor, method: .mean)
  }

  /// Writes the first of `factor` voxels along every axis into their place in the larger block `result`.
  ///
  /// - Precondition: as for `downsampled(by:writingInto:)`.
  public func strided(by factor: Index3, writingInto result: inout VoxelBlock) {
    result.writeDownsampled(VoxelView(self), by: factor, method: .stride)
  }

  /// Writes what blocks of `factor` voxels of `source` become into their place in this block.
  ///
  /// - Precondition: this block has the view's type and a box that holds
  ///   `source.box.downsampled(by: factor)`; the view's origin is a multiple of `factor`; the method
  ///   serves the type.
  public mutating func writeDownsampled(
    _ source: borrowing VoxelView, by factor: Index3, method: DownsampleMethod
  ) {
    precondition(source.type == type, "A block of \(type) takes no voxels of \(source.type)")
    let target = source.box.downsampled(by: factor)
    precondition(box.contains(target), "The box \(target) does not lie in \(box)")
    guard !target.isEmpty else { return }
    switch method {
    case _ where factor == .one: copy(from: source)
    case .stride: writeStrided(source, factor, target)
    case .mean: writeMean(source, factor, target)
    case .majority: writeMajority(source, factor, target)
    }
  }

  private mutating func writeMean(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3
  ) {
    let pairs = factor.x == 2 && factor.y <= 2 && factor.z <= 2
    // Sums of few narrow voxels fit 32 bits, and of fewer than 2³⁰ wider ones 64.
    let count = factor.minimum(source.box.size).volume
    let (few, many) = (count <= 1 << 15, count > 1 << 30)
    switch type {
    case .uint8 where pairs: writePairMeans(source, factor, target, Pairs<UInt8, UInt16>.self)
    case .uint16 where pairs: writePairMeans(source, factor, target, Pairs<UInt16, UInt32>.self)
    case .uint32 where pairs: writePairMeans(source, factor, target, Pairs<UInt32, UInt64>.self)
    case .int8 where pairs: writePairMeans(source, factor, target, Pairs<Int8, Int16>.self)
    case .int16 where pairs: writePairMeans(source, factor, target, Pairs<Int16, Int32>.self)
    case .int32 where pairs: writePairMeans(source, factor, target, Pairs<Int32, Int64>.self)
    case .float32 where pairs: writeFloatPairMeans(source, factor, target, Float.self)
    case .float64 where pairs: writeFloatPairMeans(source, factor, target, Double.self)
    case .uint8 where few: means(source, factor, target, Mean<UInt8, UInt32>.self)
    case .uint16 where few: means(source, factor, target, Mean<UInt16, UInt32>.self)
    case .int8 where few: means(source, factor, target, Mean<Int8, Int32>.self)
    case .int16 where few: means(source, factor, target, Mean<Int16, Int32>.self)
    case .uint8: means(source, factor, target, Mean<UInt8, Int128>.self)
    case .uint16: means(source, factor, target, Mean<UInt16, Int128>.self)
    case .int8: means(source, factor, target, Mean<Int8, Int128>.self)
    case .int16: means(source, factor, target, Mean<Int16, Int128>.self)
    case .uint32 where many: means(source, factor, target, Mean<UInt32, Int128>.self)
    case .int32 where many: means(source, factor, target, Mean<Int32, Int128>.self)
    case .uint32: means(source, factor, target, Mean<UInt32, UInt64>.self)
    case .int32: means(source, factor, target, Mean<Int32, Int64>.self)
    case .uint64: means(source, factor, target, Mean<UInt64, Int128>.self)
    case .int64: means(source, factor, target, Mean<Int64, Int128>.self)
    case .float32: means(source, factor, target, FloatMean<Float>.self)
    case .float64: means(source, factor, target, FloatMean<Double>.self)
    }
  }

  private mutating func writeStrided(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3
  ) {
    // Moving a voxel needs its width alone.
    let type = type
    let unsigned = type.unsignedTwin
    let twin = VoxelView(
      source.bytes, box: source.box, type: unsigned, rowStride: source.rowStride,
      planeStride: source.planeStride)
    reinterpret(as: unsigned)
    switch type.byteCount {
    case 1: strideRows(twin, factor, target, UInt8.self)
    case 2: strideRows(twin, factor, target, UInt16.self)
    case 4: strideRows(twin, factor, target, UInt32.self)
    default: strideRows(twin, factor, target, UInt64.self)
    }
    reinterpret(as: type)
  }

  private mutating func strideRows<V: Voxel>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: V.Type
  ) {
    for z in target.origin.z..<target.end.z {
      for y in target.origin.y..<target.end.y {
        let row = source.row(z: z * factor.z, y: y * factor.y, as: V.self)
        var result = mutableRow(z: z, y: y, x: target.origin.x..<target.end.x, as: V.self)
        let count = result.count
        precondition((count - 1) * factor.x < row.count)
        for i in 0..<count { result[i] = row[i &* factor.x] }
      }
    }
  }
}

extension VoxelType {
  /// The unsigned integer type of the same width: what a kernel that only moves voxels looks at.
  var unsignedTwin: VoxelType {
    switch byteCount {
    case 1: .uint8
    case 2: .uint16
    case 4: .uint32
    default: .uint64
    }
  }
}
