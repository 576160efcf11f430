public import BrickCore

/// What a TIFF file will hold, and in which order its pieces stand: known before a voxel is read.
///
/// A page is one plane of one channel at one time point; pages count z fastest, then channels, then time points. Each
/// has the same levels, whose y and x halve, rounded up; z stays. A piece is a tile, or a strip of whole rows.
///
/// Pieces stand block by block in passes. A pass makes two levels of one source: pass 0 levels 0 and 1 of the volumes,
/// pass 1 levels 2 and 3 of level 1, and so on. A block is 2 × 2 tiles of the pass's first level, as many planes thick as
/// the source's bricks; within it all pieces of a plane follow each other. So every brick is needed once, nothing
/// is held between blocks, and the order depends on neither memory nor threads. Strips stand page by page.
public struct TIFFPlan: Sendable, Hashable {
  /// Levels that are made together.
  struct Pass: Sendable, Hashable {
    let levels: Range<Int>
    /// Voxels of the first level.
    let block: Index3
    /// The number of its first piece.
    let first: Int
    /// Pieces of all its levels in one page.
    let piecesPerPage: Int
  }

  /// The type of every voxel.
  public let type: VoxelType
  /// Voxels of one channel at one time point.
  public let size: Index3
  /// Channels, at least 1.
  public let channels: Int
  /// Time points, at least 1.
  public let timepoints: Int
  /// Voxels of a tile, or of a strip; one plane.
  public let piece: Index3
  /// Whether pieces are tiles, which are padded at the image's end; strips are not.
  public let isTiled: Bool
  /// The size of each level, finest first.
  public let levels: [Index3]
  let passes: [Pass]

  /// Bytes of a strip before compression, at most, unless a row has more.
  private static let stripBytes = 256 << 10
  /// Levels become smaller until both sides have at most so many pixels.
  static let smallestSide = 512

  /// Plans a file.
  ///
  /// - Parameters:
  ///   - tile: voxels of a tile; z counts as 1. Nil for strips, which have one level.
  ///   - levels: how many levels; nil for as many as it takes until a plane has at most 512 × 512 voxels.
  ///   - slab: planes of a block: those of the source's bricks.
  /// - Throws: `BrickworkError` with code `.badRequest` for sizes that TIFF can't hold, tiles whose sides are no multiples of
  ///   16, or more levels than there are.
  public init(
    type: VoxelType, size: Index3, channels: Int = 1, timepoints: Int = 1, tile: Index3? = nil,
    levels: Int? = 1, slab: Int = 1
  ) throws {
    let bytes = size.checkedVolume?.multipliedReportingOverflow(by: type.byteCount)
    let parts = channels.multipliedReportingOverflow(by: timepoints)
    guard size.x > 0, size.y > 0, size.z > 0, size.x <= Int(Int32.max), size.y <= Int(Int32.max),
      let bytes, !bytes.overflow, channels > 0, timepoints > 0, !parts.overflow,
      !bytes.partialValue.multipliedReportingOverflow(by: parts.partialValue).overflow
    else {
      throw BrickworkError(
        .badRequest, reason: "a TIFF file can't hold a volume of \(size) voxels",
        remedy: "Choose a part of it")
    }
    if let tile {
      guard tile.y % 16 == 0, tile.x % 16 == 0, tile.y > 0, tile.x > 0,
        tile.y <= 16384, tile.x <= 16384
      else {
        throw BrickworkError(
          .badRequest,
          reason: "a TIFF file has no tiles of \(tile.y) × \(tile.x) pixels (y × x)",
          remedy: "Choose multiples of 16, for example --chunk 512,512")
      }
    }
    self.type = type
    self.size = size
    self.channels = channels
    self.timepoints = timepoints
    isTiled = tile != nil
    if let tile {
      piece = Index3(z: 1, y: tile.y, x: tile.x)
    } else {
      // A power of two lies within the bricks of a source, or holds whole ones.
      let rows = max(1, Self.stripBytes / (size.x * type.byteCount))
      let power = 1 << (Int.bitWidth - 1 - rows.leadingZeroBitCount)
      piece = Index3(z: 1, y: min(size.y, power), x: size.x)
    }
    let (piece, sizes) = (piece, try Self.levels(of: size, count: tile == nil ? 1 : levels))
    var passes: [Pass] = []
    for first in stride(from: 0, to: sizes.count, by: 2) {
      let range = first..<min(first + 2, sizes.count)
      let block =
        tile == nil
        ? Index3(z: max(1, slab), y: size.y, x: size.x)
        : Index3(z: first == 0 ? max(1, slab) : 1, y: 2 * piece.y, x: 2 * piece.x)
      let pieces = range.reduce(0) { $0 + Self.grid(sizes[$1], piece).count }
      let before = passes.last.map { $0.first + $0.piecesPerPage * size.z * parts.partialValue }
      passes.append(
        Pass(levels: range, block: block, first: before ?? 0, piecesPerPage: pieces))
    }
    self.levels = sizes
    self.passes = passes
  }

  private static func levels(of size: Index3, count: Int?) throws -> [Index3] {
    var levels = [size]
    while let last = levels.last, levels.count < count ?? 32,
      count != nil || max(last.y, last.x) > smallestSide
    {
      guard max(last.y, last.x) > 1 else {
        throw BrickworkError(
          .badRequest,
          reason: "a plane of \(size.x) × \(size.y) pixels has no \(count ?? 0) levels",
          remedy: "Choose fewer levels")
      }
      levels.append(last.dividedRoundingUp(by: halving))
    }
    return levels
  }

  /// What becomes one voxel of the next level.
  public static let halving = Index3(z: 1, y: 2, x: 2)

  /// Planes of a block of the first pass.
  public var slab: Int { passes[0].block.z }
  /// Planes in the file, without levels.
  public var pages: Int { size.z * channels * timepoints }
  /// Channels times time points.
  public var parts: Int { channels * timepoints }
  /// Strips or tiles of all levels.
  public var pieceCount: Int {
    passes.reduce(0) { $0 + $1.piecesPerPage * pages }
  }
  /// Bytes of all levels' voxels before compression.
  public var voxelBytes: Int {
    levels.reduce(0) { $0 + $1.volume * parts * type.byteCount }
  }
  /// Bytes of a whole piece before compression.
  var pieceBytes: Int { piece.volume * type.byteCount }

  private static func grid(_ level: Index3, _ piece: Index3) -> BrickGrid {
    BrickGrid(size: Index3(z: 1, y: level.y, x: level.x), brick: piece)
  }

  /// The pieces of one page.
  func grid(level: Int) -> BrickGrid { Self.grid(levels[level], piece) }

  /// Pieces of a block along y and x in one of its pass's levels.
  private func perBlock(_ pass: Pass, level: Int) -> Index3 {
    pass.block.dividedRoundingUp(
      by: Index3(
        z: 1, y: piece.y << (level - pass.levels.lowerBound),
        x: piece.x << (level - pass.levels.lowerBound)))
  }

  /// The number of a piece in the order of the file.
  ///
  /// - Parameter part: time point × channels + channel.
  func number(level: Int, part: Int, z: Int, y: Int, x: Int) -> Int {
    let pass = passes[level / 2]
    let slab = z / pass.block.z
    let planes = min(pass.block.z, size.z - slab * pass.block.z)
    let per = perBlock(pass, level: level)
    let block = (y: y / per.y, x: x / per.x)
    var (before, inside) = (0, 0)
    var local = 0
    for other in pass.levels {
      let grid = grid(level: other).counts
      let per = perBlock(pass, level: other)
      let rows = min(per.y, grid.y - block.y * per.y)
      let columns = min(per.x, grid.x - block.x * per.x)
      before += block.y * per.y * grid.x + rows * block.x * per.x
      if other < level { local += rows * columns }
      if other == level { local += (y - block.y * per.y) * columns + x - block.x * per.x }
      inside += rows * columns
    }
    return pass.first + (part * size.z + slab * pass.block.z) * pass.piecesPerPage
      + planes * before + (z - slab * pass.block.z) * inside + local
  }
}

/// The work on a plan cut into steps, each a run of pieces that follow each other in the file.
public struct TIFFSteps: Sendable {
  /// What is read and written at once.
  public struct Step: Sendable, Hashable {
    /// Which levels: pass p makes 2p and 2p + 1.
    public var pass: Int
    /// Time point × channels + channel.
    public var part: Int
    /// Voxels of the pass's first level: whole pieces.
    public var box: Box3

    /// A step of whole pieces.
    public init(pass: Int, part: Int, box: Box3) {
      (self.pass, self.part, self.box) = (pass, part, box)
    }
  }

  let plan: TIFFPlan
  /// Planes of a step.
  public let planes: Int
  /// Rows of a step, where a plane of strips is cut; nil otherwise.
  private let rows: Int?

  /// Cuts a plan into steps.
  ///
  /// - Parameters:
  ///   - planes: planes of a step at most; blocks may have fewer.
  ///   - bytes: where a plane of strips has more, it is cut into bands of whole strips of about so many bytes.
  public init(_ plan: TIFFPlan, planes: Int, bytes: Int = .max) {
    self.plan = plan
    self.planes = max(1, planes)
    let rowBytes = plan.size.x * plan.type.byteCount
    if !plan.isTiled, planes <= 1, rowBytes * plan.size.y > bytes {
      rows = max(1, bytes / rowBytes / plan.piece.y) * plan.piece.y
    } else {
      rows = nil
    }
  }

  /// How many passes there are, one after the other.
  public var passes: Int { plan.passes.count }

  /// Steps of a pass.
  public func count(pass: Int) -> Int { plan.parts * perPart(plan.passes[pass]) }

  private func perPart(_ pass: TIFFPlan.Pass) -> Int {
    let (full, rest) = plan.size.z.quotientAndRemainder(dividingBy: pass.block.z)
    return blocks(pass).count * (full * thin(pass.block.z) + thin(rest))
  }

  /// Steps in so many planes of a block.
  private func thin(_ planes: Int) -> Int { (planes + self.planes - 1) / self.planes }

  /// Blocks, or bands of rows, in a plane of a pass's first level.
  private func blocks(_ pass: TIFFPlan.Pass) -> BrickGrid {
    let size = plan.levels[pass.levels.lowerBound]
    return BrickGrid(
      size: Index3(z: 1, y: size.y, x: size.x),
      brick: Index3(z: 1, y: rows ?? pass.block.y, x: pass.block.x))
  }

  /// A step of a pass.
  public func step(_ number: Int, pass passNumber: Int) -> Step {
    let pass = plan.passes[passNumber]
    let (part, place) = number.quotientAndRemainder(dividingBy: perPart(pass))
    let blocks = blocks(pass)
    let perSlab = blocks.count * thin(pass.block.z)
    let (slab, inSlab) = place.quotientAndRemainder(dividingBy: perSlab)
    let start = slab * pass.block.z
    let thickness = min(pass.block.z, plan.size.z - start)
    // Bands go plane by plane; blocks have all their planes one after the other.
    let (block, sub): (Int, Int)
    if rows != nil {
      (sub, block) = inSlab.quotientAndRemainder(dividingBy: blocks.count)
    } else {
      (block, sub) = inSlab.quotientAndRemainder(dividingBy: thin(thickness))
    }
    var box = blocks.box(at: blocks.index(at: block))
    box.origin.z = start + sub * planes
    box.size.z = min(planes, thickness - sub * planes)
    return Step(pass: passNumber, part: part, box: box)
  }

  /// The number of a step's first piece in the order of the file.
  func firstPiece(_ step: Step) -> Int {
    plan.number(
      level: plan.passes[step.pass].levels.lowerBound, part: step.part, z: step.box.origin.z,
      y: step.box.origin.y / plan.piece.y, x: step.box.origin.x / plan.piece.x)
  }

  /// The first step of a pass that has a piece from the number `piece` on; the count of steps if none has.
  public func firstStep(pass: Int, from piece: Int) -> Int {
    // The last step that begins at or before the piece.
    var (low, high) = (0, count(pass: pass))
    while low < high {
      let middle = (low + high) / 2
      if firstPiece(step(middle, pass: pass)) <= piece { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return 0 }
    return piece >= end(pass: pass) ? count(pass: pass) : low - 1
  }

  /// The number after a pass's last piece.
  private func end(pass: Int) -> Int {
    pass + 1 < plan.passes.count ? plan.passes[pass + 1].first : plan.pieceCount
  }

  /// Voxels of the largest step: of the pass's first level.
  public var largest: Index3 {
    let pass = plan.passes[0]
    let block = Index3(z: min(planes, pass.block.z), y: rows ?? pass.block.y, x: pass.block.x)
    return block.minimum(plan.size)
  }
}
