import Brickwork

/// What a benchmark found, for people and for programs.
struct BenchmarkReport {
  let report: MachineReport
  let folder: String

  init(_ report: MachineReport, folder: String) {
    self.report = report
    self.folder = folder
  }

  /// A sentence if a job passed the budget.
  var overBudget: String? {
    let jobs = report.jobsOverBudget
    guard !jobs.isEmpty else { return nil }
    let words = jobs.map {
      "\($0.kind.rawValue) took \(Text.mebibytes($0.peak.resident))"
    }
    return
      "\(words.joined(separator: " and ")) of memory, where \(Text.mebibytes(report.budget)) were allowed"
  }

  // MARK: For people

  var text: String {
    let blocks = [machineLines, rateTable, jobTable, BenchmarkVerdict(report).sentences]
    return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private var machineLines: [String] {
    let machine = report.machine
    let limit = machine.controlGroupLimit.map { ", of which \(Text.bytes($0)) may be used" } ?? ""
    let cores =
      machine.usableCores == machine.cores
      ? Text.count(machine.cores, "core") : "\(machine.usableCores) of \(machine.cores) cores"
    let processor = machine.processor.isEmpty ? machine.architecture : machine.processor
    return [
      "\(cores) (\(processor)), \(Text.bytes(machine.memory)) of memory\(limit), \(machine.kernel), "
        + "brickwork \(BrickworkCommand.version)",
      "\(report.tileCount) tiles of \(Text.size(report.tileSize)) uint16 voxels (\(Text.bytes(report.tileBytes))) in "
        + "\(folder), \(Text.count(report.threads, "thread")), --memory \(Text.mebibytes(report.budget))",
    ]
  }

  private var rateTable: [String] {
    let all = Text.count(report.threads, "thread")
    var rows = [["MB/s", "1 thread", report.threads == 1 ? "" : all, ""]]
    func row(_ name: String, _ rates: MachineReport.Rates, _ note: String = "") {
      rows.append([
        name, megabytes(rates.oneThread), report.threads == 1 ? "" : megabytes(rates.allThreads),
        note,
      ])
    }
    row("memory copy", report.copying.rates, "buffers of \(Text.bytes(report.copying.bufferBytes))")
    rows.append([
      "disk write", megabytes(report.disk.writing), "",
      "\(Text.bytes(report.disk.fileBytes)) in order, until they are on the disk",
    ])
    row(
      "disk read", report.disk.reading,
      report.disk.isCold
        ? "out of the page cache"
        : "from the page cache: the system did not forget \(Text.bytes(report.disk.keptBytes))")
    row("page cache", report.disk.pageCache)
    for codec in report.codecs {
      let note = "ratio \(Text.fixed(codec.ratio, 2)), bricks of \(Text.size(codec.brick))"
      row("\(codec.name) encode, \(codec.voxels.rawValue)", codec.encoding, note)
      if let decoding = codec.decoding {
        row("\(codec.name) decode, \(codec.voxels.rawValue)", decoding)
      }
    }
    return Self.aligned(rows, leftAligned: [0, 3])
  }

  private var jobTable: [String] {
    var rows = [
      [
        "job", "time", "CPU", "codec", "MB/s", "limit", "share", "limited by", "cores busy", "peak",
        "anonymous", "of budget",
      ]
    ]
    for job in report.jobs {
      rows.append([
        job.kind.rawValue, "\(Text.fixed(job.seconds, 2)) s",
        "\(Text.fixed(job.processorSeconds, 2)) s", percent(job.codecShare), megabytes(job.rate),
        megabytes(job.limitRate),
        percent(job.share), BenchmarkVerdict.name(job.limit.resource, job),
        percent(job.coresBusy), Text.mebibytes(job.peak.resident),
        job.peak.anonymous.map(Text.mebibytes) ?? "",
        percent(Double(job.peak.resident) / Double(report.budget)),
      ])
    }
    return Self.aligned(rows, leftAligned: [0, 7])
  }

  private func megabytes(_ rate: Double) -> String { Text.fixed(rate / 1e6, rate < 1e7 ? 1 : 0) }
  private func percent(_ share: Double) -> String { "\(Text.fixed(share * 100, 0)) %" }

  /// Lines of cells below each other, two spaces apart, numbers at the right.
  private static func aligned(_ rows: [[String]], leftAligned: Set<Int>) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return leftAligned.contains(column) ? cell + padding : padding + cell
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
