public import BrickBDV
internal import BrickCore
internal import BrickFiles

/// An export whose views are split among several HDF5 files, which several processes may write at once.
///
/// All processes run the same export. Each takes files that are neither finished nor in another's hands; the last one writes
/// the master with its links, and the XML. A file in the making is continued by whoever takes it after its process was killed.
public struct SplitExport: Sendable {
  /// What is written where.
  public let partitions: BDVPartitions
  private let job: ExportJob

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Whether master and XML are there, or others are still at work.
    public var outcome: BDVSplit.Outcome
    /// Files that this run wrote or finished.
    public var writtenFiles: Int
    /// The sums over those files; nil if there was none.
    public var export: ExportJob.Summary?
  }

  /// Splits an export.
  ///
  /// - Parameters:
  ///   - setupsPerFile: nil puts all setups into one file.
  ///   - timepointsPerFile: nil puts all time points into one file.
  public init(_ job: ExportJob, setupsPerFile: Int? = nil, timepointsPerFile: Int? = nil) {
    self.job = job
    partitions = BDVPartitions(
      path: job.path, setups: job.setups, timepoints: job.timepoints, setupsPerFile: setupsPerFile,
      timepointsPerFile: timepointsPerFile)
  }

  /// Writes what is free.
  ///
  /// - Throws: `BrickworkError` as `ExportJob.run`, and with code `.outputExists` if files of another job are in the way.
  public func run(overwrite: Bool = false) async throws -> Summary {
    let files = partitions.partitions.map { Files.name(of: $0.path) }.joined(separator: "\n")
    let split = BDVSplit(
      partitions, type: job.images[0].type, options: job.options,
      fingerprint: job.fingerprint(try ExportRecord(of: job)) + "\n" + files, overwrite: overwrite)
    var summaries: [ExportJob.Summary] = []
    let outcome = try await split.run { partition in
      summaries.append(try await self.job(of: partition).run())
    }
    return Summary(
      outcome: outcome, writtenFiles: summaries.count,
      export: summaries.dropFirst().reduce(summaries.first) { sum, next in
        sum.map { $0.adding(next) }
      })
  }

  /// The export of a partition's views: each of its setups is an image of one channel.
  private func job(of partition: BDVPartitions.Partition) throws -> ExportJob {
    let images = try partition.setups.map { place in
      let (channel, image) = place.quotientAndRemainder(dividingBy: job.images.count)
      return try job.images[image].part(channel: channel, timepoints: partition.timepoints)
    }
    var part = try ExportJob(
      path: partition.path, images: images, options: job.options, source: job.source,
      stamps: job.stamps, budget: job.budget, threads: job.threads, cache: job.cache,
      heldBytes: job.heldBytes, listener: job.listener)
    part.numbering = .init(
      setups: Array(job.setups[partition.setups]),
      timepoints: Array(job.timepoints[partition.timepoints]))
    return part
  }
}

extension ExportImage {
  /// One channel at some of the time points.
  func part(channel: Int, timepoints: Range<Int>) throws -> ExportImage {
    let chunk = levels[0].chunk
    return try ExportImage(
      name: name, channelNames: [channelNames[channel]], voxelSize: voxelSize, offset: offset,
      reduction: reduction,
      levels: levels.map { level in
        let volumes = level.volumes.map { volumes in
          timepoints.map { volumes[$0 * channelNames.count + channel] }
        }
        return (level.factor, volumes)
      }
    ) { chunk }
  }
}

extension ExportJob.Summary {
  /// Both together.
  fileprivate func adding(_ other: Self) -> Self {
    var sum = self
    sum.levels = max(levels, other.levels)
    sum.keptBlocks += other.keptBlocks
    sum.totalBlocks += other.totalBlocks
    sum.voxelBytes += other.voxelBytes
    sum.bytesWritten += other.bytesWritten
    sum.seconds += other.seconds
    sum.workers = max(workers, other.workers)
    sum.decoding = decoding + other.decoding
    return sum
  }
}
