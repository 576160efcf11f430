import Synchronization

/// Where blocks get their memory: pieces of power-of-two size, kept for reuse when released.
///
/// A fresh piece of a megabyte costs a page fault for each 4 KiB, which is as dear as the copy into it;
/// a job asks for the same few sizes again and again.
@safe
public enum BlockStorage {
  private static let smallestClass = 12
  private static let alignment = 64

  @safe
  private struct Pool: @unchecked Sendable {
    // @unchecked: the addresses of unused pieces, touched only under the lock.
    var free: [[UnsafeMutableRawPointer]] = unsafe Array(repeating: [], count: 64)
    var freeBytes = 0
    var liveBytes = 0
    var peakBytes = 0
    var keptBytes = 64 << 20
  }

  private static let pool = Mutex(Pool())

  /// Hears of each new piece of at least `largePiece` bytes, its address and size, before it is written to.
  public typealias Adviser = @Sendable (_ address: UInt, _ byteCount: Int) -> Void
  private static let adviser = Mutex<Adviser?>(nil)
  private static let largePiece = 4 << 20

  /// Has `adviser` tell the system how large pieces will be used; it is called for new ones alone.
  public static func adviseOnLargePieces(_ adviser: @escaping Adviser) {
    Self.adviser.withLock { $0 = adviser }
  }

  /// An address to lend spans of no bytes from.
  static var anyAddress: UnsafeMutableRawPointer {
    // Any aligned non-null address will do, since no byte is touched.
    unsafe UnsafeMutableRawPointer(bitPattern: alignment).unsafelyUnwrapped
  }

  /// Bytes in use by blocks now, and the most there ever were.
  public static var usage: (live: Int, peak: Int) {
    pool.withLock { ($0.liveBytes, $0.peakBytes) }
  }

  /// How many bytes of released pieces are kept for reuse.
  public static func keep(atMost byteCount: Int) {
    pool.withLock { $0.keptBytes = max(0, byteCount) }
  }

  private static func sizeClass(_ byteCount: Int) -> Int {
    max(smallestClass, Int.bitWidth - (byteCount - 1).leadingZeroBitCount)
  }

  /// The bytes a block of `byteCount` bytes really takes.
  public static func footprint(of byteCount: Int) -> Int {
    byteCount == 0 ? 0 : roundedSize(byteCount)
  }

  /// Quarter steps between powers of two: at most a quarter is wasted.
  private static func roundedSize(_ byteCount: Int) -> Int {
    let whole = 1 << sizeClass(byteCount)
    let quarter = max(1 << smallestClass, whole / 8)
    return (byteCount + quarter - 1) / quarter * quarter
  }

  static func allocate(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let size = roundedSize(byteCount)
    let slot = sizeClass(size)
    let reused: UnsafeMutableRawBufferPointer? = unsafe pool.withLock { pool in
      pool.liveBytes += size
      pool.peakBytes = max(pool.peakBytes, pool.liveBytes)
      guard let last = unsafe pool.free[slot].last, unsafe header(last) >= size else { return nil }
      unsafe pool.free[slot].removeLast()
      let kept = unsafe header(last)
      pool.freeBytes -= kept
      pool.liveBytes += kept - size
      return unsafe UnsafeMutableRawBufferPointer(start: last + alignment, count: kept)
    }
    if let reused = unsafe reused { return unsafe reused }
    // The piece's size stands in front of it, one alignment unit before the voxels.
    let piece = UnsafeMutableRawPointer.allocate(
      byteCount: size + alignment, alignment: alignment)
    if size >= largePiece, let advise = adviser.withLock({ $0 }) {
      advise(UInt(bitPattern: piece), size + alignment)
    }
    unsafe piece.storeBytes(of: size, as: Int.self)
    return unsafe UnsafeMutableRawBufferPointer(start: piece + alignment, count: size)
  }

  static func release(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let start = buffer.baseAddress else { return }
    let piece = unsafe start - alignment
    let size = unsafe header(piece)
    let surplus = pool.withLock { pool in
      pool.liveBytes -= size
      if pool.freeBytes + size > pool.keptBytes { return true }
      pool.freeBytes += size
      unsafe pool.free[sizeClass(size)].append(piece)
      return false
    }
    if surplus { unsafe piece.deallocate() }
  }

  private static func header(_ piece: UnsafeMutableRawPointer) -> Int {
    unsafe piece.load(as: Int.self)
  }
}
