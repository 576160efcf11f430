public import BrickCore

extension VoxelView {
  /// The voxels of the view as 16-bit greys, x fastest.
  ///
  /// - Parameter window: the values that become 0 and 65 535; nil keeps values, rounded half up and cut to that range
  ///   (NaN becomes 0).
  public func greys16(_ window: ContrastWindow?) -> [UInt16] {
    switch type {
    case .uint8: greys16(UInt8.self, window)
    case .uint16: greys16(UInt16.self, window)
    case .uint32: greys16(UInt32.self, window)
    case .uint64: greys16(UInt64.self, window)
    case .int8: greys16(Int8.self, window)
    case .int16: greys16(Int16.self, window)
    case .int32: greys16(Int32.self, window)
    case .int64: greys16(Int64.self, window)
    case .float32: greys16(Float.self, window)
    case .float64: greys16(Double.self, window)
    }
  }

  private func greys16<V: Voxel>(_: V.Type, _ window: ContrastWindow?) -> [UInt16] {
    var greys: [UInt16] = []
    greys.reserveCapacity(box.count)
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = row(z: z, y: y, as: V.self)
        for x in 0..<row.count {
          let value = row[x].asDouble
          greys.append(window.map { $0.grey16(value) } ?? UInt16(nearestTo: value))
        }
      }
    }
    return greys
  }
}
