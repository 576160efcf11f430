internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A short measurement of how fast a file system takes what is written to it.
public enum WriteProbe {
  /// Bytes a second.
  public struct Speed: Sendable, Hashable {
    /// That reach the disk.
    public var disk: Double
    /// That the system takes over, for the disk to get later, by the processor time it takes.
    public var handingOver: Double

    /// Speeds as they were measured, or are told.
    public init(disk: Double, handingOver: Double) {
      (self.disk, self.handingOver) = (disk, handingOver)
    }
  }

  /// Bytes written at most.
  public static let most = 64 << 20
  /// Bytes between two waits for the disk.
  private static let piece = 8 << 20
  /// Seconds after which no further piece is begun.
  private static let longest = 0.6

  /// How fast `folder` takes bytes: written, and waited for.
  ///
  /// The file loses its name as soon as it is there, so nothing of it stays, however the process ends. Its bytes don't
  /// compress: a file system that compresses is no faster for them than for bricks, which are compressed already.
  ///
  /// - Parameter room: bytes that are free; no more than a quarter of them is written.
  /// - Returns: nil where there is too little room to measure anything.
  /// - Throws: `BrickworkError` with code `.outputExists` if no file can be made in the folder, `.inputOutput` if it
  ///   can't be written.
  public static func speed(in folder: String, room: Int) throws -> Speed? {
    let pieces = min(most, room / 4) / piece
    guard pieces > 0 else { return nil }
    let name = "\(folder)/.brickwork-probe-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    let file = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let words = unsafe String(cString: strerror(errno))
      throw BrickworkError(
        .outputExists, path: folder, reason: "no file can be made in this folder: \(words)",
        remedy: "Check the permissions of the folder, or choose another place with -o")
    }
    defer { close(file) }
    _ = try retrying(name, "delete") { Int(unsafe unlink(name)) }
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    let words = (0..<piece / 8).map { _ -> UInt64 in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    let clock = ContinuousClock()
    let start = clock.now
    var written = 0
    var handingOver = 0.0
    while written < pieces * piece, clock.now - start < .seconds(longest) {
      let begun = ProcessUsage.threadSeconds
      var done = 0
      while done < piece {
        done += try retrying(name, "write") {
          unsafe words.withUnsafeBytes { bytes in
            unsafe pwrite(
              file, bytes.baseAddress.map { unsafe $0 + done }, piece - done, off_t(written + done))
          }
        }
      }
      handingOver += ProcessUsage.threadSeconds - begun
      _ = try retrying(name, "flush") { Int(fsync(file)) }
      written += piece
    }
    let (seconds, attoseconds) = (clock.now - start).components
    let waited = Double(seconds) + Double(attoseconds) * 1e-18
    return Speed(
      disk: Double(written) / max(1e-6, waited),
      handingOver: Double(written) / max(1e-6, handingOver))
  }
}
