internal import BrickBDV
internal import BrickCore

/// Neighbouring levels of an image that are exported together: a block of one level is read, and those that follow
/// from it are made in memory.
struct ExportPass: Sendable {
  /// The image's place in the job.
  let image: Int
  /// The level that is read: the first that is written, or where that has no source the one before, out of the file in
  /// the making.
  let read: Int
  let written: Range<Int>
  /// Passes of a round don't need each other.
  let round: Int
  /// Blocks of the level that is read: whole chunks of all that are written.
  let order: ExportOrder

  var readsFile: Bool { read < written.lowerBound }

  /// The chunks that the block at `box` becomes, level by level, in z, y, x order.
  func chunks(of box: Box3, _ image: ExportImage) -> [(level: Int, indices: Box3)] {
    var box = box
    var chunks: [(level: Int, indices: Box3)] = []
    for number in read..<written.upperBound {
      let level = image.levels[number]
      if number > read { box = box.downsampled(by: level.step) }
      guard written.contains(number) else { continue }
      chunks.append((number, level.grid.indices(intersecting: box)))
    }
    return chunks
  }

  /// Voxels of all levels that are written.
  func voxels(of box: Box3, _ image: ExportImage) -> Int {
    var box = box
    var voxels = 0
    for number in read..<written.upperBound {
      if number > read { box = box.downsampled(by: image.levels[number].step) }
      if written.contains(number) { voxels += box.count }
    }
    return voxels
  }

  /// Bytes of a worker: the block and what follows from it, an encoder, and three results that wait, each at most
  /// as large as its voxels.
  func workerBytes(_ image: ExportImage) -> Int {
    let width = image.type.byteCount
    var size = order.block.minimum(order.size)
    let block = size
    var made = 0
    var results = 0
    for number in read..<written.upperBound {
      if number > read {
        size = size.dividedRoundingUp(by: image.levels[number].step)
        made += BlockStorage.footprint(of: size.volume * width)
      }
      if written.contains(number) { results += size.volume * width }
    }
    let chunk = (image.levels.map(\.fileChunk.volume).max() ?? 1) * width
    let scratch =
      readsFile
      ? 2 * chunk + (1 << 20)
      : image.levels[read].volumes?.reduce(0) { max($0, $1.scratchBytes(reading: block)) } ?? 0
    return BlockStorage.footprint(of: block.volume * width) + made + 3 * results + 4 * chunk
      + (2 << 20) + scratch
  }

  /// Bytes of mapped pages that two rows keep in memory.
  func rowBytes(_ image: ExportImage) -> Int {
    readsFile ? 0 : 2 * middleRow.count * image.type.byteCount
  }

  /// Bytes of decoded pieces that a row's blocks share.
  func demand(_ image: ExportImage) -> Int {
    image.levels[read].volumes?.first?.decodedBytes(reading: middleRow) ?? 0
  }

  var middleRow: Box3 {
    ExportOrder.middleRow(of: order.size, block: order.block, across: order.across)
  }
}

extension ExportImage.Level {
  /// The chunk as the file has it.
  var fileChunk: Index3 { chunk.minimum(size) }
  var grid: BrickGrid { BrickGrid(size: size, brick: fileChunk) }
}

/// How blocks are chosen: what depends on the budget and not on the number of workers.
struct ExportLimits: Sendable {
  /// Bytes that a block's voxels may have where it holds chunks of several levels.
  let blockBytes: Int
  /// Bytes of decoded pieces that a row of blocks may share.
  let sharedBytes: Int
  /// Bytes of voxels that a row of blocks may have.
  let rowBytes: Int
  /// Images of the job, which are exported side by side.
  let images: Int

  /// The most levels of a pass: an eighth of an eighth is little to read back.
  static let deepest = 3
  /// Blocks that keep all workers busy.
  static let leastBlocks = 16

  init(_ budget: MemoryBudget, images: Int) {
    blockBytes = budget.byteCount / 64
    sharedBytes = budget.byteCount / 4
    rowBytes = budget.byteCount / 16
    self.images = images
  }
}

extension ExportImage {
  /// The passes of the image at place `number` in a job.
  func passes(number: Int, _ limits: ExportLimits) -> [ExportPass] {
    var passes: [ExportPass] = []
    var start = 0
    var round = 0
    while start < levels.count {
      let readsFile = levels[start].volumes == nil
      round = readsFile ? round + 1 : 0
      let read = readsFile ? start - 1 : start
      let last = levels[(start + 1)...].firstIndex { $0.volumes != nil } ?? levels.count
      var end = start + 1
      while end < last, end - start < ExportLimits.deepest,
        isFit(block(read, start...end), read, limits)
      {
        end += 1
      }
      let block = block(read, start...(end - 1))
      let order = ExportOrder(
        size: levels[read].size, block: block, channels: channelNames.count,
        timepoints: timepoints, across: across(read, block, limits))
      passes.append(
        ExportPass(image: number, read: read, written: start..<end, round: round, order: order))
      start = end
    }
    return passes
  }

  /// A block of whole chunks of all levels that are written, and of whole bricks of a store, so that none is decoded
  /// twice.
  private func block(_ read: Int, _ written: ClosedRange<Int>) -> Index3 {
    var block = Index3.one
    for number in written {
      let ratio = levels[number].factor.dividedRoundingDown(by: levels[read].factor)
      block = block.zip(levels[number].chunk * ratio, Self.leastCommonMultiple)
    }
    guard let brick = levels[read].volumes?.first?.naturalBrick else { return block }
    return block * brick.dividedRoundingUp(by: block)
  }

  private static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (large, small) = (a, b)
    while small > 0 { (large, small) = (small, large % small) }
    return a / large * b
  }

  private func isFit(_ block: Index3, _ read: Int, _ limits: ExportLimits) -> Bool {
    let size = levels[read].size
    let bytes = block.minimum(size).checkedVolume?.multipliedReportingOverflow(by: type.byteCount)
    guard let bytes, !bytes.overflow, bytes.partialValue <= limits.blockBytes else { return false }
    let blocks = BrickGrid(size: size, brick: block).count * parts * limits.images
    // A small level is done at once, however few workers there are for it.
    guard blocks >= ExportLimits.leastBlocks || size.volume * type.byteCount <= 8 << 20 else {
      return false
    }
    // Thicker blocks need more pieces of a source at a time.
    guard let source = levels[read].volumes?.first else { return true }
    let row = ExportOrder.middleRow(of: size, block: block, across: 1)
    return source.decodedBytes(reading: row) <= limits.sharedBytes
  }

  /// How long rows may be.
  private func across(_ read: Int, _ block: Index3, _ limits: ExportLimits) -> Int {
    let size = levels[read].size
    let whole = size.dividedRoundingUp(by: block).x
    let column = block.minimum(size)
    let most = max(1, limits.rowBytes / max(1, column.volume * type.byteCount))
    var across = min(whole, most)
    guard let source = levels[read].volumes?.first else { return across }
    func shared(_ across: Int) -> Int {
      source.decodedBytes(reading: ExportOrder.middleRow(of: size, block: block, across: across))
    }
    let longest = across
    while across > 1, shared(across) > limits.sharedBytes { across = (across + 1) / 2 }
    // Where even a short row shares too much, it does so with its neighbours.
    return shared(across) > limits.sharedBytes ? longest : across
  }
}
