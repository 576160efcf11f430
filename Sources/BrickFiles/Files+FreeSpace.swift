#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Files {
  /// Bytes this user may still write to the file system that holds `path`, which is there; nil where the system
  /// doesn't say.
  public static func freeBytes(at path: String) -> Int? {
    var status = Statistics()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? .max : bytes
  }

  // The call and its result have one name.
  private typealias Statistics = statvfs
}
