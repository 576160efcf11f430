internal import BrickCore

/// Decoded samples of 32 bits to voxels of their own type and back.
enum Samples {
  /// Writes one plane, row by row or rows as columns, into the `plane`th plane of a block.
  static func write(
    _ samples: Span<Int32>, width: Int, to block: inout VoxelBlock, plane: Int, transposes: Bool
  ) {
    // Values beyond a type's bits don't occur: OpenJPEG cuts samples to the depth in the header.
    switch block.type {
    case .uint8:
      var voxels = block.mutableVoxels(as: UInt8.self)
      put(samples, width, &voxels, plane, transposes)
    case .int8:
      var voxels = block.mutableVoxels(as: Int8.self)
      put(samples, width, &voxels, plane, transposes)
    case .uint16:
      var voxels = block.mutableVoxels(as: UInt16.self)
      put(samples, width, &voxels, plane, transposes)
    case .int16:
      var voxels = block.mutableVoxels(as: Int16.self)
      put(samples, width, &voxels, plane, transposes)
    case .uint32:
      var voxels = block.mutableVoxels(as: UInt32.self)
      put(samples, width, &voxels, plane, transposes)
    case .int32:
      var voxels = block.mutableVoxels(as: Int32.self)
      put(samples, width, &voxels, plane, transposes)
    default: preconditionFailure("JPEG 2000 holds no \(block.type)")
    }
  }

  private static func put<V: Voxel & FixedWidthInteger>(
    _ samples: Span<Int32>, _ width: Int, _ voxels: inout MutableSpan<V>, _ plane: Int,
    _ transposes: Bool
  ) {
    let start = plane * samples.count
    guard transposes else {
      for i in samples.indices { voxels[start + i] = V(truncatingIfNeeded: samples[i]) }
      return
    }
    let height = samples.count / max(1, width)
    // Squares of 32 keep both sides in the first cache.
    for top in stride(from: 0, to: height, by: 32) {
      for left in stride(from: 0, to: width, by: 32) {
        for x in left..<min(left + 32, width) {
          for y in top..<min(top + 32, height) {
            voxels[start + x * height + y] = V(truncatingIfNeeded: samples[y * width + x])
          }
        }
      }
    }
  }
}

extension Samples {
  /// Copies the voxels of one plane, row by row.
  static func read(_ view: borrowing VoxelView, into samples: inout MutableSpan<Int32>) {
    switch view.type {
    case .uint8: take(view, UInt8.self, &samples)
    case .int8: take(view, Int8.self, &samples)
    case .uint16: take(view, UInt16.self, &samples)
    case .int16: take(view, Int16.self, &samples)
    default: preconditionFailure("JPEG 2000 is not written of \(view.type)")
    }
  }

  private static func take<V: Voxel & FixedWidthInteger>(
    _ view: borrowing VoxelView, _: V.Type, _ samples: inout MutableSpan<Int32>
  ) {
    let width = view.box.size.x
    for (line, y) in (view.box.origin.y..<view.box.end.y).enumerated() {
      let row = view.row(z: view.box.origin.z, y: y, as: V.self)
      for x in 0..<width { samples[line * width + x] = Int32(row[x]) }
    }
  }
}
