import Brickwork

/// What limits a machine, in words.
struct BenchmarkVerdict {
  let report: MachineReport

  init(_ report: MachineReport) { self.report = report }

  /// Below this part of its limit a job waits for something that was not measured.
  private static let satisfying = 0.6
  /// A second resource that allows less than this beside the first is soon the next limit.
  private static let close = 0.85

  /// Seconds of a job that is over before all threads are busy.
  private static let short = 1.0
  /// Below this part of the cores nobody minds other programs.
  private static let disturbing = 0.1

  /// A sentence for each job that writes, and what disturbed them.
  var sentences: [String] {
    let jobs = report.jobs.filter { $0.kind != .read }
    return jobs.map { sentence($0) } + [others].compactMap { $0 }
  }

  private var others: String? {
    let cores = report.jobs.compactMap(\.othersCores).max() ?? 0
    guard cores > Self.disturbing * Double(report.threads) else { return nil }
    return
      "Other programs kept up to \(Text.fixed(cores, 1)) of \(Text.count(report.machine.cores, "core")) busy "
      + "meanwhile: measure again when they are done."
  }

  private func sentence(_ job: MachineJob) -> String {
    let name = job.kind == .stitch ? "Stitching" : "Exporting"
    let (here, more) = words(job)
    var sentence = "\(name) is limited by \(here): \(more)"
    if job.limits.count > 1, job.limits[1].seconds > job.limit.seconds * Self.close {
      sentence += "; \(Self.article(job.limits[1].resource, job)) is close behind"
    }
    if job.share < Self.satisfying {
      sentence += "; it reached \(Text.fixed(job.share * 100, 0)) % of that\(reason(job))"
    }
    return sentence + "."
  }

  /// Why a job stays far from its limit, as far as that is known.
  private func reason(_ job: MachineJob) -> String {
    if job.workers < report.threads {
      return " with \(Text.count(job.workers, "worker")), all that --memory "
        + "\(Text.mebibytes(report.budget)) allows"
    }
    if others != nil {
      return
        " beside other programs, with \(Text.fixed(job.codecShare * 100, 0)) % of its processor time in the codec"
    }
    return job.seconds < Self.short
      ? ", since so short a job starts and ends more than it works: take more with --size" : ""
  }

  /// The limit, and what would help.
  private func words(_ job: MachineJob) -> (limit: String, help: String) {
    switch job.limit.resource {
    case .codec: ("the codec", "more cores help, a faster disk doesn't")
    case .writing: ("writing to the disk", "a faster disk helps, more cores don't")
    case .reading where isFromMemory(job):
      ("reading from the page cache", "faster memory helps, a faster disk or more cores don't")
    case .reading: ("reading from the disk", "a faster disk helps, more cores don't")
    }
  }

  private func isFromMemory(_ job: MachineJob) -> Bool { job.bytesInMemory * 2 > job.bytesRead }

  /// A resource as the table names it.
  static func name(_ resource: MachineJob.Resource, _ job: MachineJob) -> String {
    switch resource {
    case .codec: "codec"
    case .writing: "disk write"
    case .reading: job.bytesInMemory * 2 > job.bytesRead ? "page cache" : "disk read"
    }
  }

  private static func article(_ resource: MachineJob.Resource, _ job: MachineJob) -> String {
    switch resource {
    case .codec: "the codec"
    case .writing: "writing to the disk"
    case .reading:
      job.bytesInMemory * 2 > job.bytesRead ? "the page cache" : "reading from the disk"
    }
  }
}
