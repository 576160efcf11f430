import Brickwork
import Foundation

/// Every kernel beside a plain C loop built for this processor, and beside the same bytes copied.
///
///     Kernels [--only WORD] [--rounds 21] [--json]
///
/// One brick of 64³ voxels, which stays in the second-level cache; rates are bytes of input per second of processor
/// time, medians of samples taken in turns. An answer that differs from the loop's is said and ends with exit code 3.
@main
struct Kernels {
  static func main() throws {
    var (only, rounds, json) = ("", 21, false)
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
      switch word {
      case "--only": only = words.popFirst() ?? ""
      case "--rounds": rounds = words.popFirst().flatMap { Int($0) } ?? rounds
      case "--json": json = true
      default:
        Terminal.write("Kernels [--only WORD] [--rounds N] [--json]\n", to: .error)
        exit(64)
      }
    }
    var outcomes: [Outcome] = []
    // Made one after the other: the bricks of all together would be half a gigabyte.
    for make in fusionContests + levelContests + intensityContests + labelContests + byteContests {
      let contest = try make()
      if only.isEmpty || "\(contest.kernel) \(contest.variant)".contains(only) {
        outcomes.append(try contest.run(rounds: rounds))
      }
    }
    Terminal.write(json ? Self.json(outcomes) : Self.table(outcomes), to: .output)
    if outcomes.contains(where: { $0.difference != nil }) { exit(3) }
  }

  private static func table(_ outcomes: [Outcome]) -> String {
    var lines = [
      "| kernel | voxels | ours GB/s | C loop GB/s | ours / C | answers |",
      "|---|---|---|---|---|---|",
    ]
    for outcome in outcomes {
      func rate(_ spread: Spread) -> String {
        String(
          format: "%.2f (%.2f–%.2f)", spread.median / 1e9, spread.least / 1e9, spread.most / 1e9)
      }
      lines.append(
        "| \(outcome.contest.kernel) | \(outcome.contest.variant) | \(rate(outcome.ours)) | "
          + "\(rate(outcome.yardstick)) | \(String(format: "%.2f", outcome.ratio)) | "
          + "\(outcome.difference ?? "equal") |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func json(_ outcomes: [Outcome]) -> String {
    outcomes.map { outcome in
      let object: JSON = [
        "kernel": .string(outcome.contest.kernel), "variant": .string(outcome.contest.variant),
        "bytes_per_second": .number(outcome.ours.median),
        "c_bytes_per_second": .number(outcome.yardstick.median), "ratio": .number(outcome.ratio),
        "equal": .bool(outcome.difference == nil),
      ]
      return object.text(pretty: false) + "\n"
    }.joined()
  }
}
