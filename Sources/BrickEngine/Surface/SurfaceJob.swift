public import BrickCore
internal import BrickFiles
public import BrickSurface

/// Finds the surfaces of a volume of any size: the first plane of each column, from one side or the other, at which the
/// dilated mask of what is above the column's threshold is true.
///
/// The mask is `voxel > threshold(y, x)`, dilated 5 times by a 3×3 square in the (y, x) plane, cut off at the volume's
/// borders; each voxel is compared with the threshold of its own column. This is `get_contact_surface` of the reference,
/// except that a surface at plane 0 counts, and that a column without one has plane −1 and intensity 0.
///
/// Rows of columns are worked on in bands as high as the budget allows. A band is read once for its thresholds, and for
/// each side only as far as columns are still looked for; then the few bricks that a surface goes through are read for
/// its intensities. The images are exact and the same for any budget and number of threads.
public struct SurfaceJob: Sendable {
  let source: any Volume
  let sides: [SurfaceSide]
  let threshold: SurfaceThreshold
  let scratchFolder: String
  private let budget: MemoryBudget
  private let threads: Int
  private let cache: PieceCache
  private let heldBytes: Int
  private let listener: (any ProgressListener)?
  private let block: Index3?
  private let bandRows: Int?

  /// How often the mask is dilated.
  static let reach = 5

  /// A job on `source`; nothing is read yet.
  ///
  /// - Parameters:
  ///   - sides: from where surfaces are looked for; both share their thresholds.
  ///   - budget: the ceiling for the whole process.
  ///   - threads: workers at most.
  ///   - cache: the cache the source's files were opened with, which gets its capacity from the plan.
  ///   - scratchFolder: where the images grow, in files without a name; they need room for 8 bytes a column, and 4 and a
  ///     voxel for each side.
  ///   - heldBytes: bytes that the source holds as long as the job runs.
  ///   - listener: hears how far the job is.
  public init(
    source: any Volume, sides: [SurfaceSide] = SurfaceSide.allCases,
    threshold: SurfaceThreshold = .usual, budget: MemoryBudget, threads: Int,
    cache: PieceCache, scratchFolder: String, heldBytes: Int = 0,
    listener: (any ProgressListener)? = nil
  ) {
    self.init(
      source: source, sides: sides, threshold: threshold, budget: budget,
      threads: threads, cache: cache, scratchFolder: scratchFolder, heldBytes: heldBytes,
      listener: listener, block: nil, bandRows: nil)
  }

  /// The same with given blocks and bands.
  package init(
    source: any Volume, sides: [SurfaceSide], threshold: SurfaceThreshold,
    budget: MemoryBudget, threads: Int, cache: PieceCache, scratchFolder: String,
    heldBytes: Int = 0, listener: (any ProgressListener)? = nil, block: Index3?, bandRows: Int?
  ) {
    self.source = source
    self.sides = sides
    self.threshold = threshold
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.scratchFolder = scratchFolder
    self.heldBytes = heldBytes
    self.listener = listener
    self.block = block
    self.bandRows = bandRows
  }

  /// Reads the volume and returns the images.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the volume has no voxels or the threshold does not fit it,
  ///   `.outOfBudget` with both numbers, or what reading and the scratch files throw; `CancellationError`.
  public func run() async throws -> Surfaces {
    let size = source.size
    guard !source.bounds.isEmpty, !sides.isEmpty else {
      throw BrickworkError(
        .badRequest, reason: "there are no voxels, or no side, to find a surface")
    }
    guard size.z <= Int(Int32.max) else {
      throw BrickworkError(
        .badRequest, reason: "\(size.z) planes are more than the \(Int32.max) an image counts")
    }
    try threshold.check(for: size)
    let plan = try SurfacePlan(
      source, threshold, budget: budget, threads: threads, heldBytes: heldBytes,
      block: block, bandRows: bandRows)
    cache.capacity = plan.cache
    let passes = sides.count + (threshold.isFound ? 1 : 0)
    let meter = ProgressMeter(
      phase: "finding thresholds", totalVoxels: source.bounds.count * passes, totalItems: passes,
      listener: listener)
    let limits = try ImageFile(width: size.x, type: .float64, in: scratchFolder)
    var images = try sides.map { try SurfaceImages($0, of: source, in: scratchFolder) }
    let reader = ColumnReader(source, plan, meter)
    for first in stride(from: 0, to: size.y, by: plan.bandRows) {
      let rows = first..<min(size.y, first + plan.bandRows)
      let grid = ColumnGrid(rows: rows, of: size, block: plan.block)
      meter.setPhase("finding thresholds")
      let band = try await thresholds(grid, reader)
      try limits.append(band.values)
      for place in images.indices {
        meter.setPhase("searching from the \(images[place].side.rawValue)")
        let found = try await reader.search(grid, band, from: images[place].side)
        try await images[place].add(found, isLast: rows.upperBound == size.y, reader)
      }
    }
    cache.capacity = 0
    let report = meter.finish()
    return Surfaces(
      surfaces: images.map(\.surface), threshold: limits.volume,
      voxelBytesRead: reader.bytesRead, seconds: report.seconds, workers: plan.workers,
      bandRows: plan.bandRows)
  }

  private func thresholds(_ grid: ColumnGrid, _ reader: ColumnReader) async throws -> BandThresholds
  {
    switch threshold {
    case .percentile(let percentile, let divisor):
      return try await reader.thresholds(grid, percentile: percentile, divisor: divisor)
    case .constant(let value):
      return BandThresholds(
        given: Array(repeating: value, count: grid.band.size.y * grid.band.size.x))
    case .image(let image):
      var rows = grid.band
      (rows.origin.z, rows.size.z) = (0, 1)
      let block = try image.converted(to: .float64).block(of: rows)
      let values = block.voxels(as: Double.self)
      return BandThresholds(given: values.indices.map { values[$0] })
    }
  }
}

extension SurfaceThreshold {
  /// Whether the volume has to be read for it.
  var isFound: Bool {
    if case .percentile = self { true } else { false }
  }
}
