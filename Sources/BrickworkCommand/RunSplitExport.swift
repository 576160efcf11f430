import Brickwork

extension SplitExport {
  /// Splits an export as the option says.
  init(_ job: ExportJob, _ split: SplitOption) {
    self.init(
      job, setupsPerFile: split.setupsPerFile, timepointsPerFile: split.timepointsPerFile)
  }
}

/// Writes the files of an export that nobody else is writing.
func runSplit(
  _ job: ExportJob, _ request: ExportRequest, _ split: SplitOption
) async throws -> JobSummary {
  let export = SplitExport(job, split)
  let result = try await export.run(overwrite: request.overwrite)
  let files = export.partitions.partitions.map(\.path)
  var summary =
    result.export.map { finished(job, request, $0) }
    ?? JobSummary(
      text: "\(request.output): all files were written before",
      json: ["path": .string(request.output)])
  let written = "\(result.writtenFiles) of \(Text.count(files.count, "file"))"
  switch result.outcome {
  case .finished:
    summary.text += "\n\(written) written by this process; all are linked in \(request.output)"
  case .othersAtWork(let open):
    summary.text +=
      "\n\(written) written by this process; \(open.count) are in the hands of others, the last of "
      + "which writes \(request.output). Run the command again should one of them have been stopped"
    summary.json["open_files"] = .array(open.map { .string($0) })
  }
  summary.json["is_finished"] = .bool(result.outcome == .finished)
  summary.json["files"] = .array(files.map { .string($0) })
  summary.json["written_files"] = JSON(result.writtenFiles)
  return summary
}
