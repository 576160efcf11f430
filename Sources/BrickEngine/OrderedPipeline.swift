internal import Synchronization

/// Runs numbered steps on several workers and commits their results in the order of the numbers.
///
/// Workers pull the next number from a counter, so a slow step holds up nobody; results that come early wait
/// their turn. Because commits are in order and one at a time, what they write is the same for any number of
/// workers. No worker gets more than a window ahead of the commits, which bounds the waiting results.
enum OrderedPipeline {
  /// Work that a commit leaves to be done outside the order, by the worker that committed.
  typealias Afterwork = @Sendable () throws -> Void

  /// - Parameters:
  ///   - makeWorker: makes what one worker keeps between its steps: buffers, encoders.
  ///   - produce: does a step; runs on all workers at once.
  ///   - commit: takes the results, in order and one at a time.
  static func run<Worker, Result: Sendable>(
    count: Int, workers: Int,
    makeWorker: @escaping @Sendable () throws -> Worker,
    produce: @escaping @Sendable (Worker, Int) throws -> Result,
    commit: @escaping @Sendable (Int, Result) throws -> Afterwork?
  ) async throws {
    let width = max(1, min(workers, count))
    let sequencer = Sequencer<Result>(window: 2 * width + 2, commit: commit)
    let counter = Counter()
    do {
      try await runWorkers(width, count, counter, sequencer, makeWorker, produce)
    } catch {
      // Workers that were sent home report a cancellation, perhaps before the one that failed has its say.
      throw sequencer.firstFailure ?? error
    }
  }

  private static func runWorkers<Worker, Result: Sendable>(
    _ width: Int, _ count: Int, _ counter: Counter, _ sequencer: Sequencer<Result>,
    _ makeWorker: @escaping @Sendable () throws -> Worker,
    _ produce: @escaping @Sendable (Worker, Int) throws -> Result
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<width {
        group.addTask {
          do {
            let worker = try makeWorker()
            while let step = counter.take(below: count) {
              try Task.checkCancellation()
              try await sequencer.waitUntilNear(step)
              let result = try produce(worker, step)
              for work in try sequencer.deposit(result, at: step) { try work() }
            }
          } catch {
            // Nobody may wait for a result that will never come.
            sequencer.abandon(after: error)
            throw error
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private final class Counter: Sendable {
    private let next = Atomic<Int>(0)
    func take(below count: Int) -> Int? {
      let step = next.wrappingAdd(1, ordering: .relaxed).oldValue
      return step < count ? step : nil
    }
  }
}

/// Puts results into the order of their numbers.
private final class Sequencer<Result: Sendable>: Sendable {
  private struct State {
    var next = 0
    var early: [Int: Result] = [:]
    var isCommitting = false
    var isAbandoned = false
    var firstFailure: (any Error)?
    var waiting: [(step: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private let window: Int
  private let commit: @Sendable (Int, Result) throws -> OrderedPipeline.Afterwork?
  private let state = Mutex(State())

  init(
    window: Int, commit: @escaping @Sendable (Int, Result) throws -> OrderedPipeline.Afterwork?
  ) {
    self.window = window
    self.commit = commit
  }

  /// Returns once `step` is at most a window ahead of the commits.
  ///
  /// The worker that holds the next step to commit is never the one that waits, so this can't lock up.
  func waitUntilNear(_ step: Int) async throws {
    let goOn = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
      let answer: Bool? = state.withLock { state in
        if state.isAbandoned { return false }
        if step < state.next + window { return true }
        state.waiting.append((step, continuation))
        return nil
      }
      if let answer { continuation.resume(returning: answer) }
    }
    guard goOn else { throw CancellationError() }
  }

  /// Hands in a result, and commits as many as are now in order unless another worker is doing so.
  func deposit(_ result: Result, at step: Int) throws -> [OrderedPipeline.Afterwork] {
    var afterwork: [OrderedPipeline.Afterwork] = []
    var current: (step: Int, result: Result)? = state.withLock { state in
      state.early[step] = result
      if state.isCommitting { return nil }
      guard let first = state.early.removeValue(forKey: state.next) else { return nil }
      state.isCommitting = true
      return (state.next, first)
    }
    while let (step, result) = current {
      if let work = try commit(step, result) { afterwork.append(work) }
      current = advance()
    }
    return afterwork
  }

  private func advance() -> (step: Int, result: Result)? {
    let (next, ready) = state.withLock { state in
      state.next += 1
      let limit = state.next + window
      let ready = state.waiting.filter { $0.step < limit }
      state.waiting.removeAll { $0.step < limit }
      let result = state.early.removeValue(forKey: state.next)
      state.isCommitting = result != nil
      return (result.map { (state.next, $0) }, ready)
    }
    for waiter in ready { waiter.continuation.resume(returning: true) }
    return next
  }

  /// What the first worker that failed met.
  var firstFailure: (any Error)? { state.withLock { $0.firstFailure } }

  /// Sends everybody home.
  func abandon(after failure: any Error) {
    let waiting = state.withLock { state in
      if !state.isAbandoned { state.firstFailure = failure }
      state.isAbandoned = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.continuation.resume(returning: false) }
  }
}
