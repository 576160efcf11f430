import Foundation

/// One kernel beside a plain C loop that gives the same answer.
struct Contest {
  let kernel: String
  /// The element type, and what else tells two rows of a kernel apart.
  let variant: String
  /// Bytes of voxels that go in, in one round.
  let byteCount: Int
  let ours: () throws -> Void
  let yardstick: () -> Void
  /// Nil where both gave the same answer the last time they ran, else what differs.
  let difference: () -> String?
}

/// What a contest came to, in bytes of input per second of the thread's processor time.
struct Outcome {
  let contest: Contest
  let ours: Spread
  let yardstick: Spread
  let difference: String?

  /// Our rate as a part of the yardstick's, from medians.
  var ratio: Double { ours.median / yardstick.median }
}

/// Median and extremes of several samples.
struct Spread {
  let median: Double
  let least: Double
  let most: Double

  init(_ samples: [Double]) {
    let sorted = samples.sorted()
    median = sorted[sorted.count / 2]
    least = sorted[0]
    most = sorted[sorted.count - 1]
  }
}

extension Contest {
  /// Lets both run in turns, `rounds` samples of at least two milliseconds each, after a first run that is checked.
  func run(rounds: Int) throws -> Outcome {
    try ours()
    yardstick()
    let difference = difference()
    let repeats = try self.repeats()
    var samples: (ours: [Double], yardstick: [Double]) = ([], [])
    for round in 0..<rounds {
      func first() throws {
        samples.ours.append(try rate(repeats.ours) { try ours() })
      }
      func second() throws {
        samples.yardstick.append(try rate(repeats.yardstick) { yardstick() })
      }
      if round % 2 == 0 {
        try first()
        try second()
      } else {
        try second()
        try first()
      }
    }
    return Outcome(
      contest: self, ours: Spread(samples.ours), yardstick: Spread(samples.yardstick),
      difference: difference)
  }

  private func repeats() throws -> (ours: Int, yardstick: Int) {
    func count(_ body: () throws -> Void) rethrows -> Int {
      let seconds = try processorTime(body)
      return max(1, Int(0.002 / max(seconds, 1e-7)))
    }
    return (try count(ours), count(yardstick))
  }

  private func rate(_ repeats: Int, _ body: () throws -> Void) throws -> Double {
    let seconds = try processorTime { for _ in 0..<repeats { try body() } }
    return Double(byteCount * repeats) / max(seconds, 1e-9)
  }
}

/// Seconds the calling thread spent computing `body`: what others do on the machine counts little.
func processorTime(_ body: () throws -> Void) rethrows -> Double {
  let start = now()
  try body()
  return now() - start
}

private func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
