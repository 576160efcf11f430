public import BrickCore
public import BrickFiles

/// What a machine can do, and what the jobs make of it: the result of a `MachineBenchmark`.
///
/// All rates are bytes per second.
public struct MachineReport: Sendable {
  /// How fast one thread is, and all threads together that were allowed.
  public struct Rates: Sendable, Hashable {
    /// Bytes per second of a single thread that has the machine for itself.
    public var oneThread: Double
    /// Bytes per second of all threads at once.
    public var allThreads: Double
    /// Bytes per second of processor time of a single thread, whatever else the machine does; nil for what waits more than
    /// it computes.
    public var perProcessorSecond: Double?

    /// The larger of both: more threads than one may stand in each other's way.
    public var best: Double { max(oneThread, allThreads) }
  }

  /// Copying memory from one buffer to another.
  public struct Copying: Sendable, Hashable {
    /// Bytes copied per second.
    public var rates: Rates
    /// Bytes of each buffer; every thread has two.
    public var bufferBytes: Int
  }

  /// The disk that holds the scratch folder.
  public struct Disk: Sendable, Hashable {
    /// Bytes of the file that was written and read.
    public var fileBytes: Int
    /// Bytes written per second in order, the wait until they are on the disk included.
    public var writing: Double
    /// Bytes read per second by one reader, and by all threads, each in a part of its own.
    public var reading: Rates
    /// Bytes of the file that were still in memory before those reads: where this is not close to 0, the system keeps
    /// files in memory and the disk's own rate is unknown.
    public var keptBytes: Int
    /// Bytes read per second when the file is in memory.
    public var pageCache: Rates

    /// Whether the reading came from the disk.
    public var isCold: Bool { keptBytes * 10 < fileBytes }
  }

  /// What is encoded.
  public enum Voxels: String, Sendable, Hashable {
    /// uint16 voxels with a camera's noise.
    case camera
    /// uint32 labels of nuclei.
    case labels
  }

  /// One encoder and its decoder on whole bricks that lie in memory.
  public struct Codec: Sendable, Hashable {
    /// "blosc-zstd", "zstd", "deflate".
    public var name: String
    /// What was encoded.
    public var voxels: Voxels
    /// Voxels of a brick.
    public var brick: Index3
    /// Bytes of voxels encoded per second.
    public var encoding: Rates
    /// Bytes of voxels decoded per second; nil for what is only written.
    public var decoding: Rates?
    /// Bytes of voxels over bytes of encoded bricks.
    public var ratio: Double
  }

  /// The machine.
  public var machine: MachineDescription
  /// The number of tiles that were stitched.
  public var tileCount: Int
  /// Voxels of each tile.
  public var tileSize: Index3
  /// Voxels of the stitched volume.
  public var volumeSize: Index3
  /// Bytes of the voxels of all tiles.
  public var tileBytes: Int
  /// The memory that was allowed, in bytes.
  public var budget: Int
  /// Threads that were used.
  public var threads: Int
  /// How fast memory is copied.
  public var copying: Copying
  /// How fast the disk is.
  public var disk: Disk
  /// How fast bricks are encoded and decoded: what stores of intensities and of labels take, and exports.
  public var codecs: [Codec]
  /// The jobs, in the order in which they ran.
  public var jobs: [MachineJob]

  /// The jobs whose memory passed the budget.
  public var jobsOverBudget: [MachineJob] { jobs.filter { $0.peak.resident > budget } }
}
