internal import BrickCore
internal import CBrickSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file that is there, read and changed at any place: for what a killed run left.
public final class RandomAccessFile: Sendable {
  /// Where the file is.
  public let path: String
  /// Bytes of the file when it was opened.
  public let count: Int
  private let file: Int32

  /// Opens the file, which is there.
  public init(_ path: String) throws {
    self.path = path
    count = Files.size(path) ?? 0
    file = try Int32(retrying(path, "open") { Int(unsafe open(path, O_RDWR | O_CLOEXEC)) })
  }

  deinit { close(file) }

  /// The bytes of a range; nil where the file ends before.
  public func bytes(_ range: Range<Int>) throws -> [UInt8]? {
    guard range.lowerBound >= 0 else { return nil }
    var done = 0
    let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
      while done < range.count {
        let got = try retrying(
          path, "read \(range.count - done) bytes at \(range.lowerBound + done)"
        ) {
          unsafe pread(
            file, buffer.baseAddress.unsafelyUnwrapped + done, range.count - done,
            off_t(range.lowerBound + done))
        }
        if got == 0 { break }
        done += got
      }
      filled = done
    }
    return bytes.count == range.count ? bytes : nil
  }

  /// Gives the room of a range back to the file system, where that can be done; the bytes read as zeros afterwards.
  public func giveBack(_ range: Range<Int>) {
    brick_give_back(file, Int64(range.lowerBound), Int64(range.count))
  }

  /// Writes bytes at a place.
  public func write(_ bytes: [UInt8], at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      done += try retrying(path, "write \(bytes.count - done) bytes at \(offset + done)") {
        unsafe bytes.withUnsafeBytes {
          unsafe pwrite(
            file, $0.baseAddress.unsafelyUnwrapped + done, $0.count - done, off_t(offset + done))
        }
      }
    }
  }

  /// Makes the file end after so many bytes.
  public func cut(to count: Int) throws {
    _ = try retrying(path, "cut to \(count) bytes") { Int(ftruncate(file, off_t(count))) }
  }

  /// Makes all bytes durable.
  public func flush() throws {
    _ = try retrying(path, "flush to disk") { Int(fsync(file)) }
  }
}
