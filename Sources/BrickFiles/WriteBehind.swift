internal import BrickCore
internal import CBrickSystem
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Hands the pages of a growing file to the disk while a library of its own writes it, so that the page
/// cache holds little of it: `ReplacingFile` does the same for what it writes itself.
public final class WriteBehind: Sendable {
  private struct State {
    var unnoticed = 0
    var handedOver = 0
    var dropped = 0
  }
  private let file: Int32
  private let state = Mutex(State())
  private static let window = 16 << 20

  /// Watches the file at `path`, which exists.
  public init(_ path: String) throws {
    file = try Int32(retrying(path, "open") { Int(unsafe open(path, O_RDWR | O_CLOEXEC)) })
  }

  deinit { close(file) }

  /// Notes that the file grew by `count` bytes; every 16 MiB this waits for the disk to keep up.
  public func noteWritten(_ count: Int) {
    state.withLock { state in
      state.unnoticed += count
      guard state.unnoticed >= Self.window else { return }
      state.unnoticed = 0
      var status = stat()
      guard unsafe fstat(file, &status) == 0 else { return }
      let end = Int(status.st_size)
      guard end > state.handedOver else { return }
      brick_start_writing(file, Int64(state.handedOver), Int64(end - state.handedOver))
      if state.handedOver > state.dropped {
        brick_finish_writing(file, Int64(state.dropped), Int64(state.handedOver - state.dropped))
      }
      state.dropped = state.handedOver
      state.handedOver = end
    }
  }

  /// Whether the file has these bytes at a place.
  public func holds(_ bytes: RawSpan, at offset: Int) -> Bool {
    let count = bytes.byteCount
    let found = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var done = 0
      while done < count {
        let got = unsafe pread(
          file, buffer.baseAddress.unsafelyUnwrapped + done, count - done, off_t(offset + done))
        if got > 0 { done += got } else if got == 0 || errno != EINTR { break }
      }
      filled = done
    }
    guard found.count == count else { return false }
    return unsafe bytes.withUnsafeBytes { unsafe found.elementsEqual($0) }
  }

  /// Makes all bytes of the file durable and drops them from the page cache.
  public func flush(path: String) throws {
    _ = try retrying(path, "flush to disk") { Int(fsync(file)) }
    #if os(Linux)
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    #endif
  }
}
