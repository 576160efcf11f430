extension VoxelHistogram {
  /// Counts the voxels of `view`, which holds the histogram's type.
  public mutating func add(_ view: borrowing VoxelView) {
    precondition(view.type == type, "A histogram of \(type) takes no voxels of \(view.type)")
    guard !view.box.isEmpty else { return }
    switch type {
    case .uint8: addBytes(view, turned: 0)
    case .int8: addBytes(view, turned: 0x80)
    case .uint16: addShorts(view, turned: 0)
    case .int16: addShorts(view, turned: 0x8000)
    case .uint32: addWide(view, UInt32.self)
    case .uint64: addWide(view, UInt64.self)
    case .int32: addWide(view, Int32.self)
    case .int64: addWide(view, Int64.self)
    case .float32: addWide(view, Float.self)
    case .float64: addWide(view, Double.self)
    }
  }

  /// Counts bytes in four tables by turns: one table would wait for itself where voxels repeat.
  private mutating func addBytes(_ view: borrowing VoxelView, turned: UInt8) {
    var tables = [Int](repeating: 0, count: 4 << 8)
    countBytes(of: view, in: &tables)
    for i in 0..<256 {
      bins[i ^ Int(turned)] += tables[i] + tables[256 + i] + tables[512 + i] + tables[768 + i]
    }
    count += view.box.count
  }

  private mutating func addShorts(_ view: borrowing VoxelView, turned: UInt16) {
    countShorts(of: view, in: &bins, turned: turned)
    count += view.box.count
  }

  private mutating func addWide<V: OrderedVoxel>(_ view: borrowing VoxelView, _: V.Type) {
    let box = view.box
    let shift = V.Key(truncatingIfNeeded: V.Key.bitWidth - 16)
    var counts = bins.mutableSpan
    precondition(counts.count == 1 << 16)
    var (smallest, largest, nans) = (V.Key.max, V.Key.min, 0)
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        for i in 0..<row.count {
          let voxel = row[i]
          guard voxel == voxel else {
            nans += 1
            continue
          }
          let key = voxel.key
          counts[Int(truncatingIfNeeded: key &>> shift)] &+= 1
          smallest = min(smallest, key)
          largest = max(largest, key)
        }
      }
    }
    count += box.count - nans
    nanCount += nans
    guard nans < box.count else { return }
    smallestKey = min(smallestKey, UInt64(smallest))
    largestKey = max(largestKey, UInt64(largest))
  }
}

/// Counts the bytes of a view in four tables of 256 by turns.
func countBytes<Count: FixedWidthInteger>(of view: borrowing VoxelView, in tables: inout [Count]) {
  var counts = tables.mutableSpan
  precondition(counts.count == 4 << 8)
  forEachRow(of: view) { row in
    let end = row.byteCount / 4 * 4
    for i in stride(from: 0, to: end, by: 4) {
      let four = unsafe row.unsafeLoadUnaligned(fromUncheckedByteOffset: i, as: UInt32.self)
      counts[Int(four & 0xFF)] &+= 1
      counts[Int(four >> 8 & 0xFF) | 256] &+= 1
      counts[Int(four >> 16 & 0xFF) | 512] &+= 1
      counts[Int(four >> 24) | 768] &+= 1
    }
    for i in end..<row.byteCount {
      counts[Int(unsafe row.unsafeLoad(fromByteOffset: i, as: UInt8.self))] &+= 1
    }
  }
}

/// Counts the 16-bit voxels of a view, as unsigned ones whose bits are turned by `turned`, in the first 65 536 counters.
///
/// A counter that was just written has to be waited for: four equal neighbours are counted at once.
func countShorts<Count: FixedWidthInteger>(
  of view: borrowing VoxelView, in counters: inout [Count], turned: UInt16 = 0
) {
  let turn = Int(turned)
  let lanes: UInt64 = 0x0001_0001_0001_0001
  var counters = counters.mutableSpan
  precondition(counters.count >= 1 << 16)
  // In bounds: sixteen bits, turned or not, are less than 65 536.
  func count(_ place: Int, _ voxels: Count, _ counters: inout MutableSpan<Count>) {
    unsafe counters[unchecked: place ^ turn] &+= voxels
  }
  forEachRow(of: view) { row in
    let end = row.byteCount / 8 * 8
    for i in stride(from: 0, to: end, by: 8) {
      let four = unsafe row.unsafeLoadUnaligned(fromUncheckedByteOffset: i, as: UInt64.self)
      let first = four & 0xFFFF
      if four == first &* lanes {
        count(Int(first), 4, &counters)
      } else {
        count(Int(first), 1, &counters)
        count(Int(four >> 16 & 0xFFFF), 1, &counters)
        count(Int(four >> 32 & 0xFFFF), 1, &counters)
        count(Int(four >> 48), 1, &counters)
      }
    }
    for i in stride(from: end, to: row.byteCount, by: 2) {
      let one = unsafe row.unsafeLoadUnaligned(fromUncheckedByteOffset: i, as: UInt16.self)
      count(Int(one), 1, &counters)
    }
  }
}

/// Calls `body` with the bytes of each row.
@inline(__always)
private func forEachRow(of view: borrowing VoxelView, _ body: (RawSpan) -> Void) {
  for z in view.box.origin.z..<view.box.end.z {
    for y in view.box.origin.y..<view.box.end.y { body(view.rowBytes(z: z, y: y)) }
  }
}
