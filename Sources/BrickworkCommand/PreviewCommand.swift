import ArgumentParser
import Brickwork

/// `brickwork preview`: a section of the stitched volume as a picture.
struct PreviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Shows a plane, a section or a projection of the stitched volume as a picture.",
    discussion: """
      Reads only what it shows: from tiles the strips of that plane, from stores the coarsest pyramid level whose \
      voxels are no larger than the picture's pixels (--level 0 takes the finest). Where tiles overlap they are \
      averaged, which shows misplaced ones as double images; labels are not, the last tile's are shown. A pixel is the \
      mean of the voxels it stands for, of labels the most frequent one.

      The output is a PNG, or a TIFF where its name ends in .tif: with the voxels' own type and values, unless \
      --contrast, --colors, --labels, --tiles or --scale-bar ask for a drawing. On a terminal --show draws the picture \
      right there, and -o may be left out.

      EXAMPLES
        brickwork preview tiles/*.tif --offsets offsets.csv -o plane.png
        brickwork preview tiles/ --offsets offsets.csv --z 120 --tiles --scale-bar -o layout.png
        brickwork preview sample.ome.zarr --y 900 --contrast auto:1,99.5 --colors inferno -o section.png
        brickwork preview sample.ome.zarr --project max --z 100:140 --channel all -o projection.png
        brickwork preview tile.nd2 --tile 3 --z 7 --size 0 -o slice.tif
        brickwork preview sample.ome.zarr --show sixel
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The picture to write, .png or .tif.", valueName: "out.png"),
    completion: .file(extensions: ["png", "tif"]))
  var output: String?

  @OptionGroup(title: "Section") var section: SectionGroup

  @OptionGroup(title: "Drawing") var drawing: DrawingGroup

  @Option(
    help: ArgumentHelp(
      "Draw on the terminal: kitty or sixel graphics, or text, with colours where COLORTERM says truecolor.",
      valueName: "kitty|sixel|text"))
  var show: ShowOption?

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover (default: average; overwrite for labels).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Replace an existing file that is no PNG. PNG pictures are replaced anyway.")
  var overwrite = false

  @Flag(help: "Print what was made as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() async throws {
    let log = logging.log()
    try check()
    var options = try composition.commonOptions(fusion: fusion ?? .average)
    options.timepoint = try timepoint()
    let table = try source.offsetTable(timepoint: options.timepoint, log)
    let cache = PieceCache(capacity: 0)
    let tiles = try source.tileSet(log, cache: cache, offsets: table)
    if let output { try Output.check(output, sparing: tiles) }
    let progress =
      show == nil ? TerminalProgress(machine.progress ?? .auto, quiet: logging.quiet) : nil
    defer { progress?.finish() }
    func scene(_ fit: PictureFit) throws -> PreviewScene {
      try PreviewScene(
        tiles, offsets: table,
        PreviewScene.Request(
          section: section, options: options,
          channels: composition.channel ?? .one(.number(0)), wantsLabels: drawing.labels,
          fusion: fusion, fit: fit))
    }
    if let show {
      let fit = show.fit(in: Terminal.window(.output), most: section.size)
      let picture = try PreviewPicture(scene(fit), drawing, machine, cache: cache, progress)
      let canvas = try await picture.job.picture().canvas
      Terminal.write(show.protocolToUse.text(of: canvas), to: .output)
    }
    guard let output else { return }
    let shown = try scene(
      section.size.map { .most(columns: $0, rows: $0) } ?? .about(1500))
    let stores = tiles.tiles.compactMap { $0 as? OMEZarrImage }
    let before = stores.reduce(0) { $0 + $1.readBricks }
    let picture = try PreviewPicture(shown, drawing, machine, cache: cache, progress)
    let windows = try await picture.write(to: output, composition: options, overwrite: overwrite)
    progress?.finish()
    let report = PreviewReport(
      path: output, scene: shown, windows: windows,
      bricksRead: shown.bricksShown == nil
        ? nil : stores.reduce(0) { $0 + $1.readBricks } - before)
    if show == nil {
      JobSummary(text: report.text, json: report.document).show(json: json, quiet: logging.quiet)
    }
  }

  private func timepoint() throws -> Int {
    switch composition.timepoint {
    case .one(let number): return number
    case nil: return 0
    case .all:
      throw BrickworkError(
        .badRequest, reason: "one time point is shown at a time, not all of them",
        remedy: "Choose one: --timepoint 0, --timepoint 1, …")
    }
  }

  private func check() throws {
    guard output != nil || show != nil else {
      throw ValidationError("Missing expected argument '--output <out.png>' (or --show).")
    }
    if json && show != nil {
      throw BrickworkError(
        .badRequest, reason: "--json and --show both write to standard output",
        remedy: "Give one of them")
    }
    if drawing.bits == 16,
      drawing.colors != nil || drawing.labels || drawing.tiles || drawing.scaleBar
    {
      throw BrickworkError(
        .badRequest, reason: "pictures of 16 bits are grey, and nothing is drawn over them",
        remedy: "Leave out --colors, --labels, --tiles and --scale-bar, or --bits 16")
    }
    guard let output else { return }
    try Output.check(output, overwrite: overwrite || Self.isPicture(output))
  }

  /// Whether a PNG file lies at `path`.
  private static func isPicture(_ path: String) -> Bool {
    guard let size = Files.size(path), size >= 8, let file = try? MappedFile(path), file.count >= 8
    else { return false }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    return [0x89, 0x50, 0x4E, 0x47].enumerated().allSatisfy { bytes[$0.offset] == $0.element }
  }
}
