internal import BrickCore

/// A volume whose planes along one axis became one: their largest or smallest voxel.
///
/// For floats NaN wins. A box is read in slabs of about 8 MiB along the axis.
struct ExtremeVolume: Volume {
  private let base: any Volume
  private let axis: Int
  private let takesMaximum: Bool
  let size: Index3

  init(_ base: any Volume, along axis: Int, maximum: Bool) {
    self.base = base
    self.axis = axis
    takesMaximum = maximum
    var size = base.size
    size[axis] = min(1, size[axis])
    self.size = size
  }

  var type: VoxelType { base.type }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    var scratch = VoxelBlock()
    let step = planes(of: block.box.size)
    for start in stride(from: 0, to: base.size[axis], by: step) {
      var part = block.box
      part.origin[axis] = start
      part.size[axis] = min(step, base.size[axis] - start)
      try base.withVoxels(of: part, scratch: &scratch) { view in
        if axis == 2 {
          block.foldRows(of: view, maximum: takesMaximum, isFirst: start == 0)
          return
        }
        for place in start..<start + part.size[axis] {
          var plane = part
          plane.origin[axis] = place
          plane.size[axis] = 1
          var offset = Index3.zero
          offset[axis] = -place
          let piece = view.cropped(to: plane)
          if place == 0 {
            block.copy(from: piece, offset: offset)
          } else if takesMaximum {
            block.formMaximum(piece, offset: offset)
          } else {
            block.formMinimum(piece, offset: offset)
          }
        }
      }
    }
  }

  /// Planes read at once for a box of this size.
  private func planes(of size: Index3) -> Int {
    max(1, min(base.size[axis], Slabs.limit / max(1, size.volume * type.byteCount)))
  }

  private func whole(_ box: Box3) -> Box3 {
    var box = box
    box.origin[axis] = 0
    box.size[axis] = box.isEmpty ? 0 : base.size[axis]
    return box
  }

  func scratchBytes(reading size: Index3) -> Int {
    var slab = size
    slab[axis] = planes(of: size)
    return base.bytesLending(slab)
  }

  func decodedBytes(reading box: Box3) -> Int { base.decodedBytes(reading: whole(box)) }
  func willRead(_ box: Box3) { base.willRead(whole(box)) }
  func didRead(_ box: Box3) { base.didRead(whole(box)) }
}

extension VoxelBlock {
  /// Makes each row of `view` one voxel of this block, which has one along x, together with what is there unless it is
  /// the first.
  fileprivate mutating func foldRows(
    of view: borrowing VoxelView, maximum: Bool, isFirst: Bool
  ) {
    switch type {
    case .uint8: fold(view, UInt8.self, maximum, isFirst)
    case .uint16: fold(view, UInt16.self, maximum, isFirst)
    case .uint32: fold(view, UInt32.self, maximum, isFirst)
    case .uint64: fold(view, UInt64.self, maximum, isFirst)
    case .int8: fold(view, Int8.self, maximum, isFirst)
    case .int16: fold(view, Int16.self, maximum, isFirst)
    case .int32: fold(view, Int32.self, maximum, isFirst)
    case .int64: fold(view, Int64.self, maximum, isFirst)
    case .float32: fold(view, Float.self, maximum, isFirst)
    case .float64: fold(view, Double.self, maximum, isFirst)
    }
  }

  private mutating func fold<V: Voxel>(
    _ view: borrowing VoxelView, _: V.Type, _ maximum: Bool, _ isFirst: Bool
  ) {
    let box = box
    var voxels = mutableVoxels(as: V.self)
    var place = 0
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        var best = isFirst ? row[0] : voxels[place]
        for i in 0..<row.count {
          let voxel = row[i]
          // `best != best` holds for NaN alone, which stays; a NaN voxel fails the comparison and is taken.
          if best != best { break }
          let keeps = maximum ? best >= voxel : best <= voxel
          if !keeps { best = voxel }
        }
        voxels[place] = best
        place += 1
      }
    }
  }
}
