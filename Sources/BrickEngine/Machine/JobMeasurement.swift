internal import BrickCore
internal import BrickFiles

/// Runs a job of a benchmark and measures it.
struct JobMeasurement: Sendable {
  /// What a run says of itself.
  struct Outcome: Sendable {
    var bytesWritten: Int
    var voxelBytesWritten: Int
    var workers: Int
  }

  /// The machine's own rates.
  struct Rates: Sendable {
    var disk: MachineReport.Disk
    /// What a job encodes and decodes with; nil where it doesn't.
    var encoding: MachineReport.Rates?
    var decoding: MachineReport.Rates?
  }

  let kind: MachineJob.Kind
  /// The files that go in.
  let files: [String]
  /// Bytes of their voxels.
  let voxelBytes: Int
  /// Bytes of the voxels that are decoded from them.
  let decodedBytes: Int
  let threads: Int

  /// Runs of short jobs, and what is short.
  private static let runs = 3
  private static let patience = 4.0

  private struct Run {
    var seconds: Double
    var processorSeconds: Double
    var othersCores: Double?
    var bytesInMemory: Int
    var outcome: Outcome
    var peak: MemoryWatch.Peak
  }

  func run(_ rates: Rates, _ body: () async throws -> Outcome) async throws -> MachineJob {
    var runs: [Run] = []
    repeat {
      runs.append(try await once(body))
    } while runs.count < Self.runs && runs.reduce(0) { $0 + $1.seconds } < Self.patience
    let sorted = runs.sorted { $0.seconds < $1.seconds }
    let median = sorted[(sorted.count - 1) / 2]
    let bytesRead = files.reduce(0) { $0 + (Files.size($1) ?? 0) }
    return MachineJob(
      kind: kind, runs: runs.count, seconds: median.seconds,
      range: sorted[0].seconds...sorted[sorted.count - 1].seconds,
      processorSeconds: median.processorSeconds,
      codecSeconds: codecSeconds(rates, median) { $0.perProcessorSecond ?? $0.oneThread },
      othersCores: median.othersCores,
      voxelBytes: voxelBytes, bytesRead: bytesRead,
      bytesInMemory: median.bytesInMemory, voxelBytesWritten: median.outcome.voxelBytesWritten,
      bytesWritten: median.outcome.bytesWritten, workers: median.outcome.workers, threads: threads,
      peak: runs.reduce(median.peak) { $0.maximum($1.peak) },
      limits: limits(rates, median, bytesRead: bytesRead))
  }

  private func once(_ body: () async throws -> Outcome) async throws -> Run {
    for file in files { try PageCache.forget(file) }
    let inMemory = try files.reduce(0) { $0 + (try PageCache.keptBytes(of: $1)) }
    let watch = MemoryWatch()
    let before = (own: ProcessUsage.processorSeconds, all: ProcessUsage.machineSeconds)
    let start = ContinuousClock.now
    let outcome = try await body()
    let seconds = max(1e-9, (ContinuousClock.now - start).inSeconds)
    let own = ProcessUsage.processorSeconds - before.own
    let others = ProcessUsage.machineSeconds.flatMap { now in
      before.all.map { max(0, now - $0 - own) / seconds }
    }
    return Run(
      seconds: seconds, processorSeconds: own, othersCores: others, bytesInMemory: inMemory,
      outcome: outcome, peak: watch.finish())
  }

  /// Seconds that coding takes at some rate.
  private func codecSeconds(
    _ rates: Rates, _ run: Run, _ rate: (MachineReport.Rates) -> Double
  ) -> Double {
    (rates.encoding.map { Double(run.outcome.voxelBytesWritten) / rate($0) } ?? 0)
      + (rates.decoding.map { Double(decodedBytes) / rate($0) } ?? 0)
  }

  /// The shortest times, longest first.
  private func limits(_ rates: Rates, _ run: Run, bytesRead: Int) -> [MachineJob.Limit] {
    let disk = rates.disk
    let fromDisk = Double(bytesRead - min(bytesRead, run.bytesInMemory))
    let fromMemory = Double(min(bytesRead, run.bytesInMemory))
    let reading =
      fromDisk / disk.reading.best + fromMemory / disk.pageCache.best
    let codec = codecSeconds(rates, run) { $0.best }
    let writing = Double(run.outcome.bytesWritten) / disk.writing
    let all: [MachineJob.Limit] = [
      MachineJob.Limit(resource: .reading, seconds: reading),
      MachineJob.Limit(resource: .codec, seconds: codec),
      MachineJob.Limit(resource: .writing, seconds: writing),
    ]
    return all.filter { $0.seconds > 0 }.sorted { $0.seconds > $1.seconds }
  }
}
