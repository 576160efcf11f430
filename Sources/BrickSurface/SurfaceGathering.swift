public import BrickCore

extension VoxelBlock {
  /// Takes from `view` the voxel at each column's plane, for columns whose plane lies in it.
  ///
  /// This block has one plane, z = 0; the view holds voxels of the same type.
  /// - Parameter planes: one for each column of this block, x fastest; what is not in the view is left out.
  public mutating func gather(_ view: borrowing VoxelView, at planes: Span<Int32>) {
    precondition(
      box.size.z == 1 && planes.count == box.count && type == view.type,
      "Each column of a block of one plane has its plane")
    switch type {
    case .uint8: gather(view, planes, UInt8.self)
    case .uint16: gather(view, planes, UInt16.self)
    case .uint32: gather(view, planes, UInt32.self)
    case .uint64: gather(view, planes, UInt64.self)
    case .int8: gather(view, planes, Int8.self)
    case .int16: gather(view, planes, Int16.self)
    case .int32: gather(view, planes, Int32.self)
    case .int64: gather(view, planes, Int64.self)
    case .float32: gather(view, planes, Float.self)
    case .float64: gather(view, planes, Double.self)
    }
  }

  private mutating func gather<V: SurfaceVoxel>(
    _ view: borrowing VoxelView, _ planes: Span<Int32>, _: V.Type
  ) {
    let (mine, theirs) = (box, view.box)
    var target = mutableVoxels(as: V.self)
    let (firstY, endY) = (max(mine.origin.y, theirs.origin.y), min(mine.end.y, theirs.end.y))
    let (firstX, endX) = (max(mine.origin.x, theirs.origin.x), min(mine.end.x, theirs.end.x))
    guard firstY < endY, firstX < endX else { return }
    for y in firstY..<endY {
      let start = (y - mine.origin.y) * mine.size.x - mine.origin.x
      for x in firstX..<endX {
        let z = Int(planes[start + x])
        guard z >= theirs.origin.z && z < theirs.end.z else { continue }
        target[start + x] = view.row(z: z, y: y, as: V.self)[x - theirs.origin.x]
      }
    }
  }
}
