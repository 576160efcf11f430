internal import BrickCore
internal import CBrickSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file written aside and moved into place when it is whole: readers see all of it or nothing.
///
/// Bytes are appended with `pwrite` and handed to the disk early, so that the page cache holds little of
/// them. `seal` makes them durable under the temporary name; `Files.rename` moves the file into place, and
/// `Files.flushFolder` makes the name durable.
public final class ReplacingFile {
  /// Where the bytes are until the file is renamed.
  public let temporaryPath: String
  /// Bytes appended so far: the place of the next one.
  public private(set) var count = 0
  private var file: Int32
  private var handedOver = 0
  private var dropped = 0
  /// Bytes between two hand-overs to the disk.
  private static let window = 8 << 20

  /// Creates the temporary file, or empties what a killed run left there.
  public init(temporaryPath: String) throws {
    self.temporaryPath = temporaryPath
    file = try Int32(
      retrying(temporaryPath, "create") {
        Int(unsafe open(temporaryPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666))
      })
  }

  /// Continues the temporary file that an earlier run left, cut after its first `count` bytes.
  public init(continuing temporaryPath: String, count: Int) throws {
    self.temporaryPath = temporaryPath
    file = try Int32(
      retrying(temporaryPath, "open") {
        Int(unsafe open(temporaryPath, O_RDWR | O_CLOEXEC))
      })
    do {
      _ = try retrying(temporaryPath, "cut after \(count) bytes") {
        Int(ftruncate(file, off_t(count)))
      }
    } catch {
      close(file)
      throw error
    }
    (self.count, handedOver, dropped) = (count, count, count)
  }

  deinit { if file >= 0 { close(file) } }

  /// Appends bytes.
  public func append(_ bytes: RawSpan) throws {
    try put(bytes, at: count)
    count += bytes.byteCount
    if count - handedOver >= Self.window {
      brick_start_writing(file, Int64(handedOver), Int64(count - handedOver))
      if handedOver > dropped {
        brick_finish_writing(file, Int64(dropped), Int64(handedOver - dropped))
        dropped = handedOver
      }
      handedOver = count
    }
  }

  /// Writes bytes at a place that lies before the end, at it, or past it; a gap is zeros.
  ///
  /// For formats that go back to fill in where things lie. Appending is what streams.
  public func write(_ bytes: RawSpan, at offset: Int) throws {
    if offset == count { return try append(bytes) }
    try put(bytes, at: offset)
    count = max(count, offset + bytes.byteCount)
  }

  /// Reads back bytes that were written; fewer where the file ends.
  ///
  /// - Returns: how many bytes were read.
  public func read(into bytes: inout MutableRawSpan, at offset: Int) throws -> Int {
    try unsafe bytes.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress else { return 0 }
      var done = 0
      while done < buffer.count {
        let got = try retrying(temporaryPath, "read back \(buffer.count - done) bytes") {
          unsafe pread(file, start + done, buffer.count - done, off_t(offset + done))
        }
        if got == 0 { break }
        done += got
      }
      return done
    }
  }

  private func put(_ bytes: RawSpan, at offset: Int) throws {
    try unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        done += try retrying(
          temporaryPath, "write \(buffer.count - done) bytes at \(offset + done)"
        ) {
          unsafe pwrite(
            file, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done,
            off_t(offset + done))
        }
      }
    }
  }

  /// Makes the bytes durable and closes the file, still under its temporary name.
  public func seal() throws {
    _ = try retrying(temporaryPath, "flush to disk") { Int(fsync(file)) }
    #if os(Linux)
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    #endif
    close(file)
    file = -1
  }

  /// Closes and deletes the temporary file.
  public func discard() {
    if file >= 0 { close(file) }
    file = -1
    unsafe unlink(temporaryPath)
  }
}
