internal import BrickCore
internal import CBrickSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What a killed run left of a file: its bytes are read piece by piece, and their room is given back on the way.
public final class LeftoverFile: Sendable {
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
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
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
}
