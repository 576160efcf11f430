// Voxels of one type into voxels of another, row by row, through a row of a wider type: ten loops in and
// forty out instead of a hundred, and the row between stays in the nearest cache.

extension VoxelBlock {
  /// Writes the voxels of `view`, converted to this block's type, into the block.
  ///
  /// - Integers to integers: exact; values beyond the range become its limits.
  /// - Floats to integers: rounded half up, ⌊v + ½⌋ in double precision, then as above; NaN becomes 0.
  /// - To floats: the nearest value, ties to even.
  /// - Precondition: the view's box lies in this block's.
  public mutating func writeConverted(_ view: borrowing VoxelView) {
    precondition(box.contains(view.box), "The box \(view.box) does not lie in \(box)")
    switch view.type {
    case type: copy(from: view)
    case .uint8: convertRows(view, UInt8.self) { Int32($0) }
    case .uint16: convertRows(view, UInt16.self) { Int32($0) }
    case .int8: convertRows(view, Int8.self) { Int32($0) }
    case .int16: convertRows(view, Int16.self) { Int32($0) }
    case .int32: convertRows(view, Int32.self) { $0 }
    case .uint32: convertRows(view, UInt32.self) { Int64($0) }
    case .int64: convertRows(view, Int64.self) { $0 }
    case .uint64: convertRows(view, UInt64.self) { $0 }
    case .float32: convertRows(view, Float.self) { Double($0) }
    case .float64: convertRows(view, Double.self) { $0 }
    }
  }

  @inline(__always)
  private mutating func convertRows<V: Voxel, Wide: WideNumber>(
    _ view: borrowing VoxelView, _: V.Type, _ widen: (V) -> Wide
  ) {
    let source = view.box
    guard !source.isEmpty else { return }
    var row = [Wide](repeating: 0, count: source.size.x)
    for z in source.origin.z..<source.end.z {
      for y in source.origin.y..<source.end.y {
        var wide = row.mutableSpan
        mapRow(view.row(z: z, y: y, as: V.self), into: &wide, widen)
        narrow(wide.span, z: z, y: y, x: source.origin.x..<source.end.x)
      }
    }
  }

  private mutating func narrow<Wide: WideNumber>(
    _ row: Span<Wide>, z: Int, y: Int, x: Range<Int>
  ) {
    switch type {
    case .uint8: narrow(row, z, y, x) { UInt8(limiting: $0) }
    case .uint16: narrow(row, z, y, x) { UInt16(limiting: $0) }
    case .uint32: narrow(row, z, y, x) { UInt32(limiting: $0) }
    case .uint64: narrow(row, z, y, x) { UInt64(limiting: $0) }
    case .int8: narrow(row, z, y, x) { Int8(limiting: $0) }
    case .int16: narrow(row, z, y, x) { Int16(limiting: $0) }
    case .int32: narrow(row, z, y, x) { Int32(limiting: $0) }
    case .int64: narrow(row, z, y, x) { Int64(limiting: $0) }
    case .float32: narrow(row, z, y, x) { $0.nearestFloat }
    case .float64: narrow(row, z, y, x) { $0.nearestDouble }
    }
  }

  @inline(__always)
  private mutating func narrow<Wide: WideNumber, V: Voxel>(
    _ row: Span<Wide>, _ z: Int, _ y: Int, _ x: Range<Int>, _ transform: (Wide) -> V
  ) {
    var target = mutableRow(z: z, y: y, x: x, as: V.self)
    mapRow(row, into: &target, transform)
  }
}

/// A number that voxels pass through on their way to another type.
private protocol WideNumber: BitwiseCopyable, ExpressibleByIntegerLiteral {
  /// The nearest integer, rounded half up, or the limit of the range it leaves; 0 for NaN.
  func limited<V: FixedWidthInteger>(to type: V.Type) -> V
  var nearestFloat: Float { get }
  var nearestDouble: Double { get }
}

extension FixedWidthInteger {
  @inline(__always)
  fileprivate init<Wide: WideNumber>(limiting number: Wide) { self = number.limited(to: Self.self) }
}

extension WideNumber where Self: FixedWidthInteger {
  @inline(__always)
  fileprivate func limited<V: FixedWidthInteger>(to type: V.Type) -> V { V(clamping: self) }
}

extension Int32: WideNumber {
  fileprivate var nearestFloat: Float { Float(self) }
  fileprivate var nearestDouble: Double { Double(self) }
}

extension Int64: WideNumber {
  fileprivate var nearestFloat: Float { Float(self) }
  fileprivate var nearestDouble: Double { Double(self) }
}

extension UInt64: WideNumber {
  fileprivate var nearestFloat: Float { Float(self) }
  fileprivate var nearestDouble: Double { Double(self) }
}

extension Double: WideNumber {
  fileprivate var nearestFloat: Float { Float(self) }
  fileprivate var nearestDouble: Double { self }

  @inline(__always)
  fileprivate func limited<V: FixedWidthInteger>(to type: V.Type) -> V {
    // Conversions that trap are not vectorised; where the range allows, the number is moved to where a
    // double's last bits count ones, and they are taken as they are.
    let number = self == self ? self : 0
    guard V.bitWidth <= 32 else {
      let nearest = number.nearest(floor: number.rounded(.down))
      return nearest >= Double(V.max) ? .max : nearest <= Double(V.min) ? .min : V(nearest)
    }
    let (lowest, highest) = (Double(V.min), Double(V.max))
    let above = number < lowest ? lowest : number
    let limited = above > highest ? highest : above
    let nearest = limited.nearest(floor: limited.floorOfSmall)
    return V(truncatingIfNeeded: (nearest + Double.onesAreLastBits).bitPattern)
  }
}

extension Double {
  /// 1.5 · 2⁵²: added to an integer of up to 32 bits, the sum's low bits are the integer's.
  static var onesAreLastBits: Double { 6_755_399_441_055_744 }

  /// The nearest whole number, halves up, of a number whose floor is known.
  @inline(__always)
  fileprivate func nearest(floor: Double) -> Double { self - floor >= 0.5 ? floor + 1 : floor }

  /// The floor of a number below 2⁵⁰ in magnitude, by additions and a comparison alone.
  @inline(__always)
  var floorOfSmall: Double {
    let nearest = (self + Self.onesAreLastBits) - Self.onesAreLastBits
    return nearest > self ? nearest - 1 : nearest
  }
}
