internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What the system keeps of files in memory: for measuring how fast a disk is, and not the memory before it.
public enum PageCache {
  /// Asks the system to forget what it keeps of a file whose bytes are on the disk.
  ///
  /// It is free not to, and file systems in memory can't: `keptBytes` tells.
  /// - Throws: `BrickworkError` if the file can't be opened.
  public static func forget(_ path: String) throws {
    #if os(Linux)
      let file = try Int32(retrying(path, "open") { Int(unsafe open(path, O_RDONLY | O_CLOEXEC)) })
      defer { close(file) }
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    #endif
  }

  /// Bytes of a file that are in memory now, in whole pages; all of them where the system doesn't say.
  ///
  /// - Throws: `BrickworkError` if the file can't be opened or mapped.
  public static func keptBytes(of path: String) throws -> Int {
    let map = try MappedFile(path)
    guard map.count > 0 else { return 0 }
    #if os(Linux)
      let page = Int(getpagesize())
      var flags = [UInt8](repeating: 0, count: (map.count + page - 1) / page)
      let failed = unsafe map.bytes.withUnsafeBytes { bytes in
        unsafe mincore(
          UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, &flags) != 0
      }
      return failed ? map.count : min(map.count, flags.reduce(0) { $0 + Int($1 & 1) } * page)
    #else
      return map.count
    #endif
  }
}
