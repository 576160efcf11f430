import Foundation
import Testing

/// The built command, run as a user would.
enum Executable {
  /// The executable beside the test bundle: `.build/<configuration>/brickwork`.
  static let path: String = {
    // On Linux the test runner lies in the folder of products, on macOS in a bundle inside it.
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent("brickwork").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return "brickwork"
  }()

  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs the command and waits for its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    // Help is wrapped at the terminal's width.
    variables["COLUMNS"] = "100"
    process.environment = variables.merging(environment) { _, new in new }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Nothing here writes more than a pipe holds to standard error.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let words = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: words, as: UTF8.self))
  }
}
