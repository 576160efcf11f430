internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Files {
  /// The absolute path of an existing file or folder, without symbolic links and without `.` and `..`.
  ///
  /// - Throws: `BrickworkError` with code `.missingInput` where there is none.
  public static func resolved(_ path: String) throws -> String {
    guard let found = unsafe realpath(path, nil) else {
      throw BrickworkError.system(errno, path: path, action: "find the folder or file")
    }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
  }
}
