import Brickwork

/// What a job did, for people and for programs.
struct JobSummary: Sendable {
  var text: String
  var json: JSON
  /// Why a run would not begin, in a dry run.
  var refusal: (any Error)?

  init(text: String, json: JSON) { (self.text, self.json) = (text, json) }

  /// Prints the plan of a dry run, then says why a run would not begin, if that is so.
  func showPlan(_ options: PrintingGroup) throws {
    show(options)
    if let refusal { throw refusal }
  }

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
