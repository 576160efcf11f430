// How tiles that share voxels become one: each rule combines what a block holds with what a view brings.

/// A rule that makes one voxel of two.
private protocol Combination {
  /// - Parameters:
  ///   - old: what the block holds.
  ///   - new: what the view brings.
  static func combine<V: Voxel>(_ old: V, _ new: V) -> V
}

private enum LaterNonZero: Combination {
  // −0.0 equals zero and NaN doesn't, so one comparison serves every type.
  @inline(__always)
  static func combine<V: Voxel>(_ old: V, _ new: V) -> V { new == .zero ? old : new }
}

private enum Larger: Combination {
  // `old != old` holds for NaN alone; a NaN in `new` fails the comparison and is taken.
  @inline(__always)
  static func combine<V: Voxel>(_ old: V, _ new: V) -> V { old >= new || old != old ? old : new }
}

private enum Smaller: Combination {
  @inline(__always)
  static func combine<V: Voxel>(_ old: V, _ new: V) -> V { old <= new || old != old ? old : new }
}

extension VoxelBlock {
  /// Overwrites voxels with the non-zero ones of `view`: zeros are transparent.
  ///
  /// −0.0 is zero too; NaN is not, and overwrites. Both hold the same type. Voxels of the view that fall
  /// outside this block are left out.
  /// - Parameter offset: what is added to the view's coordinates to get those of this block.
  public mutating func overlayNonZero(_ view: borrowing VoxelView, offset: Index3 = .zero) {
    combine(view, offset: offset, by: LaterNonZero.self)
  }

  /// Keeps the larger of each voxel and the one of `view`; NaN on either side wins.
  ///
  /// That is `numpy.maximum`. Both hold the same type. Voxels of the view that fall outside this block
  /// are left out.
  /// - Parameter offset: what is added to the view's coordinates to get those of this block.
  public mutating func formMaximum(_ view: borrowing VoxelView, offset: Index3 = .zero) {
    combine(view, offset: offset, by: Larger.self)
  }

  /// Keeps the smaller of each voxel and the one of `view`; NaN on either side wins.
  ///
  /// That is `numpy.minimum`. Both hold the same type. Voxels of the view that fall outside this block
  /// are left out.
  /// - Parameter offset: what is added to the view's coordinates to get those of this block.
  public mutating func formMinimum(_ view: borrowing VoxelView, offset: Index3 = .zero) {
    combine(view, offset: offset, by: Smaller.self)
  }

  private mutating func combine<C: Combination>(
    _ view: borrowing VoxelView, offset: Index3, by rule: C.Type
  ) {
    precondition(view.type == type, "A block of \(type) takes no voxels of \(view.type)")
    switch type {
    case .uint8: combineRows(view, offset, rule, UInt8.self)
    case .uint16: combineRows(view, offset, rule, UInt16.self)
    case .uint32: combineRows(view, offset, rule, UInt32.self)
    case .uint64: combineRows(view, offset, rule, UInt64.self)
    case .int8: combineRows(view, offset, rule, Int8.self)
    case .int16: combineRows(view, offset, rule, Int16.self)
    case .int32: combineRows(view, offset, rule, Int32.self)
    case .int64: combineRows(view, offset, rule, Int64.self)
    case .float32: combineRows(view, offset, rule, Float.self)
    case .float64: combineRows(view, offset, rule, Double.self)
    }
  }

  private mutating func combineRows<C: Combination, V: Voxel>(
    _ view: borrowing VoxelView, _ offset: Index3, _ rule: C.Type, _: V.Type
  ) {
    let source = view.translated(by: offset)
    let shared = box.intersection(source.box)
    guard !shared.isEmpty else { return }
    let columns = shared.origin.x..<shared.end.x
    let skip = shared.origin.x - source.box.origin.x
    for z in shared.origin.z..<shared.end.z {
      for y in shared.origin.y..<shared.end.y {
        var target = mutableRow(z: z, y: y, x: columns, as: V.self)
        let row = source.row(z: z, y: y, as: V.self).extracting(skip..<skip + columns.count)
        combineRow(row, into: &target, rule)
      }
    }
  }
}

private func combineRow<C: Combination, V: Voxel>(
  _ source: Span<V>, into target: inout MutableSpan<V>, _: C.Type
) {
  let count = source.count
  precondition(target.count == count, "Both rows are equally long")
  for i in 0..<count {
    // Both loads come before the choice: inside it they keep the loop from being vectorised, and six
    // times slower.
    let (old, new) = (target[i], source[i])
    target[i] = C.combine(old, new)
  }
}
