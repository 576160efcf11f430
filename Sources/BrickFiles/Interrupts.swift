internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Requests to stop from outside: Ctrl-C and termination.
public enum Interrupts {
  /// What asked the process to stop.
  public enum Signal: Sendable, Hashable {
    /// Ctrl-C (SIGINT).
    case interrupt
    /// A scheduler or the system (SIGTERM).
    case terminate
  }

  /// Keeps a source alive: it stops working when it is released.
  private final class Kept: @unchecked Sendable {
    // @unchecked: nobody touches the source after it was started.
    private let source: any DispatchSourceSignal
    init(_ source: any DispatchSourceSignal) { self.source = source }
  }

  private struct State {
    var kept: [Kept] = []
    var first: Signal?
  }

  private static let state = Mutex(State())
  /// A serial queue gets a thread of its own; one of the global queues would wait for a worker that computes.
  private static let queue = DispatchQueue(label: "interrupts")

  /// What asked the process to stop so far, if anything.
  public static var received: Signal? { state.withLock { $0.first } }

  /// Calls `stop` once, when the process is first asked to stop; the second request ends it on the spot with
  /// the exit code 130.
  public static func handle(_ stop: @escaping @Sendable (Signal) -> Void) {
    for (number, kind) in [(SIGINT, Signal.interrupt), (SIGTERM, Signal.terminate)] {
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        let isFirst = state.withLock { state in
          guard state.first == nil else { return false }
          state.first = kind
          return true
        }
        if isFirst { stop(kind) } else { _exit(130) }
      }
      source.resume()
      let kept = Kept(source)
      state.withLock { $0.kept.append(kept) }
    }
  }
}
