import Brickwork

/// What a job did, for people and for programs.
struct JobSummary: Sendable {
  var text: String
  var json: JSON

  /// Prints it to standard output as the options say.
  func show(_ options: PrintingGroup) { show(json: options.json, quiet: options.quiet) }

  /// Prints it to standard output.
  func show(json asJSON: Bool, quiet: Bool) {
    if asJSON {
      Output.print(json)
    } else if !quiet {
      Output.print(text)
    }
  }
}
