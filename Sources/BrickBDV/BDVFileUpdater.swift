public import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import Synchronization

/// A finished BDV HDF5 file, ours or another program's, of which boxes are written anew, or for the first time.
///
/// Blocks of any box come in any order; `finish` brings exactly those voxels of the coarser levels up to date that follow
/// from them, each level from the coarsest one before it that divides it, and then changes the file. Until then the file
/// is not touched: new chunks wait in `<path>.update`, which takes as much room as they do. While it is changed the file
/// is called `<path>.partial`. A change that is interrupted is finished when the file is next opened to be updated or
/// overwritten.
///
/// New chunks are shuffled and deflated where their dataset has these filters; others are skipped, which a mask tells
/// readers. To be changed in part, a chunk must have filters that can be undone here.
public final class BDVFileUpdater: Sendable {
  /// Where the file is.
  public let path: String
  /// How coarser voxels are made.
  public let method: DownsampleMethod
  /// Whether a change that an earlier run began was finished when this was opened.
  public let finishedEarlierUpdate: Bool

  /// What an update did.
  public struct Summary: Sendable, Hashable {
    /// Chunks written, first or anew, by level.
    public var writtenChunks: [Int] = []
    /// Chunks the file now stores, of all setups, time points and levels.
    public var storedChunks = 0
    /// Bytes of the new chunks.
    public var bytesWritten = 0
  }

  let file: BDVFile
  let log: RedoLog
  /// Held until the update is over.
  private let lock: Mutex<FolderLock?>
  private let levels = Mutex<[ViewKey: [UpdatedLevel]]>([:])
  private let state = Mutex(State())

  struct ViewKey: Hashable, Sendable {
    var setup: Int
    var timepoint: Int
  }

  private struct State {
    var isOver = false
    /// The new voxels of each chunk, level by level.
    var changed: [ViewKey: [[Int: ChangedBoxes]]] = [:]
    var written: [Int] = []
    var bytes = 0
    var record: [UInt8]?
  }

  /// Opens the file, and finishes what an earlier update of it left.
  ///
  /// - Parameter method: how coarser voxels are made: `.majority` for labels.
  /// - Throws: `BrickworkError`: `.missingInput` if there is no such file, `.outputExists` if another process writes
  ///   it, `.damagedInput` or `.unsupportedInput` if it is no BDV file.
  public init(_ path: String, method: DownsampleMethod = .mean) throws {
    // A link would be renamed, and what it names changed under its own name.
    let path = Files.exists(path) ? try Files.resolved(path) : path
    self.path = path
    self.method = method
    let names = UnfinishedFile(path: path, fingerprint: [])
    lock = Mutex(try names.takeLock())
    do {
      finishedEarlierUpdate = try UpdateInPlace(path: path).recover()
      guard !Files.exists(names.journal) else {
        throw BrickworkError(
          .outputExists, path: path, reason: "an export that replaces it is not finished",
          remedy: "Give that command again, or delete \(Files.name(of: names.partial))")
      }
      file = try BDVFile(path)
      log = try RedoLog(UpdateInPlace.log(of: path))
    } catch {
      try? Files.remove(names.lock)
      throw error
    }
  }

  deinit {
    log.discard()
    release()
  }

  /// Lets others at the file.
  private func release() {
    lock.withLock { lock in
      guard lock != nil else { return }
      try? Files.remove(UnfinishedFile(path: path, fingerprint: []).lock)
      lock = nil
    }
  }

  /// The ids of the setups, ascending.
  public var setups: [Int] { file.setups }
  /// The ids of the time points, ascending.
  public var timepoints: [Int] { file.timepoints }

  /// A level of a view, cut into its chunks.
  public func grid(level: Int, setup: Int = 0, timepoint: Int = 0) throws -> BrickGrid {
    try self.level(level, ViewKey(setup: setup, timepoint: timepoint)).grid
  }

  /// The resolutions of a setup, finest first.
  public func levels(of setup: Int) throws -> [MipmapLevel] { try file.levels(of: setup) }

  /// The voxels of a view's level as they are with everything written so far.
  ///
  /// Coarser levels follow with `finish`.
  public func volume(level: Int = 0, setup: Int = 0, timepoint: Int = 0) throws -> any Volume {
    UpdatedVolume(
      level: try self.level(level, ViewKey(setup: setup, timepoint: timepoint)), log: log)
  }

  /// Writes a block; its box lies in the level.
  ///
  /// Chunks that the box covers in part are read, and keep their other voxels.
  /// - Parameters:
  ///   - setup: its id.
  ///   - timepoint: its id.
  ///   - origin: where the block's first voxel goes, in voxels of the level; nil where its box says.
  ///
  /// Several tasks may write at once, but a chunk is one caller's at a time: of two blocks that cut one chunk, each is read
  /// together with what was there before, so they are written one after the other.
  /// - Throws: `BrickworkError` with code `.badRequest` if the box leaves the level or the type is another one,
  ///   `.unsupportedInput` if the voxels are not in chunks of this file, or a chunk can't be decoded.
  public func write(
    _ block: borrowing VoxelBlock, level: Int = 0, setup: Int = 0, timepoint: Int = 0,
    at origin: Index3? = nil
  ) throws {
    let view = VoxelView(block).translated(by: (origin ?? block.box.origin) - block.box.origin)
    try write(view, level: level, setup: setup, timepoint: timepoint, with: makeEncoder())
  }

  private func write(
    _ view: borrowing VoxelView, level number: Int, setup: Int, timepoint: Int,
    with encoder: BDVUpdateEncoder
  ) throws {
    let level = try level(number, ViewKey(setup: setup, timepoint: timepoint))
    guard view.type == level.type, Box3(size: level.grid.size).contains(view.box) else {
      throw BrickworkError(
        .badRequest, path: path, place: level.dataset.name,
        reason: "the box \(view.box) of \(view.type) does not fit \(level.grid.size) voxels of "
          + "\(level.type)",
        remedy: "Write voxels of the file's type inside its volume")
    }
    let inside = level.grid.indices(intersecting: view.box)
    for z in inside.origin.z..<inside.end.z {
      for y in inside.origin.y..<inside.end.y {
        for x in inside.origin.x..<inside.end.x {
          let index = Index3(z: z, y: y, x: x)
          let box = level.grid.box(at: index).intersection(view.box)
          let chunk = try encoder.encode(
            view.cropped(to: box), level: number, setup: setup, timepoint: timepoint)
          try store(
            chunk, changed: box, level: number, setup: setup, timepoint: timepoint)
        }
      }
    }
  }

  /// An encoder for one worker.
  public func makeEncoder() -> BDVUpdateEncoder { BDVUpdateEncoder(self) }

  /// Takes a chunk that an encoder made; on any thread, in any order.
  ///
  /// - Parameters:
  ///   - chunk: nil for one that stays without voxels.
  ///   - changed: the box of new voxels in it, which was encoded.
  public func store(
    _ chunk: EncodedChunk?, changed: Box3, level number: Int, setup: Int = 0, timepoint: Int = 0
  ) throws {
    let key = ViewKey(setup: setup, timepoint: timepoint)
    let level = try level(number, key)
    let index = changed.origin.dividedRoundingDown(by: level.grid.brick)
    let place = level.grid.linearIndex(of: index)
    if let chunk {
      let isNew = !log.contains(level.key(place))
      try log.append(chunk, level.key(place))
      state.withLock { state in
        while state.written.count <= number { state.written.append(0) }
        if isNew { state.written[number] += 1 }
        state.bytes += chunk.bytes.count
      }
    }
    let count = try levels(of: setup).count
    state.withLock { state in
      var boxes = state.changed[key] ?? Array(repeating: [:], count: count)
      state.changed[key] = nil
      boxes[number][place, default: ChangedBoxes()].add(changed)
      state.changed[key] = boxes
    }
  }

  /// Says what the voxels are made of now: replaces the record of `BDVFileWriter.setRecord`, of the same length.
  public func setRecord(_ record: [UInt8]) { state.withLock { $0.record = record } }

  /// Brings coarser levels up to date, and changes the file.
  ///
  /// Nothing is done if nothing was written. The updater can't be used afterwards.
  /// - Parameter isDerived: whether a level of a setup, by its id, follows from finer ones; others were written.
  /// - Throws: `BrickworkError`. If it says that the disk is full, the update goes on when the file is next opened.
  @discardableResult
  public func finish(
    deriving isDerived: (_ setup: Int, _ level: Int) -> Bool = { _, _ in true }
  ) throws -> Summary {
    let isOver = state.withLock { state in
      defer { state.isOver = true }
      return state.isOver
    }
    guard !isOver else {
      throw BrickworkError(.badRequest, path: path, reason: "the update is over already")
    }
    let views = state.withLock { Array($0.changed.keys) }.sorted {
      ($0.timepoint, $0.setup) < ($1.timepoint, $1.setup)
    }
    let encoder = makeEncoder()
    for view in views {
      for number in try levels(of: view.setup).indices.dropFirst()
      where isDerived(view.setup, number) {
        try derive(number, view, encoder)
      }
    }
    let (written, bytes, record) = state.withLock { ($0.written, $0.bytes, $0.record) }
    var summary = Summary(writtenChunks: written, bytesWritten: bytes)
    if log.count == 0 && record == nil {
      discard()
      return summary
    }
    summary.storedChunks = try keepMetadata()
    if let record { try log.append(dataset: BDVFileRecord.name, record) }
    try log.seal(for: path, mark: record.map(BDVFileRecord.mark) ?? 0)
    closeFile()
    guard let index = RedoIndex(of: log.path) else {
      throw BrickworkError(
        .inputOutput, path: log.path, reason: "can't be read back after it was written",
        remedy: "Check the disk; the file itself was not touched")
    }
    try UpdateInPlace(path: path).apply(index)
    release()
    return summary
  }

  /// Makes those voxels of a level anew that follow from changed ones.
  private func derive(_ number: Int, _ view: ViewKey, _ encoder: BDVUpdateEncoder) throws {
    let factors = try levels(of: view.setup).map(\.factor)
    // The coarsest level that divides this one: the finest always does.
    let below = factors[..<number].lastIndex { factors[number].isMultiple(of: $0) } ?? 0
    let ratio = factors[number].dividedRoundingDown(by: factors[below])
    let target = try level(number, view)
    guard method.serves(target.type) else {
      throw BrickworkError(
        .badRequest, path: path, reason: "voxels of \(target.type) have no majority")
    }
    let source = UpdatedVolume(level: try level(below, view), log: log)
    let changed = state.withLock { $0.changed[view]?[below] ?? [:] }
    // In z, y, x order, in which neighbours become one box.
    var parts: [Int: ChangedBoxes] = [:]
    for changed in changed.sorted(by: { $0.key < $1.key }).flatMap(\.value.boxes) {
      // Some writers round sizes down: voxels past the end are in no coarser one.
      let box = Box3(
        from: changed.origin.dividedRoundingDown(by: ratio),
        to: changed.end.dividedRoundingUp(by: ratio).minimum(target.grid.size))
      guard !box.isEmpty else { continue }
      target.grid.indices(intersecting: box).forEachPosition { index in
        parts[target.grid.linearIndex(of: index), default: ChangedBoxes()].add(
          target.grid.box(at: index).intersection(box))
      }
    }
    var fine = VoxelBlock()
    var coarse = VoxelBlock()
    for box in parts.sorted(by: { $0.key < $1.key }).flatMap(\.value.boxes) {
      try Task.checkCancellation()
      fine.reshape(
        to: Box3(from: box.origin * ratio, to: (box.end * ratio).minimum(source.size)),
        type: target.type)
      try source.read(into: &fine)
      coarse.reshape(to: box, type: target.type)
      coarse.writeDownsampled(VoxelView(fine), by: ratio, method: method)
      let chunk = try encoder.encode(
        VoxelView(coarse), level: number, setup: view.setup, timepoint: view.timepoint)
      try store(
        chunk, changed: box, level: number, setup: view.setup, timepoint: view.timepoint)
    }
  }

  /// Deletes what was written so far; the file stays as it is.
  public func discard() {
    state.withLock { $0.isOver = true }
    log.discard()
    closeFile()
    release()
  }

  /// Closes the file, which nobody may be reading while it is changed.
  private func closeFile() {
    levels.withLock { $0 = [:] }
    file.close()
  }

  /// Bytes that one encoder keeps at most for chunks of `setup`, and a block to make a coarser chunk from.
  public func bytesPerEncoder(setup: Int) throws -> Int {
    let view = ViewKey(setup: setup, timepoint: file.timepoints[0])
    let all = try file.levels(of: setup).map(\.factor)
    let bytes = try all.indices.map { number -> Int in
      let level = try level(number, view)
      let below = all[..<number].lastIndex { all[number].isMultiple(of: $0) } ?? 0
      let ratio = all[number].dividedRoundingDown(by: all[below])
      return level.grid.brick.volume * level.type.byteCount * (6 + max(8, ratio.volume))
    }
    return (bytes.max() ?? 0) + (2 << 20)
  }

  /// A level of a view, opened when it is first needed.
  func level(_ number: Int, _ view: ViewKey) throws -> UpdatedLevel {
    try levels.withLock { known in
      let all: [UpdatedLevel]
      if let there = known[view] {
        all = there
      } else {
        all = try file.levels(of: view.setup).indices.map { number in
          try UpdatedLevel(file, log, setup: view.setup, timepoint: view.timepoint, level: number)
        }
        known[view] = all
      }
      guard all.indices.contains(number) else {
        throw BrickworkError(
          .badRequest, path: path,
          reason: "there is no level \(number): setup \(view.setup) has \(all.count)",
          remedy: "Count from 0")
      }
      return all[number]
    }
  }

  /// Puts everything in the file that is no chunk into the log; the number of stored chunks after the update.
  private func keepMetadata() throws -> Int {
    let map = try MappedFile(path)
    var chunks: [Range<Int>] = []
    var replaced = 0
    try file.forEachDataset { dataset in
      let number = log.dataset(dataset.name)
      guard let chunk = dataset.chunk else { return }
      let grid = BrickGrid(size: dataset.size, brick: chunk)
      try dataset.forEachChunk(in: map.bytes) { place in
        chunks.append(place.range)
        let index = place.origin.dividedRoundingDown(by: chunk)
        guard Box3(size: grid.counts).contains(Box3(origin: index, size: .one)) else { return }
        let key = RedoLog.Key(dataset: number, chunk: grid.linearIndex(of: index))
        if log.contains(key) { replaced += 1 }
      }
    }
    let stored = chunks.count + log.count - replaced
    chunks.sort { $0.lowerBound < $1.lowerBound }
    var end = 0
    func keep(_ range: Range<Int>) throws {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 4 << 20) {
        let piece = start..<min(range.upperBound, start + (4 << 20))
        try log.keep(map.bytes.extracting(piece), from: start)
        map.doneWith(piece)
      }
    }
    for chunk in chunks {
      if chunk.lowerBound > end { try keep(end..<chunk.lowerBound) }
      end = max(end, chunk.upperBound)
    }
    if end < map.count { try keep(end..<map.count) }
    try map.checkIntact()
    return stored
  }
}
