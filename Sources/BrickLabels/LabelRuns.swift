internal import BrickCore

// Labels lie in runs: a kernel looks at a value once and then skips its equals. Signed labels are read as the unsigned
// type of the same width, in which a negative one shows by its highest bit.

/// The bits of a type's highest value that is no negative number: above it lie the negative ones of a signed type.
func largestLabel(_ type: VoxelType) -> UInt64 {
  let bits = type.byteCount * 8 - (type.isSigned ? 1 : 0)
  return bits == 64 ? .max : 1 << UInt64(bits) - 1
}

/// The number that a signed voxel's bits stand for.
func signedValue(_ bits: UInt64, _ type: VoxelType) -> Int64 {
  switch type.byteCount {
  case 1: Int64(Int8(truncatingIfNeeded: bits))
  case 2: Int64(Int16(truncatingIfNeeded: bits))
  case 4: Int64(Int32(truncatingIfNeeded: bits))
  default: Int64(bitPattern: bits)
  }
}

/// The end of the run of `value` that goes on at `start`.
///
/// Short runs end within the first few voxels; long ones are skipped 64 bytes at a time, then 16, which the compiler
/// turns into vector comparisons.
@inline(__always)
func runEnd<V: FixedWidthInteger & BitwiseCopyable>(
  _ row: Span<V>, from start: Int, of value: V
) -> Int {
  let count = row.count
  var i = start
  let near = min(count, start &+ 4)
  while i < near {
    if unsafe row[unchecked: i] != value { return i }
    i &+= 1
  }
  @inline(__always) func isSame(_ voxels: Int) -> Bool {
    guard i &+ voxels <= count else { return false }
    var different: V = 0
    // In bounds: so many voxels are left from i on.
    for k in 0..<voxels { unsafe different |= row[unchecked: i &+ k] ^ value }
    return different == 0
  }
  while isSame(64 / MemoryLayout<V>.size) { i &+= 64 / MemoryLayout<V>.size }
  while isSame(16 / MemoryLayout<V>.size) { i &+= 16 / MemoryLayout<V>.size }
  while i < count {
    let next = unsafe row[unchecked: i]
    if next != value { break }
    i &+= 1
  }
  return i
}

/// The end of the run of voxels that hold `a` in the first row and `b` in the second; both rows are equally long.
@inline(__always)
func runEnd<V: FixedWidthInteger & BitwiseCopyable>(
  _ first: Span<V>, _ second: Span<V>, from start: Int, of a: V, _ b: V
) -> Int {
  let count = first.count
  precondition(second.count == count, "Both rows are equally long")
  var i = start
  let near = min(count, start &+ 4)
  while i < near {
    let (u, v) = unsafe (first[unchecked: i], second[unchecked: i])
    if u != a || v != b { return i }
    i &+= 1
  }
  @inline(__always) func isSame(_ voxels: Int) -> Bool {
    guard i &+ voxels <= count else { return false }
    var different: V = 0
    for k in 0..<voxels {
      // In bounds: so many voxels are left from i on in both rows.
      let (u, v) = unsafe (first[unchecked: i &+ k], second[unchecked: i &+ k])
      different |= (u ^ a) | (v ^ b)
    }
    return different == 0
  }
  while isSame(64 / MemoryLayout<V>.size) { i &+= 64 / MemoryLayout<V>.size }
  while isSame(16 / MemoryLayout<V>.size) { i &+= 16 / MemoryLayout<V>.size }
  while i < count {
    let (u, v) = unsafe (first[unchecked: i], second[unchecked: i])
    if u != a || v != b { break }
    i &+= 1
  }
  return i
}

extension VoxelView {
  /// Where a row lies in the view's bytes: inlined here, as rows may be short.
  @inline(__always)
  func rowRange(z: Int, y: Int) -> Range<Int> {
    let start = (z - box.origin.z) * planeStride + (y - box.origin.y) * rowStride
    return start..<start + box.size.x * type.byteCount
  }
}

/// Spreads the bits of a key, so that a table takes its low ones.
@inline(__always)
func spread(_ key: UInt64) -> UInt64 {
  var bits = key ^ (key >> 32)
  bits = bits &* 0xD6E8_FEB8_6659_FD93
  return bits ^ (bits >> 32)
}
