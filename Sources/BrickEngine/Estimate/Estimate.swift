internal import BrickCore

/// What a job will take of time, memory and disk, worked out from a sample of its blocks.
///
/// The sample goes through the job's own code: it is read, fused, reduced and compressed, and then thrown away. What
/// an earlier run left and this one would keep is not counted again.
public struct Estimate: Sendable, Hashable {
  /// One resolution of the output, or of all images of the output that have it.
  public struct Level: Sendable, Hashable {
    /// Counted from 0, the finest.
    public var number: Int
    /// Bricks, chunks or tiles of the whole level, in all images, channels and time points.
    public var bricks: Int
    /// Bytes of its voxels before compression.
    public var voxelBytes: Int
    /// Bytes that are still to be written for it, its index included.
    public var bytes: Int
  }

  /// Bytes of voxels that are sampled at most, about.
  public static let usualSample = 256 << 20

  /// Where the output goes.
  public var path: String
  /// Finest first.
  public var levels: [Level]
  /// Bytes of voxels of the source that are still to be read, as the output's finest level has them.
  public var voxelBytesIn: Int
  /// Bytes that are still to be written: levels, indices, metadata.
  public var bytesOut: Int
  /// Bytes that lie on the disk beside the output until the job is done: records of finished work.
  public var temporaryBytes: Int
  /// Bytes that an earlier run wrote and this one keeps.
  public var keptBytes: Int
  /// Bytes that the plan allows the process at most, its cache of decoded pieces included.
  public var peakMemory: Int
  /// Workers that the plan has.
  public var workers: Int
  /// Seconds of reading and computing, with all workers; 0 where nothing is to be done.
  public var computingSeconds: Double
  /// Seconds of processor time on all workers together, however busy the machine is.
  public var processorSeconds: Double
  /// Seconds that the disk takes for the bytes alone; nil where it could not be measured.
  public var writingSeconds: Double?
  /// Bytes free where the output goes.
  public var freeBytes: Int
  /// Bytes that become free because the job deletes what was there before it writes.
  public var freedBytes: Int
  /// Bytes of voxels that were sampled; 0 where nothing had to be, and the numbers are upper bounds.
  public var sampledVoxelBytes: Int
  /// Blocks that were sampled.
  public var sampledBlocks: Int

  /// Seconds that the job is expected to take: computing and writing go on at the same time, and the slower counts.
  public var seconds: Double { max(computingSeconds, writingSeconds ?? 0) }
  /// Whether the disk and not the processors decides the time.
  public var isLimitedByDisk: Bool { (writingSeconds ?? 0) > computingSeconds }
  /// Bytes the disk has to have room for.
  public var neededBytes: Int { bytesOut + temporaryBytes }
  /// Bytes that there is room for.
  public var room: Int {
    let (room, overflow) = freeBytes.addingReportingOverflow(freedBytes)
    return overflow ? .max : room
  }
  /// Whether the disk has room for it.
  public var fits: Bool { neededBytes <= room }

  /// Refuses a job that the disk has no room for.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists`, with both numbers.
  public func checkRoom() throws {
    guard !fits else { return }
    let freed =
      freedBytes > 0
      ? " (\(Self.words(freeBytes)) now, and \(Self.words(freedBytes)) of what is replaced)" : ""
    throw BrickworkError(
      .outputExists, path: path,
      reason: "the disk is too small: about \(Self.words(neededBytes)) would be written, and "
        + "\(Self.words(room)) are free\(freed)",
      remedy: "Free some space, choose another disk with -o, or a stronger compression; "
        + "--ignore-free-disk starts all the same")
  }

  /// "1.5 GiB".
  private static func words(_ bytes: Int) -> String {
    if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KiB" }
    if bytes < 1 << 30 { return "\(bytes >> 20) MiB" }
    let tenths = (bytes >> 20) * 10 / 1024
    return "\(tenths / 10).\(tenths % 10) GiB"
  }
}
