internal import BrickFiles

/// How long a piece of work takes, on the wall and of the thread's processor time.
struct Stopwatch {
  private let wall = ContinuousClock.now
  private let processor = ProcessUsage.threadSeconds

  /// Seconds since the watch was made.
  var elapsed: Seconds {
    Seconds(
      wall: (ContinuousClock.now - wall).inSeconds,
      processor: ProcessUsage.threadSeconds - processor)
  }

  /// Seconds of both kinds.
  struct Seconds {
    var wall = 0.0
    var processor = 0.0

    static func + (a: Seconds, b: Seconds) -> Seconds {
      Seconds(wall: a.wall + b.wall, processor: a.processor + b.processor)
    }

    static func * (a: Seconds, factor: Double) -> Seconds {
      Seconds(wall: a.wall * factor, processor: a.processor * factor)
    }

    /// Without those of `b`, but a tenth at least.
    func without(_ b: Seconds) -> Seconds {
      Seconds(
        wall: max(0.1 * wall, wall - b.wall),
        processor: max(0.1 * processor, processor - b.processor))
    }
  }
}
