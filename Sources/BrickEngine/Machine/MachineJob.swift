public import BrickFiles

/// What one job of a `MachineBenchmark` took, beside what the machine allows.
public struct MachineJob: Sendable, Hashable {
  /// The jobs.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Tiles into a store with its pyramid.
    case stitch
    /// The store into a BigDataViewer file with its pyramid.
    case export
    /// All voxels of the store's finest level into memory, and no further.
    case read
  }

  /// What a job can't do without.
  public enum Resource: String, Sendable, Hashable, CaseIterable {
    /// Bringing its input from the disk, or from the page cache where it lies there.
    case reading
    /// Encoding and decoding bricks on all threads.
    case codec
    /// Bringing its output to the disk.
    case writing
  }

  /// The shortest time that a resource allows.
  public struct Limit: Sendable, Hashable {
    /// What is used.
    public var resource: Resource
    /// Seconds of it at the machine's own rate, if nothing else took time.
    public var seconds: Double
  }

  /// Which job it is.
  public var kind: Kind
  /// How often it ran: short jobs run three times, and all figures are those of the run with the median time.
  public var runs: Int
  /// Seconds from the start to the end, everything on the disk.
  public var seconds: Double
  /// Seconds of the fastest and of the slowest run.
  public var range: ClosedRange<Double>
  /// Seconds of processor time of all threads.
  public var processorSeconds: Double
  /// Seconds of processor time that coding its bricks takes at the rate of a single thread.
  public var codecSeconds: Double
  /// Cores that other programs, and other machines on the same hardware, kept busy on average; nil where the system
  /// doesn't say.
  public var othersCores: Double?
  /// Bytes of the voxels that went in, before compression: of the tiles, or of the store's finest level.
  public var voxelBytes: Int
  /// Bytes of the files that went in.
  public var bytesRead: Int
  /// Bytes of those that lay in memory before the job began.
  public var bytesInMemory: Int
  /// Bytes of voxels written, before compression.
  public var voxelBytesWritten: Int
  /// Bytes written to files.
  public var bytesWritten: Int
  /// Workers that the budget and the threads allowed.
  public var workers: Int
  /// Threads that were allowed.
  public var threads: Int
  /// The most memory the process held meanwhile, of all runs.
  public var peak: MemoryWatch.Peak
  /// What each resource allows, the slowest first; those that are not used are left out.
  public var limits: [Limit]

  /// Bytes of input voxels per second.
  public var rate: Double { Double(voxelBytes) / seconds }
  /// The slowest resource.
  public var limit: Limit { limits[0] }
  /// Bytes of input voxels per second that the slowest resource allows.
  public var limitRate: Double { Double(voxelBytes) / limit.seconds }
  /// The part of what the slowest resource allows that was reached; may pass 1 by the error of both measurements.
  public var share: Double { limit.seconds / seconds }
  /// The part of the processor time that coding bricks took, by its rate: the rest is fusion, means, copies, the system.
  public var codecShare: Double { codecSeconds / processorSeconds }
  /// The part of the time that the allowed threads computed, from 0 to 1.
  public var coresBusy: Double { processorSeconds / seconds / Double(threads) }
}
