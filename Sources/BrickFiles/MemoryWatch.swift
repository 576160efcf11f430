internal import Dispatch
internal import Synchronization

/// Finds out the most memory the process holds while something runs.
///
/// Linux keeps the peak of what is resident. What of it is anonymous has no peak there: it is looked at every 10 ms, on
/// a thread of its own, since all others compute.
public final class MemoryWatch: Sendable {
  /// The most memory that was held.
  public struct Peak: Sendable, Hashable {
    /// Bytes, pages of mapped files included.
    public var resident: Int
    /// Bytes without pages of files, as looked at now and then; nil where the system doesn't say.
    public var anonymous: Int?
    /// Whether `resident` is the time's own peak; else it is the process's so far, or a sampled one.
    public var isExact: Bool

    /// The larger of both.
    public func maximum(_ other: Peak) -> Peak {
      let looked = [anonymous, other.anonymous].compactMap { $0 }
      return Peak(
        resident: max(resident, other.resident), anonymous: looked.max(),
        isExact: isExact && other.isExact)
    }
  }

  private struct State {
    var resident = 0
    var anonymous: Int?
  }
  private final class Samples: Sendable {
    let state = Mutex(State())

    func take() {
      guard let memory = ProcessUsage.memory else { return }
      state.withLock {
        $0.resident = max($0.resident, memory.resident)
        $0.anonymous = max($0.anonymous ?? 0, memory.anonymous)
      }
    }
  }

  /// Keeps the timer alive; nobody touches it between its start and its end.
  private final class Timer: @unchecked Sendable {
    // @unchecked: set once, and cancelled once.
    private let source: any DispatchSourceTimer

    init(_ samples: Samples) {
      // A serial queue gets a thread of its own; one of the global queues would wait for a worker that computes.
      source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "memory"))
      source.schedule(deadline: .now(), repeating: .milliseconds(10))
      source.setEventHandler { samples.take() }
      source.resume()
    }

    func end() { source.cancel() }
  }

  private let samples = Samples()
  private let timer: Timer
  private let isExact: Bool

  /// Begins to watch.
  public init() {
    isExact = ProcessUsage.forgetPeak()
    samples.take()
    timer = Timer(samples)
  }

  deinit { timer.end() }

  /// Ends the watch.
  public func finish() -> Peak {
    timer.end()
    samples.take()
    let state = samples.state.withLock { $0 }
    guard let memory = ProcessUsage.memory else {
      return Peak(resident: SystemMemory.peakResident, anonymous: nil, isExact: false)
    }
    return Peak(
      resident: isExact ? memory.peakResident : state.resident, anonymous: state.anonymous,
      isExact: isExact)
  }
}
