import ArgumentParser
import Brickwork

/// `brickwork preview`: one stitched plane as a picture.
struct PreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Shows one plane of the stitched volume as a PNG picture.",
    discussion: """
      Reads only what it shows: from tiles the strips of that plane, from a store the coarsest pyramid level that \
      suffices. Where tiles overlap they are averaged, which shows misplaced ones as double images.

      EXAMPLES
        brickwork preview tiles/*.tif --offsets offsets.csv -o plane.png
        brickwork preview tiles/*.tif --offsets offsets.csv --z 120 --max-size 0 --contrast 100,4000 -o plane.png
        brickwork preview sample.ome.zarr -o sample.png
      """)

  @OptionGroup(title: "Tiles") var source: SourceOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The picture to write.", valueName: "out.png"),
    completion: .file(extensions: ["png"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The plane, counted from 0 in voxels of the stitched volume (default: the middle).",
      valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var z: Int?

  @Option(
    help: ArgumentHelp(
      "The longer side in pixels at most; 0 shows every voxel (default: 1500).", valueName: "pixels"
    ),
    transform: { try OptionValue.notNegative($0) })
  var maxSize: Int?

  @Option(
    help: ArgumentHelp(
      "Values shown black and white: auto (the 1st and 99.9th percentile) or two numbers (default: auto).",
      valueName: "auto|low,high"),
    transform: { try OptionValue.contrast($0) })
  var contrast: Contrast?

  @Option(
    help: ArgumentHelp(
      "What becomes of voxels that several tiles cover (default: average).",
      valueName: "overwrite|average|linear|max|min"))
  var fusion: FusionChoice?

  @OptionGroup(title: "Stitching") var composition: CompositionGroup

  @Flag(help: "Replace an existing file that is no picture. Pictures are replaced anyway.")
  var overwrite = false

  @Flag(help: "Print what was made as JSON.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    try Output.check(output, overwrite: overwrite || Self.isPicture(output))
    let options = try composition.options(fusion: fusion ?? .average)
    let cache = PieceCache(capacity: 256 << 20)
    let view = try shownVolume(options, cache: cache, log)
    let preview = try PlanePreview(volume: view.volume, z: view.z, maxSide: maxSize ?? 1500)
    let window = try preview.write(to: output, contrast: contrast ?? .automatic)
    if json {
      Output.print([
        "path": .string(output), "width": JSON(preview.width), "height": JSON(preview.height),
        "z": JSON(view.fullZ), "level": JSON(view.level),
        "voxels_per_pixel_xy": [
          JSON(preview.factor * view.factor.x), JSON(preview.factor * view.factor.y),
        ],
        "contrast": [.number(window.low), .number(window.high)],
      ])
    } else if !logging.quiet {
      Output.print(
        "\(output): plane z = \(view.fullZ), \(preview.width)×\(preview.height) pixels, "
          + "\(Text.rounded(window.low)) is black and \(Text.rounded(window.high)) white")
    }
  }

  /// What is drawn: a volume, the plane in it, and how it relates to the full resolution.
  private struct Shown {
    var volume: any Volume
    var z: Int
    var fullZ: Int
    var level = 0
    var factor = Index3.one
  }

  private func shownVolume(
    _ options: CompositionOptions, cache: PieceCache, _ log: Log
  ) throws -> Shown {
    let table = try source.offsetTable(timepoint: options.timepoint, log)
    let tiles = try source.tileSet(log, cache: cache, offsets: table)
    if tiles.tiles.count == 1, let store = tiles.tiles[0] as? OMEZarrImage,
      options.downscale == .one,
      options.flip.isEmpty
    {
      return try shownLevel(of: store, options)
    }
    let volume = try tiles.composition(offsets: table, options).volume
    let plane = try plane(of: volume.size)
    return Shown(volume: volume, z: plane, fullZ: plane)
  }

  private func plane(of size: Index3) throws -> Int {
    let plane = z ?? size.z / 2
    guard plane < size.z else {
      throw BrickworkError(
        .badRequest, reason: "there is no plane z = \(plane): the stitched volume has \(size.z)",
        remedy: "Choose --z between 0 and \(size.z - 1)")
    }
    return plane
  }

  /// The coarsest level of a store that has at least the pixels to show.
  private func shownLevel(of store: OMEZarrImage, _ options: CompositionOptions) throws -> Shown {
    let full = store.info.size
    let plane = try plane(of: full)
    let wanted = maxSize ?? 1500
    var level = 0
    if wanted > 0 {
      for (index, candidate) in store.levels.enumerated().dropFirst() {
        let longest = max(candidate.size.x, candidate.size.y)
        if longest >= min(wanted, max(full.x, full.y)) { level = index }
      }
    }
    let channel = try options.channel.number(in: store.info)
    let volume = try store.volume(level: level, channel: channel, timepoint: options.timepoint)
    let factor = store.factor(level: level)
    let z = min(plane / max(1, factor.z), max(0, volume.size.z - 1))
    return Shown(volume: volume, z: z, fullZ: plane, level: level, factor: factor)
  }

  /// Whether a PNG file lies at `path`.
  private static func isPicture(_ path: String) -> Bool {
    guard let size = Files.size(path), size >= 8, let file = try? MappedFile(path), file.count >= 8
    else { return false }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    return [0x89, 0x50, 0x4E, 0x47].enumerated().allSatisfy { bytes[$0.offset] == $0.element }
  }
}
