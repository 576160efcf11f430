import ArgumentParser
import Brickwork

/// `brickwork project`: BigDataViewer and BigStitcher projects.
struct ProjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Makes and changes projects of BigDataViewer and BigStitcher (.xml).",
    discussion: """
      A project's XML says where tiles lie, and which file or store holds their voxels. Nothing here reads or \
      copies a voxel.

      EXAMPLES
        brickwork project new tiles.zarr -o dataset.xml
        brickwork project offsets dataset.xml registered.csv
        brickwork project fused dataset.xml sample.ome.zarr -o fused.xml
      """,
    subcommands: [
      ProjectNewCommand.self, ProjectOffsetsCommand.self, ProjectFusedCommand.self,
    ])
}

extension BDVProject {
  /// Writes the project; one that is there is kept as BigStitcher keeps it, `dataset.xml~1`.
  func write(to path: String) throws {
    if Files.exists(path) {
      try Files.keepBackup(of: path, count: SpimDataDocument.usualBackups)
    }
    try Files.replace(path, with: Array(xml().utf8))
  }

  /// "8 view setups at 3 time points".
  var described: String {
    Text.count(setups.count, "view setup") + " at " + Text.count(timepoints.count, "time point")
  }
}
