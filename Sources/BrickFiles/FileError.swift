public import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Runs a system call again while a signal interrupts it; the result is never negative.
func retrying(_ path: String, _ action: String, _ call: () -> Int) throws -> Int {
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw BrickworkError.system(errno, path: path, action: action) }
  }
}

extension BrickworkError {
  /// The error for a failed system call: what was tried, the system's words, and what helps.
  public static func system(_ number: Int32, path: String, action: String) -> BrickworkError {
    let words = unsafe String(cString: strerror(number))
    let reason = "could not \(action): \(words)"
    switch number {
    case ENOENT:
      return BrickworkError(
        .missingInput, path: path, reason: reason,
        remedy: "Check the path; it is taken from the current folder")
    case ENOSPC, EDQUOT:
      return BrickworkError(
        .inputOutput, path: path, reason: reason,
        remedy: "Free some space and run the same command again; finished shards are kept")
    case EACCES, EPERM, EROFS:
      return BrickworkError(
        .inputOutput, path: path, reason: reason,
        remedy: "Check the permissions of the file and its folder")
    case EMFILE, ENFILE:
      return BrickworkError(
        .inputOutput, path: path, reason: reason,
        remedy: "Raise the limit of open files (ulimit -n)")
    default:
      return BrickworkError(.inputOutput, path: path, reason: reason)
    }
  }
}
