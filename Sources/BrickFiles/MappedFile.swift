internal import BrickCore
internal import CBrickSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A read-only mapping of a whole file.
///
/// The kernel is told to read nothing ahead (`MADV_RANDOM`); callers ask for what they need with
/// `willNeed` and give it back with `doneWith`, which keeps the process small and reads exact: under a
/// 512 MiB limit a plain map read 40 MB/s where this reads 600.
///
/// If the file shrinks or its disk fails while it is mapped, the missing pages read as zeros and
/// `checkIntact` throws afterwards.
@safe
public final class MappedFile: @unchecked Sendable {
  // @unchecked: everything is set once, and the pages are mapped read-only.
  /// Where the file was when it was mapped.
  public let path: String
  private let base: UnsafeRawBufferPointer
  private let guardSlot: Int32
  /// Which file was mapped: another one may come to stand under its name.
  private let device: dev_t
  private let inode: ino_t

  /// Maps the file at `path`; an empty file gives an empty mapping.
  ///
  /// - Throws: `BrickworkError` if the file can't be opened, is no regular file, or can't be mapped.
  public init(_ path: String) throws {
    self.path = path
    let file = try Int32(retrying(path, "open") { Int(unsafe open(path, O_RDONLY | O_CLOEXEC)) })
    defer { close(file) }
    var status = stat()
    _ = try retrying(path, "read the size") { Int(unsafe fstat(file, &status)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw BrickworkError(
        .damagedInput, path: path, reason: "is not a regular file",
        remedy: "Name a file, not a folder or device")
    }
    device = status.st_dev
    inode = status.st_ino
    let count = Int(status.st_size)
    guard count > 0 else {
      unsafe base = UnsafeRawBufferPointer(start: nil, count: 0)
      guardSlot = -1
      return
    }
    guard let start = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, file, 0),
      unsafe start != MAP_FAILED
    else { throw BrickworkError.system(errno, path: path, action: "map \(count) bytes") }
    unsafe madvise(start, count, Int32(MADV_RANDOM))
    unsafe base = UnsafeRawBufferPointer(start: start, count: count)
    guardSlot = unsafe brick_guard_add(start, count)
  }

  deinit {
    KeptFiles.forget(self)
    if let start = unsafe base.baseAddress {
      brick_guard_remove(guardSlot)
      unsafe munmap(UnsafeMutableRawPointer(mutating: start), base.count)
    }
  }

  /// The file's size in bytes.
  public var count: Int { unsafe base.count }

  /// The file's bytes, valid while this mapping is borrowed.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeBytes: base)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Ranges of at least this many bytes are read by a call instead of through the map.
  private static let longRange = 1 << 20

  /// Copies a range of the file into `target`, from its byte `place` on.
  ///
  /// A long range is read by a call, which maps no page: from the page cache that is 1.4 times as fast as copying out
  /// of the map. As with `bytes`, what can't be read is zero, and `checkIntact` throws afterwards.
  /// - Precondition: the range lies in the file, and `target` has room for it.
  public func copy(_ range: Range<Int>, to target: inout MutableRawSpan, at place: Int) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count && place >= 0
        && range.count <= target.byteCount - place, "A copy stays in its file and its target")
    guard !range.isEmpty, let start = unsafe base.baseAddress else { return }
    unsafe target.withUnsafeMutableBytes { buffer in
      guard let address = buffer.baseAddress else { return }
      let done =
        range.count >= Self.longRange ? unsafe readByCall(range, into: address + place) : 0
      guard done < range.count else { return }
      unsafe (address + place + done).copyMemory(
        from: start + range.lowerBound + done, byteCount: range.count - done)
    }
  }

  /// Reads the beginning of a range, as far as the mapped file can be opened and read.
  private func readByCall(_ range: Range<Int>, into target: UnsafeMutableRawPointer) -> Int {
    guard let file = KeptFiles.file(of: self, open: openAgain) else { return 0 }
    return withExtendedLifetime(file) {
      var done = 0
      while done < range.count {
        let got = unsafe pread(
          file.descriptor, target + done, range.count - done, off_t(range.lowerBound + done))
        if got > 0 {
          done += got
        } else if got == 0 || errno != EINTR {
          return done
        }
      }
      return done
    }
  }

  /// The file under this name, if it is still the one mapped.
  private func openAgain() -> KeptFiles.File? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let file = KeptFiles.File(descriptor)
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_dev == device, status.st_ino == inode
    else { return nil }
    return file
  }

  /// Asks the kernel to read a range in the background.
  public func willNeed(_ range: Range<Int>) { advise(range, Int32(MADV_WILLNEED)) }

  /// Takes the pages of a range out of the process.
  ///
  /// They stay in the page cache while there is room. A fault maps up to 64 KiB around it, so the
  /// range is rounded outwards to that: without it a job of small boxes kept 300 MiB mapped where
  /// it keeps 70 now. Neighbours who lose a page map it again.
  public func doneWith(_ range: Range<Int>) {
    guard !range.isEmpty, let start = unsafe base.baseAddress else { return }
    let around = 64 << 10
    let shift = Int(bitPattern: start) % around
    let first = (max(0, range.lowerBound) + shift) / around * around - shift
    let (end, overflow) = range.upperBound.addingReportingOverflow(shift + around - 1)
    let last = overflow ? count : end / around * around - shift
    advise(max(0, first)..<max(0, first, last), Int32(MADV_DONTNEED))
  }

  private func advise(_ range: Range<Int>, _ advice: Int32) {
    let inside = unsafe range.clamped(to: 0..<base.count)
    guard !inside.isEmpty, let start = unsafe base.baseAddress else { return }
    let page = Int(getpagesize())
    let first = inside.lowerBound / page * page
    unsafe madvise(
      UnsafeMutableRawPointer(mutating: start + first), inside.upperBound - first, advice)
  }

  /// Throws if a page could not be read since the file was mapped.
  public func checkIntact() throws {
    let faults = brick_guard_faults(guardSlot)
    if faults > 0 {
      throw BrickworkError(
        .inputOutput, path: path,
        reason:
          "\(faults) pages could not be read although the file had \(count) bytes when it was opened",
        remedy: "The file was cut while it was read, or its disk fails: check both and run again")
    }
  }
}
