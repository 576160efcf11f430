internal import BrickCore
internal import CBrickSystem
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A nameless file for what does not fit into memory.
///
/// It has no name from the start: the system gives its room back when it is closed, also after a kill.
/// Written bytes are handed to the disk early, so that the page cache holds little of them.
public final class ScratchFile: Sendable {
  private struct State {
    var count = 0
    var handedOver = 0
    var dropped = 0
  }
  private let file: Int32
  private let folder: String
  private let state = Mutex(State())
  private static let window = 8 << 20
  private static let number = Atomic<Int>(0)

  /// Makes a file in `folder`, which exists and has the room.
  public init(in folder: String) throws {
    self.folder = folder
    let number = Self.number.wrappingAdd(1, ordering: .relaxed).oldValue
    let path = Files.join(folder, ".brickwork-scratch-\(getpid())-\(number)")
    file = try Int32(
      retrying(path, "create a scratch file") {
        Int(unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600))
      })
    unsafe unlink(path)
  }

  deinit { close(file) }

  /// Bytes appended so far.
  public var count: Int { state.withLock { $0.count } }

  /// Appends bytes and returns where they begin; one thread at a time.
  ///
  /// - Throws: `BrickworkError` that names the folder, if it has no room left.
  @discardableResult
  public func append(_ bytes: RawSpan) throws -> Int {
    try state.withLock { state in
      let start = state.count
      try unsafe bytes.withUnsafeBytes { buffer in
        var done = 0
        while done < buffer.count {
          done += try retrying(folder, "write \(buffer.count) bytes of a scratch file there") {
            unsafe pwrite(
              file, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done,
              off_t(start + done))
          }
        }
      }
      state.count += bytes.byteCount
      if state.count - state.handedOver >= Self.window {
        brick_start_writing(file, Int64(state.handedOver), Int64(state.count - state.handedOver))
        if state.handedOver > state.dropped {
          brick_finish_writing(
            file, Int64(state.dropped), Int64(state.handedOver - state.dropped))
          state.dropped = state.handedOver
        }
        state.handedOver = state.count
      }
      return start
    }
  }

  /// Fills `buffer` with the bytes from `offset` on, all of which were appended before.
  ///
  /// - Throws: `BrickworkError` if the disk can't be read.
  public func read(at offset: Int, into buffer: inout MutableRawSpan) throws {
    try unsafe buffer.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < buffer.count {
        let got = try retrying(folder, "read a scratch file there") {
          unsafe pread(
            file, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done,
            off_t(offset + done))
        }
        guard got > 0 else {
          throw BrickworkError(
            .inputOutput, path: folder,
            reason: "a scratch file there ends at \(offset + done), before \(offset + buffer.count)"
          )
        }
        done += got
      }
    }
  }
}
