/// The map of a range of intensities onto 0…255: clamp((v − low) · 255 / (high − low), 0, 255), truncated.
///
/// It is computed in double precision, multiplication first; 64-bit integers are rounded to doubles
/// before. NaN becomes 0.
public struct IntensityScale: Sendable, Hashable {
  /// What becomes 0.
  public let low: Double
  /// What becomes 255.
  public let high: Double

  /// - Parameter everyVoxelIsEqual: says that `low` = `high` is no mistake: everything becomes 0.
  /// - Throws: `BrickworkError` with code `.badRequest` unless low < high, or both are equal and meant to be.
  public init(low: Double, high: Double, everyVoxelIsEqual: Bool = false) throws {
    guard low.isFinite, high.isFinite, low < high || (low == high && everyVoxelIsEqual) else {
      throw BrickworkError(
        .badRequest, reason: "the intensities \(low) to \(high) span no range to scale",
        remedy: "Give two finite numbers, the lower one first")
    }
    self.low = low
    self.high = high
  }

  /// The scaled intensity.
  @inline(__always)
  public func callAsFunction(_ value: Double) -> UInt8 {
    let range = high - low
    guard range > 0 else { return 0 }
    let scaled = (value - low) * 255 / range
    // A comparison with NaN fails and gives 0.
    let above = scaled > 0 ? scaled : 0
    let limited = above > 255 ? 255 : above
    return UInt8(truncatingIfNeeded: (limited.floorOfSmall + Double.onesAreLastBits).bitPattern)
  }

  /// The scaled intensity of every bit pattern of an 8- or 16-bit type; empty for wider types.
  func table(of type: VoxelType) -> [UInt8] {
    switch type {
    case .uint8: (UInt8.min...UInt8.max).map { self(Double($0)) }
    case .int8: (UInt8.min...UInt8.max).map { self(Double(Int8(bitPattern: $0))) }
    case .uint16: (UInt16.min...UInt16.max).map { self(Double($0)) }
    case .int16: (UInt16.min...UInt16.max).map { self(Double(Int16(bitPattern: $0))) }
    default: []
    }
  }
}

extension VoxelBlock {
  /// Writes the scaled voxels of `view` into this block of uint8.
  ///
  /// - Parameter table: `scale.table(of: view.type)`, made once for many blocks.
  mutating func writeScaled(_ view: borrowing VoxelView, _ scale: IntensityScale, table: [UInt8]) {
    precondition(box.contains(view.box), "The box \(view.box) does not lie in \(box)")
    switch view.type {
    case .uint8: scaleRows(view, UInt8.self) { table[Int($0)] }
    case .int8: scaleRows(view, Int8.self) { table[Int(UInt8(bitPattern: $0))] }
    case .uint16: scaleRows(view, UInt16.self) { table[Int($0)] }
    case .int16: scaleRows(view, Int16.self) { table[Int(UInt16(bitPattern: $0))] }
    case .uint32: scaleRows(view, UInt32.self) { scale(Double($0)) }
    case .int32: scaleRows(view, Int32.self) { scale(Double($0)) }
    case .uint64: scaleRows(view, UInt64.self) { scale(Double($0)) }
    case .int64: scaleRows(view, Int64.self) { scale(Double($0)) }
    case .float32: scaleRows(view, Float.self) { scale(Double($0)) }
    case .float64: scaleRows(view, Double.self) { scale($0) }
    }
  }

  @inline(__always)
  private mutating func scaleRows<V: Voxel>(
    _ view: borrowing VoxelView, _: V.Type, _ transform: (V) -> UInt8
  ) {
    let source = view.box
    guard !source.isEmpty else { return }
    for z in source.origin.z..<source.end.z {
      for y in source.origin.y..<source.end.y {
        var target = mutableRow(z: z, y: y, x: source.origin.x..<source.end.x, as: UInt8.self)
        mapRow(view.row(z: z, y: y, as: V.self), into: &target, transform)
      }
    }
  }
}
