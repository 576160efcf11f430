public import BrickCore
public import BrickLabels

/// Reads the labels of many tiles at a memory ceiling: which there are, which share voxels, which are one object.
///
/// Voxels are read piece by piece on all threads. Results don't depend on the number of threads, the memory or the order
/// in which pieces are read.
public struct LabelJob: Sendable {
  /// The tiles, each at its place in the stitched volume.
  public let tiles: [LabelTile]
  let budget: MemoryBudget
  let threads: Int
  let cache: PieceCache?
  let listener: (any ProgressListener)?
  /// Voxels of a piece, for tests that want many pieces.
  let pieceVoxels: Int?

  /// A job over `tiles`; nothing is read yet.
  ///
  /// - Parameters:
  ///   - tiles: numbered in their order, from 0 on.
  ///   - budget: the ceiling for the whole process.
  ///   - threads: workers at most.
  ///   - cache: the cache of the tiles' decoded pieces, which gets its capacity from the plan.
  ///   - listener: hears how far the job is.
  public init(
    tiles: [LabelTile], budget: MemoryBudget, threads: Int, cache: PieceCache? = nil,
    listener: (any ProgressListener)? = nil
  ) {
    self.init(
      tiles: tiles, budget: budget, threads: threads, cache: cache, listener: listener,
      pieceVoxels: nil)
  }

  /// The same with pieces of at most `pieceVoxels` voxels.
  package init(
    tiles: [LabelTile], budget: MemoryBudget, threads: Int, cache: PieceCache? = nil,
    listener: (any ProgressListener)? = nil, pieceVoxels: Int?
  ) {
    precondition(
      tiles.enumerated().allSatisfy { $0 == $1.number }, "Tiles are numbered in their order")
    self.tiles = tiles
    self.budget = budget
    self.threads = threads
    self.cache = cache
    self.listener = listener
    self.pieceVoxels = pieceVoxels
  }

  /// The labels that occur in each tile: `get_all_blobs`.
  ///
  /// - Throws: `BrickworkError`: `.damagedInput` for a negative label, `.outOfBudget` with both numbers, or what reading
  ///   throws; `CancellationError`.
  public func labels() async throws -> [LabelSet] {
    var held = 0
    return try await labels(held: &held)
  }

  /// The labels that share voxels, for each pair of tiles that overlap, sorted: `find_overlapping_blobs`.
  ///
  /// Only the boxes that tiles share are read.
  ///
  /// - Throws: as `labels()`.
  public func overlaps() async throws -> [TileOverlap] {
    var held = 0
    return try await overlaps(held: &held)
  }

  /// Joins labels across tiles and numbers the objects 1…N: `deduplicate_blob_ids`, `dedup_segmentation_ids`.
  ///
  /// The tiles with their new labels are `LabelTile.relabeled(_:with:)` of the map.
  ///
  /// - Throws: as `labels()`, or `BrickworkError` with code `.badRequest` if options are out of range.
  public func deduplicate(_ options: JoinOptions = JoinOptions()) async throws -> Deduplication {
    try options.check()
    var held = 0
    let overlaps = try await overlaps(held: &held)
    let labels = try await labels(held: &held)
    let total = labels.reduce(0) { $0 + $1.count }
    try budget.check(
      holding: held
        + Deduplication.bytesJoining(
          labels: total, pairs: overlaps.map(\.pairs.count).max() ?? 0, of: overlaps.count))
    return try Deduplication(tiles, labels: labels, overlaps: overlaps, options)
  }
}
