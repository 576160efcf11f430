internal import BrickCore
internal import BrickPicture

/// How much of a picture is read at once.
struct PreviewPlan: Sendable {
  /// Rows held at once: all of them where they fit.
  let stripRows: Int
  /// Pixels that a worker reads at once.
  let block: Index3
  let workers: Int
  /// Bytes for decoded pieces.
  let cache: Int

  /// Voxels of a block along each side where the source has no bricks: pieces of files are then shared by
  /// fewer blocks.
  private static let blockSide = 512
  private static let projectedSide = 2048
  /// Voxels under a block at most, unless a pixel has more.
  private static let mostVoxels = 1 << 22
  private static let leastCache = 64 << 20
  /// Tables for percentiles: a histogram, and the tally of a further pass.
  private static let tables = 4 << 20

  init(
    _ volumes: [PictureVolume], brick: Index3?, budget: MemoryBudget, threads: Int
  ) throws {
    let volume = volumes[0]
    let geometry = volume.geometry
    let axis = geometry.section.axis
    let side = geometry.section.projection == nil ? Self.blockSide : Self.projectedSide
    let rows = Self.pixels(geometry.rows, brick?[axis.rows], side)
    var columns = Self.pixels(geometry.columns, brick?[axis.columns], side)
    if let brick {
      // A few bricks side by side are one block.
      columns *= max(1, 256 / brick[axis.columns])
    }
    let perPixel = geometry.rows.voxelsPerPixel * geometry.columns.voxelsPerPixel
    columns = max(1, min(columns, Int(Double(Self.mostVoxels) / (perPixel * Double(rows)))))
    columns = min(columns, geometry.width)

    // Voxels of all layers, and the colours they become.
    // While contrast is looked for, those of doubles stand in a copy of their own.
    let colours = volumes.contains { $0.type == .float64 } ? 8 : 6
    let perRow = geometry.width * (volumes.reduce(0) { $0 + $1.type.byteCount } + colours)
    let room = max(1, budget.byteCount / 4)
    var strip = geometry.height
    if strip.multipliedReportingOverflow(by: perRow).overflow || strip * perRow > room {
      strip = max(1, min(strip, room / perRow))
      if strip > rows { strip = strip / rows * rows }
    }
    let block = Index3(z: 1, y: min(rows, strip), x: columns)
    let bytes = BlockStorage.footprint(of: block.volume * volume.type.byteCount)
    // A worker's own block, and two that wait for their turn.
    let perWorker = volumes.reduce(0) { max($0, $1.scratchBytes(reading: block)) } + 3 * bytes
    do {
      let (workers, cache) = try budget.share(
        wanted: max(1, threads), perWorker: perWorker, shared: strip * perRow + Self.tables)
      self.workers = workers
      // Pieces are shared by neighbouring blocks alone: more would only take fresh memory for each.
      let bands = [0, geometry.height / 2].map { row in
        let end = min(row + block.y, geometry.height)
        let band = Box3(
          from: Index3(z: 0, y: row, x: 0), to: Index3(z: 1, y: end, x: geometry.width))
        return volumes.reduce(0) { max($0, $1.decodedBytes(reading: band)) }
      }
      self.cache = min(cache, max(Self.leastCache, 2 * (bands.max() ?? 0)))
    } catch let error as BrickworkError {
      var error = error
      error.remedy = "Raise --memory, or show less (--size, --roi)"
      throw error
    }
    stripRows = strip
    self.block = block
  }

  /// Pixels along one side of a block: whole bricks where they and whole pixels meet soon.
  private static func pixels(_ axis: PictureAxis, _ brick: Int?, _ side: Int) -> Int {
    let target = brick ?? side
    guard axis.isEven else { return max(1, Int(Double(target) / axis.voxelsPerPixel)) }
    guard let brick else { return max(1, side / axis.reduction) }
    let pixels = brick / divisor(brick, axis.reduction)
    return pixels * axis.reduction <= 2048 ? pixels : max(1, blockSide / axis.reduction)
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
