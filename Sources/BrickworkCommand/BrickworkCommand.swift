import ArgumentParser
import Brickwork

/// A command on its way into a task.
private struct Parcel: @unchecked Sendable {
  // @unchecked: a command is a value of plain values, which nobody else touches once it is handed over.
  let command: any AsyncParsableCommand
}

/// The command `brickwork`: one subcommand per file.
@main
struct BrickworkCommand: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "brickwork",
    abstract: "Stitches microscopy tiles into volumes bigger than memory, brick by brick.",
    discussion: """
      TIFF tiles become an OME-Zarr store, and a store becomes BigDataViewer HDF5. \
      Neither has to fit into memory.

      EXAMPLES
        brickwork info tiles/*.tif --offsets TileConfiguration.txt
        brickwork stitch tiles/*.tif --offsets o.csv -o sample.ome.zarr
        brickwork preview sample.ome.zarr -o sample.png
        brickwork export sample.ome.zarr -o sample.h5

      Sizes in µm, positions and regions are x,y,z; shapes of bricks and downscale \
      factors are z,y,x, like arrays. Each option's help says which.

      EXIT CODES
        0   done
        1   failed
        3   a check failed: the file was changed by something else (export --update), or benchmark found a mistake
        64  wrong command line
        65  damaged or unknown input
        66  input missing
        73  output exists or can't be made
        74  reading or writing failed
        75  interrupted: run the same command again to continue
        130 Ctrl-C

      ENVIRONMENT
        BRICKWORK_MEMORY and BRICKWORK_THREADS stand in for --memory and --threads.

      SHELL COMPLETION
        brickwork --generate-completion-script bash   (also zsh and fish)
      """,
    version: version,
    subcommands: [
      InfoCommand.self, StitchCommand.self, ImportCommand.self, ExportCommand.self,
      PreviewCommand.self, IntensityCommand.self, SurfaceCommand.self, PointsCommand.self,
      LabelsCommand.self, OffsetsCommand.self, TilesetCommand.self, ProjectCommand.self,
      BlankCommand.self, BenchmarkCommand.self,
    ])

  static func main() async {
    SystemMemory.reuseFreedMemory()
    do {
      let command = try parseAsRoot()
      try await perform(command)
    } catch {
      Failure.exit(with: error)
    }
  }

  /// Runs the command; one that works asynchronously in a task that Ctrl-C cancels.
  private static func perform(_ command: any ParsableCommand) async throws {
    guard let command = command as? any AsyncParsableCommand else {
      var command = command
      return try command.run()
    }
    let parcel = Parcel(command: command)
    let task = Task {
      var command = parcel.command
      try await command.run()
    }
    Interrupts.handle { _ in task.cancel() }
    try await task.value
  }
}
