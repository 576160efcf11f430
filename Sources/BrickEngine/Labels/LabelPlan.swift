internal import BrickCore
internal import BrickLabels

/// How the memory of a pass over labels is shared out before it starts.
struct LabelPlan: Sendable {
  let workers: Int
  /// Voxels of a piece at most.
  let pieceVoxels: Int
  /// Planes of a piece, where pieces of files are decoded; nil where voxels lie as they are.
  let planes: Int?
  /// Bytes of decoded pieces of files that may be kept.
  let cache: Int
  /// Bytes that what is found may take.
  let results: Int

  /// A piece is as large as a second-level cache, and smaller where the budget asks for it.
  private static let sizes = (14...19).reversed().map { 1 << $0 }

  /// - Parameters:
  ///   - boxes: what is read of each tile, in the stitched volume.
  ///   - tilesAtOnce: how many tiles a worker reads for one piece.
  ///   - most: voxels of a piece; nil leaves the choice to the plan.
  ///   - held: bytes of earlier results that stay.
  ///   - perPiece: bytes a worker takes for a piece of so many voxels, besides the voxels; results on their way included.
  init(
    reading boxes: [(tile: LabelTile, box: Box3)], tilesAtOnce: Int, budget: MemoryBudget,
    threads: Int, most: Int?, held: Int, perPiece: (Int) -> Int
  ) throws {
    let samples = Self.samples(boxes)
    let decodes = samples.contains { $0.tile.volume.decodedBytes(reading: $0.local) > 0 }
    func worker(_ voxels: Int) -> Int {
      let lent =
        samples.map { sample in
          let size = LabelPieces.pieceSize(
            in: sample.local.size, most: voxels, planes: decodes ? 64 : nil)
          return sample.tile.volume.bytesLending(size)
        }.max() ?? 0
      return tilesAtOnce * lent + perPiece(voxels)
    }
    let sizes = most.map { [$0] } ?? Self.sizes
    var chosen: (voxels: Int, workers: Int, room: Int)?
    for voxels in sizes {
      // The smallest pieces are tried without leaving half of the room to what is found.
      let isLast = voxels == sizes.last
      do {
        let (workers, room) = try budget.share(
          wanted: max(1, threads), perWorker: worker(voxels), shared: held)
        let isRoomy = workers == max(1, threads) && room >= workers * worker(voxels)
        if isRoomy || isLast {
          chosen = (voxels, workers, room)
          break
        }
      } catch let error as BrickworkError {
        guard isLast else { continue }
        var error = error
        error.remedy = "Raise --memory"
        throw error
      }
    }
    guard let chosen else { preconditionFailure("There is a smallest piece") }
    workers = chosen.workers
    pieceVoxels = chosen.voxels
    cache = decodes ? chosen.room / 2 : 0
    results = chosen.room - cache
    planes = decodes ? Self.planes(samples, cache: cache) : nil
  }

  private struct Sample {
    let tile: LabelTile
    /// The box in the tile's coordinates.
    let local: Box3
  }

  /// The largest boxes: they decide.
  private static func samples(_ boxes: [(tile: LabelTile, box: Box3)]) -> [Sample] {
    let largest =
      boxes.count > 64
      ? boxes.sorted { $0.box.count > $1.box.count }.prefix(64) : boxes[...]
    return largest.map {
      Sample(tile: $0.tile, local: $0.box.translated(by: .zero - $0.tile.box.origin))
    }
  }

  /// As many planes as the cache holds decoded at once, so that no compressed strip is decoded twice.
  private static func planes(_ samples: [Sample], cache: Int) -> Int {
    var planes = 64
    func demand(_ sample: Sample) -> Int {
      var slab = sample.local
      slab.size.z = min(slab.size.z, planes)
      return sample.tile.volume.decodedBytes(reading: slab)
    }
    while planes > 1 && samples.contains(where: { 2 * demand($0) > cache }) { planes /= 2 }
    return planes
  }
}

/// Counts the bytes of what is found, and refuses more than there is room for.
struct LabelLedger {
  let limit: Int
  let budget: MemoryBudget
  private(set) var byteCount = 0

  init(limit: Int, budget: MemoryBudget) {
    self.limit = limit
    self.budget = budget
  }

  /// - Parameter passing: bytes held for a while besides.
  mutating func add(_ bytes: Int, passing: Int = 0) throws {
    byteCount += bytes
    guard byteCount + passing <= limit else {
      throw BrickworkError(
        .outOfBudget,
        reason:
          "a memory budget of \(budget.byteCount >> 20) MiB is too small: the labels found so far take "
          + "\((byteCount + passing) >> 20) MiB of the \(limit >> 20) MiB left for them",
        remedy: "Raise --memory")
    }
  }
}
