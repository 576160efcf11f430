public import BrickCore
internal import BrickFiles
internal import Synchronization

/// The strips or tiles of a step as they stand in the file.
public struct EncodedPieces: Sendable {
  /// A piece's bytes among those of the step, and their CRC-32C; nil for one that is all zeros.
  struct Piece: Sendable {
    let bytes: Range<Int>
    let checksum: UInt32
  }
  var bytes: [UInt8] = []
  var pieces: [Piece?] = []

  /// Bytes of all pieces.
  public var byteCount: Int { bytes.count }
  /// Bytes of the pieces of each of the step's levels.
  public fileprivate(set) var bytesByLevel: [Int] = []
}

/// Reads and compresses the steps of a file; one for each worker.
public final class TIFFStepEncoder {
  private let plan: TIFFPlan
  private let method: DownsampleMethod
  private let encoder: PieceEncoder
  private let isCompressed: Bool
  private var block = VoxelBlock()
  private var coarser = VoxelBlock()

  /// - Parameter method: how pixels of a level become those of the next.
  /// - Throws: `BrickworkError` with code `.badRequest` for a compression level that doesn't exist.
  public init(
    _ plan: TIFFPlan, _ compression: TIFFWriter.Compression, method: DownsampleMethod = .mean
  ) throws {
    self.plan = plan
    self.method = method
    isCompressed = compression != .none
    encoder = try PieceEncoder(compression, type: plan.type)
  }

  /// Bytes that one encoder takes for steps of `size` voxels, and the result it returns: the second number.
  public static func byteCount(
    _ plan: TIFFPlan, _ compression: TIFFWriter.Compression, step size: Index3
  ) -> (encoder: Int, result: Int) {
    let voxels = BlockStorage.footprint(of: size.volume * plan.type.byteCount)
    let levels = plan.levels.count > 1 ? voxels + voxels / 4 + voxels / 8 : voxels
    let piece = BlockStorage.footprint(of: plan.pieceBytes)
    // Tiles at the end are padded, and arrays grow by doubling.
    let padded = size.dividedRoundingUp(by: plan.piece) * plan.piece
    let result = padded.volume * plan.type.byteCount * 3 / 2
    return (
      levels + 2 * piece + compression.encoderBytes(piece: plan.pieceBytes),
      result + result / 8
    )
  }

  /// Reads the voxels of a step and makes its pieces.
  ///
  /// - Parameter volume: what the pass takes its first level from, of that level's size.
  public func encode(
    _ step: TIFFSteps.Step, of volume: any Volume
  ) throws -> EncodedPieces {
    block.reshape(to: step.box, type: plan.type)
    volume.willRead(step.box)
    defer { volume.didRead(step.box) }
    try volume.read(into: &block)
    return try encode(step, &block, &coarser)
  }

  // Blocks come as parameters, because a span can't be borrowed from a class's property.
  private func encode(
    _ step: TIFFSteps.Step, _ block: inout VoxelBlock, _ coarser: inout VoxelBlock
  ) throws -> EncodedPieces {
    let levels = plan.passes[step.pass].levels
    if levels.count > 1 {
      coarser.reshape(to: step.box.downsampled(by: TIFFPlan.halving), type: plan.type)
      coarser.writeDownsampled(VoxelView(block), by: TIFFPlan.halving, method: method)
    }
    var result = EncodedPieces()
    result.bytesByLevel = levels.map { _ in 0 }
    for z in step.box.origin.z..<step.box.end.z {
      try encode(VoxelView(block), z: z, level: levels.lowerBound, into: &result)
      if levels.count > 1 {
        try encode(VoxelView(coarser), z: z, level: levels.lowerBound + 1, into: &result)
      }
    }
    return result
  }

  private func encode(
    _ view: borrowing VoxelView, z: Int, level: Int, into result: inout EncodedPieces
  ) throws {
    let grid = plan.grid(level: level)
    let plane = Box3(
      origin: Index3(z: 0, y: view.box.origin.y, x: view.box.origin.x),
      size: Index3(z: 1, y: view.box.size.y, x: view.box.size.x))
    try grid.indices(intersecting: plane).forEachPosition { index in
      try Task.checkCancellation()
      let box = grid.box(at: index).translated(by: Index3(z: z, y: 0, x: 0))
      let part = view.cropped(to: box)
      // A whole strip doesn't stand in for a shorter one at the end.
      if isCompressed, plan.isTiled || box.size == plan.piece, isZero(part) {
        result.pieces.append(nil)
        return
      }
      let start = result.bytes.count
      let shape = plan.isTiled ? plan.piece : box.size
      try encoder.encode(part, shape: shape, into: &result.bytes)
      let range = start..<result.bytes.count
      result.bytesByLevel[level % 2] += range.count
      let checksum = unsafe CRC32C.checksum(result.bytes.span.bytes.extracting(range))
      result.pieces.append(EncodedPieces.Piece(bytes: range, checksum: checksum))
    }
  }

  /// Bytes of a view's planes cut into pieces, of which those at its end may be smaller.
  public func byteCount(of view: borrowing VoxelView) throws -> Int {
    let grid = BrickGrid(size: view.box.size, brick: plan.piece)
    var bytes: [UInt8] = []
    for number in 0..<grid.count {
      let box = grid.box(at: grid.index(at: number)).translated(by: view.box.origin)
      let part = view.cropped(to: box)
      if isCompressed, isZero(part) { continue }
      try encoder.encode(part, shape: isCompressed ? plan.piece : box.size, into: &bytes)
    }
    return bytes.count
  }

  private func isZero(_ view: borrowing VoxelView) -> Bool {
    for y in view.box.origin.y..<view.box.end.y
    where !view.rowBytes(z: view.box.origin.z, y: y).isAllZero {
      return false
    }
    return true
  }

  /// A piece of zeros.
  func zeroPiece() throws -> EncodedPieces {
    var zeros = VoxelBlock(Box3(size: plan.piece), type: plan.type)
    zeros.clear()
    var bytes: [UInt8] = []
    try encoder.encode(VoxelView(zeros), shape: plan.piece, into: &bytes)
    let checksum = unsafe CRC32C.checksum(bytes.span.bytes)
    return EncodedPieces(
      bytes: bytes,
      pieces: [EncodedPieces.Piece(bytes: 0..<bytes.count, checksum: checksum)])
  }
}

/// A TIFF file in the making, which goes on where an earlier run stopped.
///
/// Steps are added in order. Until `finish` the file has no header and another name, so nobody takes it for whole.
public final class TIFFFileWriter: Sendable {
  private let plan: TIFFPlan
  private let options: TIFFWriter.Options
  private let file: PieceFile
  private let table: DirectoryTable
  /// 1 where a shared piece of zeros stands before all others.
  private let firstPiece: Int
  private let next: Mutex<Int>

  /// Where the file is when it is finished.
  public var path: String { file.path }
  /// Pieces that an earlier run left whole, which need not be made again.
  public let keptPieces: Int

  /// Begins a file, or continues an unfinished one.
  ///
  /// - Parameters:
  ///   - settings: everything that decides the bytes.
  ///   - continuing: whether pieces that are there are kept; the caller has compared the settings.
  /// - Throws: `BrickworkError`: `.badRequest` for a compression level out of its range, `.outputExists` while another
  ///   process writes the file, `.inputOutput`.
  public init(
    _ path: String, plan: TIFFPlan, options: TIFFWriter.Options, settings: [UInt8],
    continuing: Bool
  ) throws {
    try options.compression.check(path: path)
    self.plan = plan
    self.options = options
    table = DirectoryTable(plan, options)
    // Where nothing is compressed, it would be as large as any other.
    firstPiece = options.compression != .none ? 1 : 0
    file = try PieceFile(path, settings: settings, start: table.end, continuing: continuing)
    if firstPiece == 1, file.count == 0 {
      let zero = try TIFFStepEncoder(plan, options.compression).zeroPiece()
      try unsafe file.append(zero.bytes.span.bytes, checksum: zero.pieces[0]?.checksum ?? 0)
      try file.keep()
    }
    keptPieces = max(0, file.keptPieces - firstPiece)
    next = Mutex(keptPieces)
  }

  /// Whether the file has 64-bit offsets.
  public var isBigTIFF: Bool { table.isBigTIFF }

  /// Adds the pieces of a step, but those that are there; returns the bytes that were written.
  ///
  /// - Precondition: no piece between the last one there and the step's first is missing.
  @discardableResult
  public func append(_ encoded: EncodedPieces, of step: TIFFSteps.Step, in steps: TIFFSteps) throws
    -> Int
  {
    let first = steps.firstPiece(step)
    let done = next.withLock { $0 }
    precondition(first <= done, "Steps are added in order")
    var written = 0
    for piece in encoded.pieces.dropFirst(done - first) {
      if let piece {
        let bytes = unsafe encoded.bytes.span.bytes.extracting(piece.bytes)
        try file.append(bytes, checksum: piece.checksum)
        written += piece.bytes.count
      } else {
        file.appendFirstAgain()
      }
    }
    try file.keep()
    next.withLock { $0 = max($0, first + encoded.pieces.count) }
    return written
  }

  /// What a pass takes its first level from: the last level of the pass before it, which is stored, made coarser.
  ///
  /// - Precondition: that pass is done.
  public func source(ofPass pass: Int, part: Int, method: DownsampleMethod) throws -> any Volume {
    precondition(pass > 0 && pass < plan.passes.count, "Pass 0 reads the volumes")
    let stored = StoredLevel(
      plan: plan, level: 2 * pass - 1, part: part, compression: options.compression,
      pieces: try file.snapshot(), firstPiece: firstPiece)
    return stored.downsampled(by: TIFFPlan.halving, method: method)
  }

  /// Bytes that reading the source of a pass takes at most.
  public static func sourceBytes(_ plan: TIFFPlan, method: DownsampleMethod) -> Int {
    guard plan.passes.count > 1 else { return 0 }
    let size = (plan.passes[1].block).minimum(plan.levels[2])
    return 3 * BlockStorage.footprint(of: 8 << 20) + size.volume * plan.type.byteCount
      + 4 * plan.pieceBytes
  }

  /// Writes the directories, makes the file durable and gives it its name.
  ///
  /// - Precondition: all pieces are there.
  public func finish() throws {
    precondition(file.count == plan.pieceCount + firstPiece, "All pieces are there")
    try table.write(to: file, firstPiece: firstPiece)
    try file.finish()
  }

  /// Deletes the unfinished file.
  public func discard() { file.discard() }
}

/// A level of one channel at one time point, read back from the file that is being written.
private struct StoredLevel: Volume {
  let plan: TIFFPlan
  let level: Int
  let part: Int
  let compression: TIFFWriter.Compression
  let pieces: Pieces
  let firstPiece: Int

  var type: VoxelType { plan.type }
  var size: Index3 { plan.levels[level] }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    let grid = plan.grid(level: level)
    var decoder = PieceDecoder(compression, type: type)
    var piece = VoxelBlock()
    for z in block.box.origin.z..<block.box.end.z {
      var plane = block.box
      (plane.origin.z, plane.size.z) = (0, 1)
      try grid.indices(intersecting: plane).forEachPosition { index in
        var origin = index * plan.piece
        origin.z = z
        piece.reshape(to: Box3(origin: origin, size: plan.piece), type: type)
        let number =
          firstPiece
          + plan.number(level: level, part: part, z: z, y: index.y, x: index.x)
        try pieces.withBytes(of: number) { try decoder.decode($0, into: &piece) }
        let wanted = piece.box.intersection(block.box)
        block.copy(from: VoxelView(piece).cropped(to: wanted))
      }
    }
  }

  func scratchBytes(reading size: Index3) -> Int {
    2 * BlockStorage.footprint(of: plan.pieceBytes) + (1 << 20)
  }
}
