public import BrickCore
internal import BrickFiles
public import BrickZarr

/// Writes tiles into one chunk store, an OME-Zarr image for each, so that it can be killed at any time and continued
/// by the same call.
///
/// The store is a collection in the layout of bioformats2raw: groups "0", "1", … in the order of the tiles, and
/// `OME`, which lists them. Tiles are written one after the other with all workers on one, each as a `StoreJob`: one
/// that was finished before is left alone. The collection's own metadata come last.
public struct ImportJob: Sendable {
  /// What is to be written of one tile.
  public struct Tile: Sendable {
    /// One volume for each part of `leading`, channels fastest; all of one size and type.
    public var sources: [any Volume]
    /// The axes before z, y, x.
    public var leading: LeadingAxes
    /// Name, channels, position, and what tells the tile from another one.
    public var description: StoreDescription

    /// A tile from its parts.
    public init(sources: [any Volume], leading: LeadingAxes, description: StoreDescription) {
      self.sources = sources
      self.leading = leading
      self.description = description
    }
  }

  /// How the tiles are stored.
  public struct Layout: Sendable {
    /// Voxels of a brick, z, y, x; nil chooses it by the source.
    public var brick: Index3?
    /// Voxels of a shard, z, y, x, a multiple of the brick; nil chooses it.
    public var shard: Index3?
    /// The codec for a type; nil takes the usual one.
    public var codec: @Sendable (VoxelType) -> BrickCodec? = { _ in nil }
    /// How many pyramid levels each image has.
    public var levels = LevelCount.automatic

    /// The usual layout.
    public init() {}
  }

  /// The store's folder, which need not be there yet.
  public let path: String
  /// The jobs of the tiles, in order.
  public let jobs: [StoreJob]

  /// Plans the import of `tiles`; reads no voxel.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no tile, or the layout's shapes don't fit each other.
  public init(
    path: String, tiles: [Tile], layout: Layout, budget: MemoryBudget, threads: Int,
    cache: PieceCache, listener: (any ProgressListener)? = nil
  ) throws {
    guard !tiles.isEmpty else {
      throw BrickworkError(.badRequest, reason: "there is no tile to import")
    }
    self.path = path
    let plans = try tiles.enumerated().map { number, tile in
      try StorePlan(
        decodingOnce: tile.sources[0], path: "\(path)/\(number)",
        voxelSize: tile.description.voxelSize, brick: layout.brick, shard: layout.shard,
        codec: layout.codec(tile.sources[0].type), levels: layout.levels, leading: tile.leading)
    }
    let progress = listener.map { ImportProgress($0, plans: plans) }
    jobs = zip(tiles, plans).enumerated().map { number, pair in
      StoreJob(
        path: "\(path)/\(number)", sources: pair.0.sources, plan: pair.1,
        description: pair.0.description, budget: budget, threads: threads, cache: cache,
        listener: progress?.listener(of: number))
    }
  }

  /// What a run did.
  public struct Summary: Sendable, Hashable {
    /// Whether the store was complete before.
    public var wasComplete: Bool
    /// Tiles that earlier runs had finished.
    public var keptTiles: Int
    /// Work items of all tiles, and those that earlier runs had finished.
    public var totalItems: Int
    /// Work items that earlier runs had finished.
    public var keptItems: Int
    /// Seconds the run took.
    public var seconds: Double
    /// Bytes of voxels this run computed, before compression.
    public var voxelBytes: Int
    /// Bytes written to shards.
    public var bytesWritten: Int
    /// The most workers of any tile.
    public var workers: Int
    /// Bytes the plan allows the process.
    public var plannedBytes: Int
    /// Compressed pieces of the sources that were decoded, and which of them there were.
    public var decoding: PieceCache.Count
  }

  /// Writes what is missing of the store.
  ///
  /// - Parameter overwrite: delete a store that is already there, finished or not, and start anew.
  /// - Throws: `BrickworkError` with code `.outputExists` if something else is there, or a store of other settings or
  ///   tiles; `CancellationError` if the task was cancelled: the store can then be continued.
  public func run(overwrite: Bool = false) async throws -> Summary {
    let start = ContinuousClock.now
    let folder = RunFolder(store: path)
    let existing = ExistingStore(path: path, settings: settings, stamps: [])
    try existing.checkPlace(folder)
    // Budgets that are too small show now, not after hours.
    let planned = try forecast()
    if !overwrite, try isComplete(existing) { return finished(planned) }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if overwrite {
      try folder.empty()
    } else if try isComplete(existing) {
      try folder.remove()
      return finished(planned)
    }
    try existing.begin(folder)
    // A tile of a finished store is missing: it is not whole until that is there again.
    if Files.exists(existing.groupPath) { try Files.remove(existing.groupPath) }
    var summary = finished(planned)
    summary.wasComplete = false
    summary.keptTiles = 0
    summary.keptItems = 0
    for job in jobs {
      let tile = try await job.run()
      summary.keptTiles += tile.wasComplete ? 1 : 0
      summary.keptItems += tile.keptItems
      summary.voxelBytes += tile.voxelBytes
      summary.bytesWritten += tile.bytesWritten
      summary.decoding = summary.decoding + tile.decoding
    }
    try OMEZarrWriting.writeCollection(
      path: path, series: jobs.indices.map(String.init), extra: ["settings": settings])
    try Files.flushFolder(path)
    try folder.remove()
    summary.seconds = (ContinuousClock.now - start).inSeconds
    return summary
  }

  /// What a run will take: the most that any tile does, and how often pieces are decoded on average.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> StoreJob.Forecast {
    var whole: StoreJob.Forecast?
    var (decodings, weight) = (0.0, 0.0)
    for job in jobs {
      let forecast = try job.forecast()
      let voxels = Double(job.size.volume) * Double(job.sources.count)
      decodings += forecast.expectedDecodings * voxels
      weight += voxels
      guard var largest = whole else {
        whole = forecast
        continue
      }
      largest.workers = max(largest.workers, forecast.workers)
      largest.plannedBytes = max(largest.plannedBytes, forecast.plannedBytes)
      largest.cacheBytes = min(largest.cacheBytes, forecast.cacheBytes)
      largest.sharedPieceBytes = max(largest.sharedPieceBytes, forecast.sharedPieceBytes)
      if let advised = forecast.advisedMemory {
        largest.advisedMemory = max(largest.advisedMemory ?? 0, advised)
      }
      whole = largest
    }
    guard var whole else { preconditionFailure("An import has tiles") }
    whole.expectedDecodings = weight > 0 ? decodings / weight : 1
    return whole
  }

  /// Whether the collection and all of its images are there.
  private func isComplete(_ existing: ExistingStore) throws -> Bool {
    guard try existing.isComplete() else { return false }
    return try jobs.allSatisfy { try $0.existing.isComplete() }
  }

  private func finished(_ forecast: StoreJob.Forecast) -> Summary {
    let items = jobs.reduce(0) { $0 + $1.plan.itemCount }
    return Summary(
      wasComplete: true, keptTiles: jobs.count, totalItems: items, keptItems: items, seconds: 0,
      voxelBytes: 0, bytesWritten: 0, workers: forecast.workers,
      plannedBytes: forecast.plannedBytes, decoding: PieceCache.Count())
  }

  /// Which tiles there are and where they lie; what else decides the bytes stands in each image.
  private var settings: JSON {
    let tiles = jobs.map { job -> JSON in
      var tile: JSON = ["name": .string(job.description.name)]
      if let position = job.description.position {
        tile["position_um_xyz"] = [
          .number(position.x), .number(position.y), .number(position.z),
        ]
      }
      return tile
    }
    return ["format": 1, "tiles": .array(tiles)]
  }
}
