internal import BrickCore

/// The byte shuffle of Blosc and HDF5: all first bytes of the elements, then all second bytes, and so on.
///
/// Neighbouring voxels differ little in their high bytes, so the shuffled bytes compress better and faster.
/// Bytes past the last whole element stay where they are.
public enum Shuffle {
  /// Shuffles `source` into `target` of the same size.
  ///
  /// - Parameter width: bytes of an element; 1 copies.
  public static func shuffle(_ source: RawSpan, width: Int, into target: inout MutableRawSpan) {
    apply(source, width, &target, forward: true)
  }

  /// Undoes `shuffle`.
  public static func unshuffle(_ source: RawSpan, width: Int, into target: inout MutableRawSpan) {
    apply(source, width, &target, forward: false)
  }

  private static func apply(
    _ source: RawSpan, _ width: Int, _ target: inout MutableRawSpan, forward: Bool
  ) {
    precondition(width > 0, "An element has at least one byte")
    precondition(source.byteCount == target.byteCount, "Both sides have the same size")
    let count = source.byteCount / width
    guard count > 0, width > 1 else {
      copyBytes(source, to: &target, at: 0)
      return
    }
    unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        let s = unsafe from.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
        let d = unsafe to.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
        switch (width, forward) {
        case (2, true): unsafe split2(s, d, count)
        case (2, false): unsafe join2(s, d, count)
        case (4, true): unsafe splitWords(s, d, count, UInt32.self)
        case (4, false): unsafe joinWords(s, d, count, UInt32.self)
        case (8, true): unsafe splitWords(s, d, count, UInt64.self)
        case (8, false): unsafe joinWords(s, d, count, UInt64.self)
        case (_, true): unsafe splitAny(s, d, count, width)
        case (_, false): unsafe joinAny(s, d, count, width)
        }
        for i in count * width..<from.count { unsafe d[i] = s[i] }
      }
    }
  }

  // Whole words with shifts: these loops become vector instructions, byte-indexed ones don't (12.6 against
  // 1.6 GB/s).
  private static func split2(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    let words = unsafe UnsafeRawPointer(s)
    let high = unsafe d + count
    for i in 0..<count {
      let word = unsafe words.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
      unsafe d[i] = UInt8(truncatingIfNeeded: word)
    }
    for i in 0..<count {
      let word = unsafe words.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
      unsafe high[i] = UInt8(truncatingIfNeeded: word >> 8)
    }
  }

  private static func join2(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    let words = UnsafeMutableRawPointer(d)
    let high = unsafe s + count
    for i in 0..<count {
      let word = unsafe UInt16(s[i]) | UInt16(high[i]) << 8
      unsafe words.storeBytes(of: word, toByteOffset: 2 * i, as: UInt16.self)
    }
  }

  /// Words of 4 or 8 bytes, a group of them at a time, which stays in the first cache.
  @inline(__always)
  private static func splitWords<Word: FixedWidthInteger & BitwiseCopyable>(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int, _: Word.Type
  ) {
    let words = unsafe UnsafeRawPointer(s)
    let width = Word.bitWidth / 8
    for start in stride(from: 0, to: count, by: 1024) {
      let end = min(start + 1024, count)
      for byte in 0..<width {
        let plane = unsafe d + byte * count
        let shift = Word(truncatingIfNeeded: 8 * byte)
        for i in start..<end {
          let word = unsafe words.loadUnaligned(fromByteOffset: i &* width, as: Word.self)
          unsafe plane[i] = UInt8(truncatingIfNeeded: word &>> shift)
        }
      }
    }
  }

  @inline(__always)
  private static func joinWords<Word: FixedWidthInteger & BitwiseCopyable>(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int, _: Word.Type
  ) {
    let words = UnsafeMutableRawPointer(d)
    let width = Word.bitWidth / 8
    let (p0, p1, p2, p3) = unsafe (s, s + count, s + 2 * count, s + 3 * count)
    if width == 4 {
      for i in 0..<count {
        let low = unsafe Word(truncatingIfNeeded: p0[i]) | Word(truncatingIfNeeded: p1[i]) &<< 8
        let high = unsafe Word(truncatingIfNeeded: p2[i]) | Word(truncatingIfNeeded: p3[i]) &<< 8
        unsafe words.storeBytes(of: low | high &<< 16, toByteOffset: i &* width, as: Word.self)
      }
      return
    }
    // Two halves of 32 bits each, which vector instructions of every processor handle.
    let (p4, p5, p6, p7) = unsafe (s + 4 * count, s + 5 * count, s + 6 * count, s + 7 * count)
    for i in 0..<count {
      let a = unsafe UInt32(p0[i]) | UInt32(p1[i]) &<< 8
      let b = unsafe UInt32(p2[i]) | UInt32(p3[i]) &<< 8
      let c = unsafe UInt32(p4[i]) | UInt32(p5[i]) &<< 8
      let e = unsafe UInt32(p6[i]) | UInt32(p7[i]) &<< 8
      unsafe words.storeBytes(of: a | b &<< 16, toByteOffset: i &* 8, as: UInt32.self)
      unsafe words.storeBytes(of: c | e &<< 16, toByteOffset: i &* 8 &+ 4, as: UInt32.self)
    }
  }

  // Elements of other widths go through tiles that stay in the first cache.
  private static func splitAny(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int, _ width: Int
  ) {
    for start in stride(from: 0, to: count, by: 256) {
      let end = min(start + 256, count)
      for byte in 0..<width {
        let plane = unsafe d + byte * count
        for i in start..<end { unsafe plane[i] = s[i &* width &+ byte] }
      }
    }
  }

  private static func joinAny(
    _ s: UnsafePointer<UInt8>, _ d: UnsafeMutablePointer<UInt8>, _ count: Int, _ width: Int
  ) {
    for start in stride(from: 0, to: count, by: 256) {
      let end = min(start + 256, count)
      for byte in 0..<width {
        let plane = unsafe s + byte * count
        for i in start..<end { unsafe d[i &* width &+ byte] = plane[i] }
      }
    }
  }
}
