import Foundation

/// Wall time and processor time of this process since it was made.
public struct Stopwatch {
  private let started = ContinuousClock.now
  private let spent = Self.processorSeconds

  /// Starts now.
  public init() {}

  /// Seconds that have passed, and those the threads of the process have worked, the kernel's time for them included.
  public var elapsed: (seconds: Double, processorSeconds: Double) {
    ((ContinuousClock.now - started) / .seconds(1), Self.processorSeconds - spent)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
