internal import BrickFiles
internal import Synchronization

/// Measures how fast something runs on one thread and on all of them.
struct RateProbe: Sendable {
  /// Threads at most: those that were asked for, as far as there are cores.
  let threads: Int
  /// The median of so many rounds is taken.
  static let rounds = 5
  /// Seconds of a round.
  static let roundSeconds = 0.1

  /// The rates of a step that each worker does again and again, in bytes per second.
  ///
  /// - Parameters:
  ///   - makeWorker: makes what a worker keeps; its place among the workers is given.
  ///   - step: does a piece of work and returns its bytes.
  func rates<Worker>(
    _ makeWorker: @escaping @Sendable (Int) throws -> Worker,
    step: @escaping @Sendable (Worker) throws -> Int
  ) async throws -> MachineReport.Rates {
    let one = try await rate(threads: 1, makeWorker, step)
    let all = threads == 1 ? one : try await rate(threads: threads, makeWorker, step)
    return MachineReport.Rates(
      oneThread: one.rate, allThreads: all.rate, perProcessorSecond: one.perProcessorSecond)
  }

  /// What a worker did, step by step, from its start on.
  private struct Trace: Sendable {
    let start: ContinuousClock.Instant
    var steps: [(end: ContinuousClock.Instant, bytes: Int)] = []
    /// Of the thread, for all steps.
    var processorSeconds = 0.0

    /// Bytes done between two moments; a step counts by the part of it that lies between.
    func bytes(from first: ContinuousClock.Instant, to last: ContinuousClock.Instant) -> Double {
      var (sum, begin) = (0.0, start)
      for step in steps {
        let inside = (min(last, step.end) - max(first, begin)).inSeconds
        if inside > 0 {
          sum += Double(step.bytes) * inside / max(1e-9, (step.end - begin).inSeconds)
        }
        begin = step.end
      }
      return sum
    }
  }

  private func rate<Worker>(
    threads: Int, _ makeWorker: @escaping @Sendable (Int) throws -> Worker,
    _ step: @escaping @Sendable (Worker) throws -> Int
  ) async throws -> (rate: Double, perProcessorSecond: Double) {
    let gate = Gate(count: threads)
    let traces = try await withThrowingTaskGroup(of: Trace.self) { group in
      for place in 0..<threads {
        group.addTask {
          let worker = try makeWorker(place)
          // Pages are touched and tables made before the clock runs.
          _ = try step(worker)
          await gate.pass()
          var trace = Trace(start: .now)
          // A little longer than the rounds, which begin with the last worker.
          let end = trace.start + .seconds(Self.roundSeconds * (Double(Self.rounds) + 0.5))
          // Nothing here waits, so that the thread stays the same.
          let before = ProcessUsage.threadSeconds
          repeat {
            try Task.checkCancellation()
            let bytes = try step(worker)
            trace.steps.append((.now, bytes))
          } while trace.steps[trace.steps.count - 1].end < end
          trace.processorSeconds = ProcessUsage.threadSeconds - before
          return trace
        }
      }
      var all: [Trace] = []
      for try await trace in group { all.append(trace) }
      return all
    }
    let start = traces.map(\.start).max() ?? .now
    let rounds = (0..<Self.rounds).map { round -> Double in
      let first = start + .seconds(Self.roundSeconds * Double(round))
      let last = first + .seconds(Self.roundSeconds)
      return traces.reduce(0) { $0 + $1.bytes(from: first, to: last) } / Self.roundSeconds
    }
    let bytes = traces.reduce(0) { $1.steps.reduce($0) { $0 + $1.bytes } }
    let processorSeconds = traces.reduce(0) { $0 + $1.processorSeconds }
    return (rounds.sorted()[Self.rounds / 2], Double(bytes) / max(1e-9, processorSeconds))
  }

  /// Lets workers through when all have come.
  private final class Gate: Sendable {
    private let missing: Atomic<Int>
    private static let patience = Duration.seconds(5)

    init(count: Int) { missing = Atomic(count) }

    func pass() async {
      missing.subtract(1, ordering: .relaxed)
      let begin = ContinuousClock.now
      // Every worker has a thread of its own; were it not so, nobody would wait for ever.
      while missing.load(ordering: .relaxed) > 0, ContinuousClock.now - begin < Self.patience {
        await Task.yield()
      }
    }
  }
}
