import ArgumentParser

/// `brickwork labels`, for the branch alone.
struct LabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labels", abstract: "Tables of segmentations.",
    subcommands: [LabelsCentroidsCommand.self])
}
