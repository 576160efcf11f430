import ArgumentParser
import Brickwork

/// The command `brickwork`: one subcommand per file.
@main
struct BrickworkCommand: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "brickwork",
    abstract: "Stitches microscopy tiles into volumes bigger than memory, brick by brick.",
    discussion: """
      TIFF tiles become an OME-Zarr store, and a store becomes BigDataViewer HDF5. Neither has to fit into memory.

      EXAMPLES
        brickwork info tiles/*.tif --offsets TileConfiguration.txt
        brickwork stitch tiles/*.tif --offsets TileConfiguration.txt -o sample.ome.zarr
        brickwork preview sample.ome.zarr -o sample.png
        brickwork export sample.ome.zarr -o sample.h5

      Sizes in µm, positions and regions are x,y,z; shapes of bricks and downscale factors are z,y,x, like arrays. \
      Each option's help says which.

      EXIT CODES
        0 done, 1 failed, 64 wrong command line, 65 damaged or unknown input, 66 input missing, 73 output exists or \
      can't be made, 74 reading or writing failed, 75 interrupted (run the same command again to continue), 130 Ctrl-C

      ENVIRONMENT
        BRICKWORK_MEMORY and BRICKWORK_THREADS stand in for --memory and --threads.

      SHELL COMPLETION
        brickwork --generate-completion-script bash > ~/.local/share/bash-completion/completions/brickwork
        (also zsh and fish)
      """,
    version: version,
    subcommands: [
      InfoCommand.self, StitchCommand.self, ExportCommand.self, PreviewCommand.self,
      OffsetsCommand.self,
    ])

  static func main() async {
    do {
      let command = try parseAsRoot()
      try await perform(command)
    } catch {
      Failure.exit(with: error)
    }
  }

  /// Runs the command in a task that Ctrl-C cancels.
  private static func perform(_ command: any ParsableCommand) async throws {
    nonisolated(unsafe) var command = command
    guard var job = command as? any AsyncParsableCommand else { return try command.run() }
    nonisolated(unsafe) let started = job
    let task = Task {
      job = unsafe started
      try await job.run()
    }
    Interrupts.handle { _ in task.cancel() }
    try await task.value
  }
}
