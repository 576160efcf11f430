public import BrickCore
public import BrickFiles
public import BrickPicture

/// Draws a section of one or more volumes as one picture: in memory, or into a file of any size, strip by strip.
///
/// What is read is what is shown, once, unless the picture is larger than a quarter of the budget: then once for
/// finding the contrast and once for drawing. Pixels are the same for any budget and number of threads.
public struct PreviewJob: Sendable {
  /// A volume that is shown, and how.
  public struct Layer: Sendable {
    /// Its pixels.
    public var volume: PictureVolume
    /// How they become colours.
    public var paint: Paint
    /// What becomes black and white.
    public var contrast: Contrast

    /// A layer of a picture.
    public init(
      _ volume: PictureVolume, paint: Paint = .map(.gray), contrast: Contrast = .automatic
    ) {
      self.volume = volume
      self.paint = paint
      self.contrast = contrast
    }
  }

  /// What was drawn.
  public struct Summary: Sendable, Hashable {
    /// Pixels along a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// The values that became black and white in each layer; empty where voxels were kept as they are.
    public var windows: [ContrastWindow]
    /// Workers that read.
    public var workers: Int
  }

  private let layers: [Layer]
  private let annotations: Annotations
  private let coverage: Coverage?
  private let plan: PreviewPlan
  private let cache: PieceCache
  private let listener: (any ProgressListener)?

  /// Plans the picture of `layers`, whose colours are added up; all have one geometry.
  ///
  /// - Parameters:
  ///   - annotations: what is drawn over it.
  ///   - coverage: the pixels from which contrast is found; nil means all.
  ///   - brick: voxels of the source's bricks, z, y, x, so that blocks of work are whole ones.
  ///   - cache: the sources' cache; it gets what the budget leaves.
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small for even one row.
  public init(
    _ layers: [Layer], annotations: Annotations? = nil, coverage: Coverage? = nil,
    brick: Index3? = nil, budget: MemoryBudget = MemoryBudget(),
    threads: Int = SystemMemory.cores, cache: PieceCache,
    listener: (any ProgressListener)? = nil
  ) throws {
    guard let first = layers.first else { preconditionFailure("A picture has a layer") }
    precondition(
      layers.allSatisfy { $0.volume.geometry == first.volume.geometry }, "Layers have one geometry")
    self.layers = layers
    self.annotations =
      annotations ?? Annotations(width: first.volume.size.x, height: first.volume.size.y)
    self.coverage = coverage
    self.cache = cache
    self.listener = listener
    plan = try budget.planned {
      try PreviewPlan(layers.map(\.volume), brick: brick, budget: $0, threads: threads)
    }
  }

  /// Pixels along a row.
  public var width: Int { layers[0].volume.size.x }
  /// Rows.
  public var height: Int { layers[0].volume.size.y }

  /// Whether the drawn picture has but greys.
  public var isGray: Bool {
    !annotations.areColored
      && layers.allSatisfy { if case .map(let map) = $0.paint { map.isGray } else { false } }
  }

  /// The drawn picture in memory, for pictures of a moderate size.
  public func picture() async throws -> (canvas: Canvas, summary: Summary) {
    var whole: [Canvas] = []
    let summary = try await draw { whole.append($0) }
    if whole.count == 1 { return (whole[0], summary) }
    var canvas = Canvas(width: width, rows: 0..<height)
    for strip in whole {
      for y in strip.rows {
        for x in 0..<width { canvas[x, y] = strip[x, y] }
      }
    }
    return (canvas, summary)
  }

  /// Writes the picture as it is drawn, grey where every colour is, into a file that `make` begins.
  public func write(
    to make: (_ width: Int, _ height: Int, _ kind: PixelKind) throws -> any PictureFile
  ) async throws -> Summary {
    let isGray = isGray
    let file = try make(width, height, isGray ? .gray8 : .rgb8)
    let summary = try await draw { canvas in
      if isGray {
        let greys = stride(from: 0, to: canvas.pixels.count, by: 3).map { canvas.pixels[$0] }
        try unsafe file.append(greys.span.bytes)
      } else {
        try unsafe file.append(canvas.pixels.span.bytes)
      }
    }
    try file.finish()
    return summary
  }

  /// Writes the first layer as 16-bit grey, without annotations, into a file that `make` begins.
  ///
  /// - Parameter stretched: whether its contrast spans all 65 536 greys; otherwise pixels keep their values, rounded
  ///   half up and cut to 0…65 535.
  public func write16(
    stretched: Bool,
    to make: (_ width: Int, _ height: Int, _ kind: PixelKind) throws -> any PictureFile
  ) async throws -> Summary {
    let strips = begin()
    let window =
      stretched ? try await strips.window(0, layers[0].contrast, coverage) : nil
    let file = try make(width, height, .gray16)
    for rows in strips.rows {
      let strip = try await strips.strip(0, rows)
      let greys = strip.withView { $0.greys16(window) }
      try unsafe file.append(greys.span.bytes)
    }
    try file.finish()
    return summary(window.map { [$0] } ?? [])
  }

  /// The first layer's pixels as they are, read on all workers where they fit into the budget; otherwise lazily.
  public func values() async throws -> any Volume {
    let strips = begin()
    guard strips.rows.count == 1 else { return layers[0].volume }
    return StripVolume(try await strips.strip(0, 0..<height))
  }

  private func begin() -> PreviewStrips {
    cache.capacity = plan.cache
    let meter = ProgressMeter(
      phase: "previewing", totalVoxels: width * height * layers.count, totalItems: .max,
      listener: listener)
    return PreviewStrips(layers.map(\.volume), plan, meter)
  }

  private func summary(_ windows: [ContrastWindow]) -> Summary {
    Summary(width: width, height: height, windows: windows, workers: plan.workers)
  }

  private func draw(_ consume: (Canvas) throws -> Void) async throws -> Summary {
    let strips = begin()
    var windows: [ContrastWindow] = []
    for (place, layer) in layers.enumerated() {
      windows.append(
        layer.paint == .labels
          ? ContrastWindow(low: 0, high: 1)
          : try await strips.window(place, layer.contrast, coverage))
    }
    for rows in strips.rows {
      var canvas = Canvas(width: width, rows: rows)
      for (place, layer) in layers.enumerated() {
        let strip = try await strips.strip(place, rows)
        strip.withView { canvas.add($0, layer.paint, windows[place]) }
      }
      annotations.draw(on: &canvas)
      try consume(canvas)
    }
    return summary(layers.allSatisfy { $0.paint == .labels } ? [] : windows)
  }
}

/// A picture that was read, as a volume.
private struct StripVolume: Volume {
  private let strip: PreviewStrip

  init(_ strip: PreviewStrip) { self.strip = strip }

  var type: VoxelType { strip.block.type }
  var size: Index3 { strip.block.box.size }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    strip.withView { block.copy(from: $0) }
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }
}
