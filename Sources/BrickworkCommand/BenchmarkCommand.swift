import ArgumentParser
import Brickwork
import Synchronization

/// `brickwork benchmark`: this machine against its limits.
struct BenchmarkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measures this machine, and what stitching and exporting make of it.",
    discussion: """
      Makes tiles of camera-like noise in a folder of its own inside --folder, stitches them within --memory, exports the \
      store to BigDataViewer HDF5 and reads it back, compares sampled voxels with the truth, and removes the folder. \
      What else runs on the machine is measured with it.

      ROWS
        memory copy  bytes copied from one large buffer to another
        disk write   a new file in order, until all of it is on the disk
        disk read    that file after the system was asked to forget it
        page cache   that file while the system keeps it in memory
        encode       bricks in memory, as stores hold intensities (blosc-zstd)
                     and labels (zstd), and exports what they hold (deflate)
        decode       the same bricks back to voxels
        stitch       uncompressed TIFF tiles by linear fusion into a store with
                     its pyramid
        export       the store into BigDataViewer HDF5 with its pyramid
        read         every voxel of the store's finest level into memory

      COLUMNS OF THE JOBS
        codec        part of the processor time (CPU) that coding bricks takes
        MB/s         input voxels: of the tiles, or of the store's finest level
        limit        the same if only the slowest of reading the files, coding
                     bricks on all threads and writing the files took time
        limited by   which of the three that is
        cores busy   processor time over time and threads
        peak         most resident memory of the process, also without the
                     pages of mapped files (anonymous), and as part of --memory

      EXAMPLES
        brickwork benchmark --folder /scratch
        brickwork benchmark --folder /scratch --size 16GiB --memory 2GiB --threads 4
        brickwork benchmark --size 64MiB --json > machine.json

      Exit code 3: a voxel was wrong, or a job took more memory than --memory.
      """)

  @Option(
    help: ArgumentHelp(
      "Where the disk is measured, which takes up to about three times --size there for a while (default: the current folder).",
      valueName: "folder"),
    completion: .directory)
  var folder: String?

  @Option(
    help: ArgumentHelp(
      "Size of all tiles together, from 64MiB; larger than the memory of the machine shows what lasts (default: 1GiB).",
      valueName: "size"),
    transform: { try Notation.byteCount($0) })
  var size: Int?

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @OptionGroup var printing: PrintingGroup

  func validate() throws {
    if let size, !MachineBenchmark.byteCounts.contains(size) {
      throw ValidationError("Tiles of \(size) bytes are not between 64MiB and 64TiB (--size).")
    }
  }

  func run() async throws {
    let place = trimmed(folder ?? ".")
    guard Files.isFolder(place) else {
      throw BrickworkError(
        .outputExists, path: place,
        reason: Files.exists(place) ? "is a file, where a folder is wanted" : "does not exist",
        remedy: "Make the folder, or choose another place with --folder")
    }
    let log = printing.log()
    let progress = PhaseProgress(machine.progress ?? .auto, quiet: printing.quiet)
    defer { progress.finish() }
    let benchmark = try MachineBenchmark(
      folder: place, byteCount: size ?? 1 << 30,
      budget: MemoryBudget(byteCount: try machine.memoryLimit()),
      threads: try machine.threadCount() ?? SystemMemory.cores, listener: progress)
    if let wanted = try machine.threadCount(), wanted > benchmark.threads {
      log.warning(
        "\(wanted) threads were asked for, and there are \(Text.count(benchmark.threads, "core")): "
          + "\(Text.count(benchmark.threads, "thread")) will be used")
    }
    log.info("measuring in \(place), \(Text.bytes(benchmark.byteCount)) of tiles")
    let report = try await benchmark.run()
    progress.finish()
    let description = BenchmarkReport(report, folder: place)
    JobSummary(text: description.text, json: description.json).show(printing)
    if let over = description.overBudget {
      throw BrickworkError(
        .verificationFailed, reason: over,
        remedy: "That is a mistake of ours: please report it with the output of --json")
    }
  }
}

/// Shows one phase after the other, each from its own beginning.
private final class PhaseProgress: ProgressListener {
  private struct State {
    var phase = ""
    var shown: TerminalProgress?
  }
  private let option: ProgressOption
  private let isQuiet: Bool
  private let state = Mutex(State())

  init(_ option: ProgressOption, quiet: Bool) {
    self.option = option
    isQuiet = quiet
  }

  func update(_ report: ProgressReport) {
    let shown = state.withLock { state in
      if state.phase != report.phase {
        state.shown?.finish()
        state = State(phase: report.phase, shown: TerminalProgress(option, quiet: isQuiet))
      }
      return state.shown
    }
    shown?.update(report)
  }

  /// Leaves the line of the last phase.
  func finish() { state.withLock { $0.shown }?.finish() }
}
