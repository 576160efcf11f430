internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Keeps other processes from writing into a folder: an advisory lock on a file in it, gone with the process.
public final class FolderLock: Sendable {
  private let file: Int32

  /// Locks `path`, a file that is made if it is not there.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists` if another process holds it.
  public init(_ path: String) throws {
    while true {
      let file = try Int32(
        retrying(path, "open the lock") {
          Int(unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666))
        })
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let reason = errno
        close(file)
        guard reason == EWOULDBLOCK else {
          throw BrickworkError.system(reason, path: path, action: "lock")
        }
        throw BrickworkError(
          .outputExists, path: Files.folder(of: path), reason: "another process is writing here",
          remedy: "Wait until it is done, or stop it")
      }
      // Its last owner may have deleted the file before it was locked: then the lock is on nothing.
      if Self.isFile(file, at: path) {
        self.file = file
        return
      }
      close(file)
    }
  }

  private static func isFile(_ file: Int32, at path: String) -> Bool {
    var (own, named) = (stat(), stat())
    return unsafe fstat(file, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino
      && own.st_dev == named.st_dev
  }

  deinit { close(file) }
}
