import ArgumentParser
import Brickwork

/// `brickwork project new`: a project whose images are those of a chunk store.
struct ProjectNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Writes a BigDataViewer XML with which BigStitcher 3 opens a store as it is.",
    discussion: """
      The store is one that stitch or import has written, or any OME-Zarr 0.5 that BigStitcher reads: what it could \
      not read is refused with a sentence. Each channel of each image becomes a view setup; tiles lie where the store \
      says. BigStitcher before version 3 (2026) reads no Zarr v3: brickwork export writes HDF5 for it.

      EXAMPLES
        brickwork import scan.nd2 -o tiles.zarr
        brickwork project new tiles.zarr -o dataset.xml
        brickwork project new sample.ome.zarr -o sample.xml --json
      """)

  @Argument(
    help: ArgumentHelp("An OME-Zarr store: one image, or one for each tile.", valueName: "store"),
    completion: .directory)
  var store: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The XML to write.", valueName: "dataset.xml"),
    completion: .file(extensions: ["xml"]))
  var output: String

  @Flag(help: "Replace an existing XML, which is kept as dataset.xml~1.")
  var overwrite = false

  @OptionGroup var printing: PrintingGroup

  func run() throws {
    let log = printing.log()
    try Output.check(output, overwrite: overwrite)
    guard Files.exists(store) else {
      throw BrickworkError(
        .missingInput, path: store, reason: "there is no such store",
        remedy: "Check the path; it is taken from the current folder")
    }
    let made = try StoreProject(store: store, xmlPath: output)
    for note in made.notes { log.warning(note) }
    try made.project.write(to: output)
    JobSummary(
      text: "\(output): \(made.project.described), opened from \(store)",
      json: [
        "path": .string(output), "store": .string(store), "images": JSON(made.images.count),
        "setups": JSON(made.project.setups.count),
        "timepoints": JSON(made.project.timepoints.count),
        "notes": .array(made.notes.map { .string($0) }),
      ]
    ).show(printing)
  }
}
