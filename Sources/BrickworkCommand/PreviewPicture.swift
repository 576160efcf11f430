import Brickwork

/// The picture of a scene, ready to be drawn.
struct PreviewPicture {
  let scene: PreviewScene
  let drawing: DrawingGroup
  let job: PreviewJob

  init(
    _ scene: PreviewScene, _ drawing: DrawingGroup, _ machine: MachineOptions, cache: PieceCache,
    _ listener: TerminalProgress?
  ) throws {
    self.scene = scene
    self.drawing = drawing
    let maps = try Self.maps(scene, drawing)
    let layers = try zip(scene.channels, maps).map { channel, map in
      PreviewJob.Layer(
        try PictureVolume(channel.volume, scene.geometry, areLabels: scene.areLabels),
        paint: scene.areLabels && drawing.colors == nil ? .labels : .map(map),
        contrast: drawing.contrast ?? .automatic)
    }
    var annotations = Annotations(width: scene.geometry.width, height: scene.geometry.height)
    if drawing.tiles { annotations.outlines = scene.outlines }
    if drawing.scaleBar {
      guard let pitch = scene.micrometersPerPixel else {
        throw BrickworkError(
          .badRequest,
          reason: "there is no scale: the voxel size is not known, or pixels follow voxels",
          remedy: "Give --voxel-size X,Y,Z, and leave out --pixels voxel")
      }
      annotations.scaleBar = ScaleBar(
        micrometersPerPixel: pitch, width: scene.geometry.width)
    }
    job = try PreviewJob(
      layers, annotations: annotations, coverage: scene.coverage, brick: scene.brick,
      budget: MemoryBudget(byteCount: try machine.memoryLimit()),
      threads: try machine.threadCount() ?? SystemMemory.cores, cache: cache, listener: listener)
  }

  /// A colour map for each channel.
  private static func maps(_ scene: PreviewScene, _ drawing: DrawingGroup) throws -> [ColorMap] {
    guard let colors = drawing.colors else {
      guard scene.channels.count > 1 else { return [.gray] }
      return scene.channels.map { ColorMap(to: $0.color ?? .white) }
    }
    guard colors.maps.count == scene.channels.count else {
      throw BrickworkError(
        .badRequest,
        reason:
          "\(Text.count(colors.maps.count, "colour")) for \(Text.count(scene.channels.count, "channel"))",
        remedy: "Give --colors one for each channel, separated by commas")
    }
    return colors.maps
  }

  /// Writes the file and returns what became black and white; nothing where values were kept.
  func write(
    to path: String, composition: CompositionOptions, overwrite: Bool
  ) async throws -> [ContrastWindow] {
    let isTIFF = [".tif", ".tiff"].contains { path.lowercased().hasSuffix($0) }
    if isTIFF, !drawing.asksForDrawing, drawing.bits == nil, scene.channels.count == 1 {
      var options = TIFFWriter.Options()
      options.compression = .deflate(level: 1)
      if let pitch = scene.micrometersPerPixel {
        options.voxelSize = VoxelSize(x: pitch, y: pitch, z: 1)
      }
      try TIFFWriter.write(try await job.values(), to: path, options, overwrite: overwrite)
      return []
    }
    func file(_ width: Int, _ height: Int, _ kind: PixelKind) throws -> any PictureFile {
      isTIFF
        ? try TIFFPicture(path, width: width, height: height, kind: kind)
        : try PNGFile(path, width: width, height: height, kind: kind)
    }
    guard drawing.bits == 16 else { return try await job.write(to: file).windows }
    guard scene.channels.count == 1 else {
      throw BrickworkError(
        .badRequest, reason: "a picture of 16 bits shows one channel, not \(scene.channels.count)",
        remedy: "Choose one with --channel, or leave out --bits 16")
    }
    return try await job.write16(stretched: drawing.contrast != nil, to: file).windows
  }
}

extension ShowOption {
  /// Pixels that a terminal has room for: a line is left for the prompt.
  func fit(in window: Terminal.Window, most: Int?) -> PictureFit {
    let lines = max(1, window.rows - 1)
    let (columns, rows) =
      switch self {
      case .text: (window.columns, 2 * lines)
      // Where the terminal doesn't say how large its characters are: 8 × 16 pixels is usual.
      case .kitty, .sixel:
        (
          window.width ?? 8 * window.columns,
          (window.height ?? 16 * window.rows) / max(1, window.rows) * lines
        )
      }
    let most = most.flatMap { $0 > 0 ? $0 : nil } ?? .max
    return .most(columns: min(columns, most), rows: max(1, min(rows, most)))
  }

  /// The way to draw: text in colours only where the terminal knows all of them.
  var protocolToUse: TerminalPicture {
    switch self {
    case .kitty: return .kitty
    case .sixel: return .sixel
    case .text:
      let colors = ProcessEnvironment.value(of: "COLORTERM")
      return colors == "truecolor" || colors == "24bit" ? .blocks : .characters
    }
  }
}
