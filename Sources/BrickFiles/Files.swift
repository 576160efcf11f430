internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Folders and names: what has to be durable besides the bytes of a file.
public enum Files {
  /// Moves a sealed file into place.
  ///
  /// Call `flushFolder` afterwards, once for all files of a folder.
  public static func rename(_ temporaryPath: String, to path: String) throws {
    _ = try retrying(path, "move the finished file into place") {
      Int(Foundationless.rename(temporaryPath, path))
    }
  }

  /// Makes the names in a folder durable.
  public static func flushFolder(_ path: String) throws {
    let folder = try Int32(
      retrying(path, "open the folder") { Int(unsafe open(path, O_RDONLY | O_CLOEXEC)) })
    defer { close(folder) }
    _ = try retrying(path, "flush the folder to disk") { Int(fsync(folder)) }
  }

  /// Writes a small file so that readers see the old or the new content, never a mix.
  public static func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + ".partial"
    let file = try ReplacingFile(temporaryPath: temporary)
    do {
      try unsafe file.append(bytes.span.bytes)
      try file.seal()
      try rename(temporary, to: path)
    } catch {
      file.discard()
      throw error
    }
    try flushFolder(folder(of: path))
  }

  /// The whole content of a small file.
  ///
  /// - Throws: `BrickworkError` if it is missing, or larger than `limit` bytes.
  public static func read(_ path: String, limit: Int = 256 << 20) throws -> [UInt8] {
    let file = try Int32(retrying(path, "open") { Int(unsafe open(path, O_RDONLY | O_CLOEXEC)) })
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = try retrying(path, "read at \(bytes.count)") {
        unsafe buffer.withUnsafeMutableBytes {
          unsafe Foundationless.read(file, $0.baseAddress, $0.count)
        }
      }
      if got == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<got])
      if bytes.count > limit {
        throw BrickworkError(
          .damagedInput, path: path,
          reason: "is larger than the \(limit) bytes such a file may have")
      }
    }
  }

  /// The bytes of a regular file, or nil where there is none.
  public static func size(_ path: String) -> Int? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private static func writingTime(_ path: String) -> timespec? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      return status.st_mtimespec
    #else
      return status.st_mtim
    #endif
  }

  /// The nanoseconds of the second in which a file was last written; nil where there is none.
  public static func nanoseconds(_ path: String) -> Int? {
    writingTime(path).map { Int($0.tv_nsec) }
  }

  /// When a file was last written, as text that changes whenever it is; empty where there is none.
  public static func stamp(_ path: String) -> String {
    guard let time = writingTime(path) else { return "" }
    let nanoseconds = String(time.tv_nsec)
    return "\(time.tv_sec)." + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
  }

  /// What tells a file from all others, and from itself once it is changed, also under another name; nil where there
  /// is none.
  public static func identity(_ path: String) -> UInt64? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    let words = "\(status.st_dev) \(status.st_ino) \(status.st_size) \(stamp(path))"
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in words.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }

  /// What tells a file from all others on its disk while it exists, whatever it holds; nil where there is none.
  public static func number(_ path: String) -> UInt64? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return UInt64(status.st_ino)
  }

  /// Says that a file was written in this second, at so many nanoseconds of it.
  public static func setWritingTime(_ path: String, nanoseconds: Int) throws {
    let now = timespec(tv_sec: time(nil), tv_nsec: nanoseconds)
    var times = [now, now]
    _ = try retrying(path, "set the time of change") {
      Int(unsafe utimensat(AT_FDCWD, path, &times, 0))
    }
  }

  /// Whether `path` is a folder.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether anything has this name.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
  }

  /// Makes a folder and those above it; existing ones are fine.
  public static func makeFolder(_ path: String) throws {
    if path.isEmpty || isFolder(path) { return }
    let parent = folder(of: path)
    if parent != path { try makeFolder(parent) }
    guard unsafe mkdir(path, 0o777) != 0 else { return }
    let reason = errno
    guard reason == EEXIST else {
      throw BrickworkError.system(reason, path: path, action: "make the folder")
    }
    // Somebody else may have made it just now, or it is a file.
    guard isFolder(path) else {
      throw BrickworkError(
        .outputExists, path: path, reason: "is a file, where a folder is to be made",
        remedy: "Move the file away, or choose another name")
    }
  }

  /// The names in a folder, sorted.
  public static func names(in path: String) throws -> [String] {
    guard let folder = unsafe opendir(path) else {
      throw BrickworkError.system(errno, path: path, action: "list the folder")
    }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while true {
      // Nil means the end, or an error that is in errno alone.
      errno = 0
      guard let entry = unsafe readdir(folder) else {
        let reason = errno
        if reason == 0 { return names.sorted() }
        throw BrickworkError.system(reason, path: path, action: "list the folder")
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  /// Deletes a file, or a folder with everything in it; nothing there is fine.
  public static func remove(_ path: String) throws {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try names(in: path) { try remove(path + "/" + name) }
      if unsafe rmdir(path) != 0 {
        throw BrickworkError.system(errno, path: path, action: "delete the folder")
      }
    } else if unsafe unlink(path) != 0 {
      throw BrickworkError.system(errno, path: path, action: "delete")
    }
  }

  /// The paths of all files in a folder and those below it, sorted.
  public static func all(in path: String) throws -> [String] {
    try names(in: path).flatMap { name in
      let inside = path + "/" + name
      return isFolder(inside) ? try all(in: inside) : [inside]
    }
  }

  /// The folder part of a path: "." where there is none.
  public static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path.
  public static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// `path` as seen from `folder`: absolute paths stay as they are.
  public static func join(_ folder: String, _ path: String) -> String {
    path.hasPrefix("/") || folder == "." || folder.isEmpty ? path : folder + "/" + path
  }
}

/// The C functions whose names the methods above shadow.
private enum Foundationless {
  static func rename(_ from: String, _ to: String) -> Int32 {
    #if canImport(Glibc)
      unsafe Glibc.rename(from, to)
    #else
      unsafe Darwin.rename(from, to)
    #endif
  }
  static func read(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      unsafe Glibc.read(file, buffer, count)
    #else
      unsafe Darwin.read(file, buffer, count)
    #endif
  }
}
