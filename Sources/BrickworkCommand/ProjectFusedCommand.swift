import ArgumentParser
import Brickwork

/// `brickwork project fused`: a fused volume in the world of the tiles' project.
struct ProjectFusedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fused",
    abstract: "Writes the project of a fused volume, so that it overlays the project of its tiles.",
    discussion: """
      As BigStitcher does for volumes it fuses, the new project has a transform "\(FusedProject.transformName)" that \
      moves the volume to where its tiles begin. Stores of brickwork stitch say that themselves, also with --roi and \
      --downscale; for others, and for .h5 files, the smallest offset of the tiles is taken unless --origin says better.

      EXAMPLES
        brickwork stitch dataset.xml -o sample.ome.zarr
        brickwork project fused dataset.xml sample.ome.zarr -o fused.xml
        brickwork project fused dataset.xml sample.h5 -o fused.xml --origin 0,0,120
      """)

  @Argument(
    help: ArgumentHelp("The project of the tiles; it is not changed.", valueName: "dataset.xml"),
    completion: .file(extensions: ["xml"]))
  var project: String

  @Argument(
    help: ArgumentHelp(
      "The fused volume: an OME-Zarr store, or an .h5 with its .xml.", valueName: "fused"),
    completion: .file())
  var fused: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The XML to write.", valueName: "fused.xml"),
    completion: .file(extensions: ["xml"]))
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Where the volume's first voxel lies, in voxels of the tiles, in the order x,y,z (default: what the store says, else "
        + "the tiles' smallest offset).",
      valueName: "x,y,z"),
    transform: { try Notation.position($0) })
  var origin: Point3?

  @Option(
    help: ArgumentHelp(
      "The time point of the tiles' project whose registrations count (default: the first).",
      valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @Flag(help: "Replace an existing XML, which is kept as fused.xml~1.")
  var overwrite = false

  @OptionGroup var printing: PrintingGroup

  func run() throws {
    let log = printing.log()
    try Output.check(output, overwrite: overwrite)
    let tiles = try BDVProject(reading: project)
    let made = try FusedProject(
      of: fused, in: tiles, timepoint: timepoint.map { tiles.timepointID($0) }, origin: origin,
      xmlPath: output)
    for note in made.notes { log.warning(note) }
    try made.project.write(to: output)
    let place = [made.origin.x, made.origin.y, made.origin.z].map(Text.rounded)
    JobSummary(
      text:
        "\(output): \(made.project.described), beginning at \(place.joined(separator: ", ")) voxels "
        + "(x, y, z) of \(project)",
      json: [
        "path": .string(output), "fused": .string(fused), "tiles": .string(project),
        "origin_voxels_xyz": JSON(made.origin), "setups": JSON(made.project.setups.count),
        "notes": .array(made.notes.map { .string($0) }),
      ]
    ).show(printing)
  }
}
