import ArgumentParser
import Brickwork
import Logging

/// The levels that can be asked for: those of swift-log.
enum LogLevelOption: String, CaseIterable, ExpressibleByArgument {
  case debug, info, notice, warning, error

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .warning }
}

/// Messages on standard error: "brickwork: warning: …".
struct Log: Sendable {
  private let logger: Logger

  init(level: LogLevelOption) {
    var logger = Logger(label: "brickwork") { _ in StandardErrorHandler() }
    logger.logLevel = level.level
    self.logger = logger
  }

  func warning(_ text: String) { logger.warning("\(text)") }
  func notice(_ text: String) { logger.notice("\(text)") }
  func info(_ text: String) { logger.info("\(text)") }
  func debug(_ text: String) { logger.debug("\(text)") }
}

private struct StandardErrorHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .warning

  func log(event: LogEvent) {
    Terminal.write("brickwork: \(event.level.rawValue): \(event.message)\n", to: .error)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
