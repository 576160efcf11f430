import Brickwork

/// What an export to BigDataViewer is asked to do, apart from its sources.
struct ExportRequest: Sendable {
  var output: String
  var layout: ExportLayout
  /// Nil where none was asked for.
  var fusion: FusionChoice?
  /// How tiles are placed and fused.
  var options: CompositionOptions
  /// Nil takes the first, with a warning if there are more.
  var channels: ChannelSelection?
  /// Nil takes the first, with a warning if there are more.
  var timepoints: TimepointSelection?
  /// Nil takes those of a stitched store, and BigDataViewer's proposal for tiles.
  var levels: ExportLevelsOption?
  /// Voxels, z, y, x; nil leaves the choice to the engine.
  var chunk: Index3?
  /// Nil writes one file.
  var split: SplitOption?
  /// Whether the voxels are said to be labels.
  var areLabels: Bool
  /// The file of a map to new labels.
  var map: String?
  var compression: CompressionOption
  var shuffle: Bool
  var legacy: Bool
  /// Bytes; nil leaves the choice to the engine.
  var memory: Int?
  var threads: Int?
  var overwrite: Bool
  var dryRun: Bool
  /// Whether a disk that is too small is left to the user.
  var ignoresFreeDisk = false
  /// Whether what has changed in the source is written into the file that is there.
  var updates = false
  /// The part of level 0 that is written into the file; nil for all of it.
  var region: Region?

  /// How the file is written.
  ///
  /// - Throws: `BrickworkError` if BigDataViewer can't read such a compression.
  func fileOptions() throws -> BDVExportOptions {
    try BDVExportOptions(compression, shuffle: shuffle, legacy: legacy, output: output)
  }

  /// Throws where options have no meaning for the layout or for labels.
  func check() throws {
    let fusing = [
      ("--fusion", fusion != nil), ("--blend-width", options.blendWidth != nil),
      ("--order", options.order != nil),
    ]
    if layout == .views, let (name, _) = fusing.first(where: { $0.1 }) {
      throw BrickworkError(
        .badRequest, path: output,
        reason: "\(name) fuses tiles, and --layout views keeps each for itself",
        remedy: "Leave it out, or take --layout fused")
    }
    guard areLabels else { return }
    if options.fusion == .linear || options.fusion == .average
      || (options.downscale != .one && options.downscaleMethod == .mean)
    {
      throw BrickworkError(
        .badRequest, path: output, reason: "labels can't be averaged",
        remedy: "Use --fusion overwrite, and --downscale-method stride or majority")
    }
    guard map != nil else { return }
    if channels == .all || timepoints == .all {
      throw BrickworkError(
        .badRequest, path: output, reason: "a map of labels is for one channel at one time point",
        remedy: "Choose them with --channel N and --timepoint N")
    }
    if options.fusion != .overwrite || options.order != nil {
      throw BrickworkError(
        .badRequest, path: output,
        reason:
          "relabelled tiles lie one over the other in their order, the last one with a label on top",
        remedy: "Leave out --fusion and --order")
    }
  }
}

extension BDVExportOptions {
  /// How a file is written by the command's options.
  ///
  /// - Throws: `BrickworkError` if BigDataViewer can't read such a compression.
  init(_ compression: CompressionOption, shuffle: Bool, legacy: Bool, output: String) throws {
    self.init(legacyInt16: legacy, shuffle: shuffle)
    switch compression {
    case .none: deflateLevel = nil
    case .deflate(let level): deflateLevel = level
    case .zstd, .lzw:
      throw BrickworkError(
        .badRequest, path: output,
        reason: "BigDataViewer's HDF5 is not compressed with \(compression.name)",
        remedy: "Choose --compression deflate:1 or none")
    }
  }
}
