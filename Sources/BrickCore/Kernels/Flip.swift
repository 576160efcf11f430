extension VoxelBlock {
  /// Mirrors the voxels along some axes, in place; the box stays.
  public mutating func flip(_ axes: AxisSet) {
    guard !axes.isEmpty && !box.isEmpty else { return }
    // Moving a voxel needs its width alone.
    let type = type
    reinterpret(as: type.unsignedTwin)
    switch type.byteCount {
    case 1: flipRows(axes, UInt8.self)
    case 2: flipRows(axes, UInt16.self)
    case 4: flipRows(axes, UInt32.self)
    default: flipRows(axes, UInt64.self)
    }
    reinterpret(as: type)
  }

  private mutating func flipRows<V: Voxel>(_ axes: AxisSet, _: V.Type) {
    let (size, turnsRows) = (box.size, axes.contains(.x))
    var voxels = mutableVoxels(as: V.self)
    for z in 0..<size.z {
      for y in 0..<size.y {
        let row = z * size.y + y
        let partner =
          (axes.contains(.z) ? size.z - 1 - z : z) * size.y
          + (axes.contains(.y) ? size.y - 1 - y : y)
        // Every pair of rows is met twice and handled at the first meeting.
        if partner > row {
          exchangeRows(&voxels, row * size.x, partner * size.x, size.x, turned: turnsRows)
        } else if partner == row && turnsRows {
          turnRow(&voxels, row * size.x, size.x)
        }
      }
    }
  }
}

private func turnRow<V: Voxel>(_ voxels: inout MutableSpan<V>, _ start: Int, _ count: Int) {
  precondition(start >= 0 && count <= voxels.count - start)
  for i in 0..<count / 2 {
    let (left, right) = (start &+ i, start &+ count &- 1 &- i)
    let (a, b) = (voxels[left], voxels[right])
    voxels[left] = b
    voxels[right] = a
  }
}

private func exchangeRows<V: Voxel>(
  _ voxels: inout MutableSpan<V>, _ first: Int, _ second: Int, _ count: Int, turned: Bool
) {
  precondition(first >= 0 && second >= first && count <= voxels.count - second)
  if turned {
    for i in 0..<count {
      let (one, two) = (first &+ i, second &+ count &- 1 &- i)
      let (a, b) = (voxels[one], voxels[two])
      voxels[one] = b
      voxels[two] = a
    }
  } else {
    for i in 0..<count {
      let (a, b) = (voxels[first &+ i], voxels[second &+ i])
      voxels[first &+ i] = b
      voxels[second &+ i] = a
    }
  }
}
