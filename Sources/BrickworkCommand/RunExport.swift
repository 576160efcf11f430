import Brickwork

/// Lets the engine stream a store into a BigDataViewer file.
func runExport(
  _ request: ExportRequest, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  throw BrickworkError(.unsupportedInput, reason: "the engine is not connected yet")
}
