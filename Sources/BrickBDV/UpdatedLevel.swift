public import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// A level of a view in a file that is being updated.
struct UpdatedLevel: Sendable {
  let dataset: HDF5Dataset
  /// What the voxels mean.
  let type: VoxelType
  let grid: BrickGrid
  /// The dataset's number in the log.
  let number: Int

  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such view, `.unsupportedInput` if its voxels
  ///   can't be changed in their place.
  init(_ file: BDVFile, _ log: RedoLog, setup: Int, timepoint: Int, level: Int) throws {
    guard let volume = try file.volume(setup: setup, timepoint: timepoint, level: level) else {
      throw BrickworkError(
        .badRequest, path: file.path,
        reason: "has no level \(level) of setup \(setup) at time point \(timepoint)",
        remedy: "Setups are \(file.setups.prefix(8)), time points \(file.timepoints.prefix(8))")
    }
    dataset = volume.dataset
    type = volume.type
    func unsupported(_ reason: String, _ remedy: String) -> BrickworkError {
      BrickworkError(
        .unsupportedInput, path: file.path, place: volume.dataset.name, reason: reason,
        remedy: remedy)
    }
    guard let chunk = volume.chunk else {
      throw unsupported(
        "is stored in one piece, not in chunks", "Export the volume again, or resave it with chunks"
      )
    }
    guard try file.holds(dataset) else {
      throw unsupported("lies in another file, which a link names", "Update that file")
    }
    guard !dataset.leavesEdgesRaw, dataset.filters.count <= 32 else {
      throw unsupported("leaves chunks at its edges without filters", "Resave the file with h5py")
    }
    grid = BrickGrid(size: volume.size, brick: chunk)
    number = log.dataset(dataset.name)
  }

  func key(_ chunk: Int) -> RedoLog.Key { RedoLog.Key(dataset: number, chunk: chunk) }

  /// Makes `block` a whole chunk, also past the level's end, as it is with what the log holds.
  ///
  /// - Returns: false if it was never written; the block is zeros then.
  func read(_ index: Index3, from log: RedoLog, into block: inout VoxelBlock) throws -> Bool {
    var isThere = true
    let origin = index * grid.brick
    if let chunk = try log.chunk(key(grid.linearIndex(of: index))) {
      try unsafe dataset.decode(
        rawChunk: chunk.bytes.span.bytes, at: origin, skippedFilters: chunk.skippedFilters,
        into: &block)
    } else if try !dataset.readChunk(at: origin, into: &block) {
      block.reshape(to: Box3(origin: origin, size: grid.brick), type: type)
      block.clear()
      isThere = false
    }
    block.reinterpret(as: type)
    return isThere
  }
}

/// A level as it is with what the log holds.
struct UpdatedVolume: Volume {
  let level: UpdatedLevel
  let log: RedoLog

  var type: VoxelType { level.type }
  var size: Index3 { level.grid.size }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    var chunk = VoxelBlock()
    try level.grid.indices(intersecting: block.box).forEachPosition { index in
      _ = try level.read(index, from: log, into: &chunk)
      block.copy(from: VoxelView(chunk))
    }
  }

  /// A chunk as stored, between its filters and decoded.
  func scratchBytes(reading size: Index3) -> Int {
    4 * level.grid.brick.volume * type.byteCount + (1 << 20)
  }
}

/// Turns new voxels into whole chunks of a file that is being updated; one worker uses one.
public final class BDVUpdateEncoder {
  private let updater: BDVFileUpdater
  private var compressors: [Filters: ChunkCompressor] = [:]
  private var chunk = VoxelBlock()

  private struct Filters: Hashable {
    var filters: [HDF5Filter]
    var type: VoxelType
  }

  init(_ updater: BDVFileUpdater) { self.updater = updater }

  /// A chunk with these voxels, and otherwise as it is; nil if it holds nothing and was never written.
  ///
  /// - Parameters:
  ///   - view: Voxels of one chunk, of the file's type, in coordinates of the level.
  ///   - setup: its id.
  ///   - timepoint: its id.
  public func encode(
    _ view: borrowing VoxelView, level: Int, setup: Int = 0, timepoint: Int = 0
  ) throws -> EncodedChunk? {
    let level = try updater.level(
      level, BDVFileUpdater.ViewKey(setup: setup, timepoint: timepoint))
    let compressor = try compressor(of: level)
    return try encode(view, level, compressor, in: &chunk)
  }

  private func compressor(of level: UpdatedLevel) throws -> ChunkCompressor {
    let key = Filters(filters: level.dataset.filters, type: level.type)
    if let known = compressors[key] { return known }
    let new = try ChunkCompressor(level.type, level.dataset.filters)
    compressors[key] = new
    return new
  }

  // The block comes as a parameter, because a span can't be borrowed from a class's property.
  private func encode(
    _ view: borrowing VoxelView, _ level: UpdatedLevel, _ compressor: ChunkCompressor,
    in block: inout VoxelBlock
  ) throws -> EncodedChunk? {
    let index = view.box.origin.dividedRoundingDown(by: level.grid.brick)
    let box = level.grid.box(at: index)
    precondition(box.contains(view.box), "The voxels \(view.box) lie in one chunk, \(box)")
    var isThere = true
    if view.box == box {
      isThere =
        updater.log.contains(level.key(level.grid.linearIndex(of: index)))
        || level.dataset.hasChunk(at: index * level.grid.brick)
      block.reshape(to: Box3(origin: box.origin, size: level.grid.brick), type: level.type)
      if box.size != level.grid.brick { block.clear() }
    } else {
      isThere = try level.read(index, from: updater.log, into: &block)
    }
    block.copy(from: view)
    if !isThere && block.isAllZero { return nil }
    if level.dataset.isByteSwapped { block.swapBytes() }
    return try compressor.compress(block.bytes)
  }
}
