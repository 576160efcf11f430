internal import BrickCore

/// Which voxels of a piece of a row are above the limit of their column: found for all in vector instructions, then
/// visited eight at a time, so that what is not above costs next to nothing.
struct ExceedingMarks: ~Copyable {
  /// Voxels of a piece at most.
  static let most = 512

  /// A byte for each voxel, 1 where it is above its limit or NaN, eight to a word.
  private var words: [UInt64] = Array(repeating: 0, count: most / 8)
  private var count = 0

  /// Compares each voxel with the limit at its place.
  ///
  /// - Precondition: there are as many limits as voxels, at most `most`.
  @inline(__always)
  mutating func mark<V: SurfaceVoxel>(_ voxels: Span<V>, above limits: Span<V>) {
    let count = voxels.count
    precondition(count == limits.count && count <= Self.most, "Each voxel has its limit")
    self.count = count
    // Places after the last voxel of the last word are no marks.
    if count & 7 != 0 { words[count >> 3] = 0 }
    unsafe words.withUnsafeMutableBytes { bytes in
      let marks = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      for place in 0..<count {
        // All counts were compared: a check for each voxel would keep the loop from being vectorised.
        let isWithin = unsafe voxels[unchecked: place] <= limits[unchecked: place]
        unsafe marks[place] = isWithin ? 0 : 1
      }
    }
  }

  /// Calls `body` with the place of each voxel that was marked, in order.
  @inline(__always)
  func forEach(_ body: (_ place: Int) -> Void) {
    for word in 0..<(count + 7) >> 3 {
      var marked = UInt64(littleEndian: words[word])
      while marked != 0 {
        body(word << 3 + marked.trailingZeroBitCount >> 3)
        marked &= marked &- 1
      }
    }
  }
}
