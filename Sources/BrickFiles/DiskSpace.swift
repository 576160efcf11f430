internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// How much room there is where a file or folder is to be made.
public enum DiskSpace {
  /// The folder at `path`, or the nearest one above it that exists.
  public static func nearestFolder(of path: String) -> String {
    var folder = path.isEmpty ? "." : path
    while !Files.isFolder(folder) {
      let parent = Files.folder(of: folder)
      guard parent != folder else { return parent }
      folder = parent
    }
    return folder
  }

  /// Bytes that this user may still write where `path` is, or would be.
  ///
  /// The file system says it for itself: a quota of the user or a limit of a network share may be lower.
  /// - Throws: `BrickworkError` with code `.inputOutput` if the file system can't be asked.
  public static func free(at path: String) throws -> Int {
    let folder = nearestFolder(of: path)
    var status = statvfs()
    _ = try retrying(folder, "ask for the free space") { Int(unsafe statvfs(folder, &status)) }
    let unit = status.f_frsize > 0 ? Int(status.f_frsize) : Int(status.f_bsize)
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: unit)
    return overflow ? Int.max : bytes
  }

  /// Bytes of the disk that deleting `path`, a file or a folder with all that is in it, would give back.
  ///
  /// Holes take no room, and a file with another name elsewhere gives none back. 0 where nothing is.
  public static func freed(byDeleting path: String) -> Int {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return status.st_nlink > 1 ? 0 : Int(status.st_blocks) * 512
    }
    return ((try? Files.names(in: path)) ?? []).reduce(0) {
      $0 + freed(byDeleting: path + "/" + $1)
    }
  }

  /// Bytes of a file, or of all files in a folder and those below it; 0 where nothing is.
  public static func byteCount(of path: String) -> Int {
    if let size = Files.size(path) { return size }
    guard Files.isFolder(path) else { return 0 }
    return ((try? Files.names(in: path)) ?? []).reduce(0) { $0 + byteCount(of: path + "/" + $1) }
  }
}
