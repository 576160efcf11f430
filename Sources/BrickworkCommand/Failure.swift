import ArgumentParser
import Brickwork

/// How the command ends when something goes wrong: one sentence on standard error, and an exit code.
enum Failure {
  static func exit(with error: any Error) -> Never {
    if let signal = Interrupts.received, isStop(error) {
      Terminal.write(
        "brickwork: interrupted. Run the same command again to continue\n", to: .error)
      leave(with: signal == .interrupt ? 130 : 75)
    }
    if let error = error as? BrickworkError {
      Terminal.write("brickwork: \(error.description)\n", to: .error)
      leave(with: exitCode(of: error.code))
    }
    if error is CancellationError {
      Terminal.write("brickwork: the job was cancelled\n", to: .error)
      leave(with: 75)
    }
    let code = BrickworkCommand.exitCode(for: error)
    // Help and version are what was asked for: ArgumentParser prints them.
    if code.isSuccess { BrickworkCommand.exit(withError: error) }
    let message = BrickworkCommand.fullMessage(for: error)
    let words = message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
    Terminal.write("brickwork: \(words)\n", to: .error)
    leave(with: code.rawValue)
  }

  private static func leave(with code: Int32) -> Never {
    BrickworkCommand.exit(withError: ExitCode(code))
  }

  private static func isStop(_ error: any Error) -> Bool {
    error is CancellationError || (error as? BrickworkError)?.code == .interrupted
  }

  /// The exit codes follow sysexits.h.
  static func exitCode(of code: BrickworkError.Code) -> Int32 {
    switch code {
    case .badRequest: 64
    case .damagedInput, .unsupportedInput: 65
    case .missingInput: 66
    case .outputExists: 73
    case .inputOutput: 74
    case .interrupted: 75
    case .verificationFailed: 3
    case .outOfBudget: 1
    }
  }
}
