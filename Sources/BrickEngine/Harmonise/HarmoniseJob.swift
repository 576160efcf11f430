public import BrickCore
public import BrickStitch
internal import Synchronization

/// Finds how tiles have to be adjusted so that their seams disappear, at a memory ceiling.
///
/// Only the boxes that tiles share are read, piece by piece on all threads, one pass. The result is the same for any budget
/// and number of threads.
public struct HarmoniseJob: Sendable {
  private let volumes: [any Volume]
  private let boxes: [Box3]
  private let kind: Harmonisation
  private let budget: MemoryBudget
  private let threads: Int
  private let cache: PieceCache
  private let listener: (any ProgressListener)?
  private let most: Int?

  /// A job on tiles where they lie; nothing is read yet.
  ///
  /// - Parameters:
  ///   - volumes: the tiles, all of one type.
  ///   - boxes: where they are stitched.
  ///   - budget: the ceiling for the whole process.
  ///   - threads: workers at most.
  ///   - cache: the cache the tiles' files were opened with, which gets its capacity from the plan.
  ///   - listener: hears how far the job is.
  public init(
    _ volumes: [any Volume], boxes: [Box3], _ kind: Harmonisation, budget: MemoryBudget,
    threads: Int, cache: PieceCache, listener: (any ProgressListener)? = nil
  ) {
    self.init(
      volumes, boxes: boxes, kind, budget: budget, threads: threads, cache: cache,
      listener: listener, pieceVoxels: nil)
  }

  /// The same with pieces of at most `pieceVoxels` voxels, or one cell.
  package init(
    _ volumes: [any Volume], boxes: [Box3], _ kind: Harmonisation, budget: MemoryBudget,
    threads: Int, cache: PieceCache, listener: (any ProgressListener)? = nil, pieceVoxels: Int?
  ) {
    precondition(volumes.count == boxes.count, "Each tile has its place")
    precondition(Set(volumes.map(\.type)).count <= 1, "Tiles have one type")
    self.volumes = volumes
    self.boxes = boxes
    self.kind = kind
    self.budget = budget
    self.threads = max(1, threads)
    self.cache = cache
    self.listener = listener
    most = pieceVoxels
  }

  /// A part of the box two tiles share: whole cells.
  private struct Piece: Sendable {
    var seam: Int
    /// Counted from the corner of the shared box.
    var box: Box3
    var isLast: Bool
  }

  /// Two tiles that share voxels.
  private struct Seam: Sendable {
    var first: Int
    var second: Int
    var box: Box3
    var cells: SeamCells
  }

  /// Reads the overlaps and returns each tile's adjustment.
  ///
  /// - Throws: `BrickworkError`: `.outOfBudget` with both numbers, or what reading throws; `CancellationError`.
  public func run() async throws -> TileGains {
    let seams = BoxIndex(boxes).intersectingPairs().map { first, second in
      let box = boxes[first].intersection(boxes[second])
      return Seam(first: first, second: second, box: box, cells: SeamCells(size: box.size))
    }
    let (workers, voxels) = try plan(seams)
    let pieces = seams.enumerated().flatMap { place, seam in
      Self.pieces(of: seam, place, most: voxels)
    }
    let meter = ProgressMeter(
      phase: "comparing overlaps", totalVoxels: seams.reduce(0) { $0 + $1.box.count },
      totalItems: pieces.count, listener: listener)
    let sum = Mutex<(cells: [SeamCell], seams: [SeamStatistics])>(([], []))
    let (tiles, places) = (volumes, boxes)
    try await OrderedPipeline.run(count: pieces.count, workers: workers) {
      Reader()
    } produce: { reader, place in
      let piece = pieces[place]
      let seam = seams[piece.seam]
      let sums = try reader.sums(
        piece.box, of: seam.cells, corner: seam.box.origin,
        (tiles[seam.first], places[seam.first].origin),
        (tiles[seam.second], places[seam.second].origin))
      meter.add(voxels: piece.box.count, items: 1)
      return sums
    } commit: { place, sums in
      let piece = pieces[place]
      let seam = seams[piece.seam]
      sum.withLock { sum in
        sum.cells += sums
        guard piece.isLast else { return }
        sum.seams.append(
          SeamStatistics(
            first: seam.first, second: seam.second, cells: sum.cells.sorted(by: SeamCell.precedes),
            cellVoxels: seam.cells.grid.brick.volume))
        sum.cells = []
      }
      return nil
    }
    cache.capacity = 0
    meter.finish()
    return TileGains(sum.withLock { $0.seams }, count: volumes.count, kind)
  }

  /// Workers, and voxels of a piece.
  private func plan(_ seams: [Seam]) throws -> (workers: Int, voxels: Int) {
    // A seam's statistics, its cells and its pieces' boxes; the solver's vectors.
    let held = seams.count * 320 + volumes.count * 128 + SeamCells.bytes * 4
    let largest = seams.sorted { $0.box.count > $1.box.count }.prefix(64)
    for voxels in most.map({ [$0] }) ?? (14...19).reversed().map({ 1 << $0 }) {
      let worker = largest.reduce(1 << 16) { bytes, seam in
        let size = Self.pieceSize(of: seam, most: voxels)
        return max(
          bytes,
          [seam.first, seam.second].reduce(0) {
            $0 + volumes[$1].bytesLending(size.minimum(volumes[$1].size))
          } + size.volume / seam.cells.grid.brick.volume * 64)
      }
      let isLast = voxels == most ?? 1 << 14
      // Smaller pieces are more of them, and a list of them doubles while it grows.
      let pieces = seams.reduce(0) { $0 + Self.grid(of: $1, most: voxels).count }
      do {
        let share = try budget.share(
          wanted: threads, perWorker: worker,
          shared: held + pieces * 2 * MemoryLayout<Piece>.stride)
        guard share.workers == threads || isLast else { continue }
        cache.capacity =
          largest.contains {
            volumes[$0.first].decodedBytes(
              reading: $0.box.translated(by: .zero - boxes[$0.first].origin)) > 0
          } ? share.cache : 0
        return (share.workers, voxels)
      } catch { if isLast { throw error } }
    }
    preconditionFailure("There is a smallest piece")
  }

  /// Whole rows of cells, then planes of them.
  private static func pieceSize(of seam: Seam, most: Int) -> Index3 {
    let (cell, counts) = (seam.cells.grid.brick, seam.cells.grid.counts)
    var cells = Index3.one
    cells.x = max(1, min(counts.x, most / cell.volume))
    cells.y = max(1, min(counts.y, most / (cell.volume * cells.x)))
    cells.z = max(1, min(counts.z, most / (cell.volume * cells.x * cells.y)))
    return (cells * cell).minimum(seam.box.size)
  }

  /// A seam cut into pieces: whole cells also where the last piece of an axis is cut by the box.
  private static func grid(of seam: Seam, most: Int) -> BrickGrid {
    let cell = seam.cells.grid.brick
    let size = pieceSize(of: seam, most: most)
    return BrickGrid(size: seam.box.size, brick: size.dividedRoundingUp(by: cell) * cell)
  }

  private static func pieces(of seam: Seam, _ place: Int, most: Int) -> [Piece] {
    let grid = grid(of: seam, most: most)
    return (0..<grid.count).map {
      Piece(seam: place, box: grid.box(at: grid.index(at: $0)), isLast: $0 == grid.count - 1)
    }
  }

  /// Sums one piece at a time, for one worker.
  private final class Reader: @unchecked Sendable {
    // @unchecked: one worker uses it.
    private var firstScratch = VoxelBlock()
    private var secondScratch = VoxelBlock()

    func sums(
      _ box: Box3, of cells: SeamCells, corner: Index3,
      _ first: (volume: any Volume, origin: Index3),
      _ second: (volume: any Volume, origin: Index3)
    ) throws -> [SeamCell] {
      let a = box.translated(by: corner - first.origin)
      let b = box.translated(by: corner - second.origin)
      first.volume.willRead(a)
      second.volume.willRead(b)
      var sums: [SeamCell] = []
      try first.volume.withVoxels(of: a, scratch: &firstScratch) { mine in
        try second.volume.withVoxels(of: b, scratch: &secondScratch) { theirs in
          sums = cells.sums(
            mine.translated(by: first.origin - corner),
            theirs.translated(by: second.origin - corner))
        }
      }
      first.volume.didRead(a)
      second.volume.didRead(b)
      return sums
    }
  }
}
