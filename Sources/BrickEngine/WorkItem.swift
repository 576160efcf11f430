internal import BrickCore
internal import BrickZarr
internal import Synchronization

/// A region of a pass that is being computed: its open shards, and the levels that are gathered in memory.
final class WorkItem: @unchecked Sendable {
  // @unchecked: shards and levels are touched by one worker at a time, the one that commits, and
  // after the last block by the one that finishes the item; histograms are under their lock.
  let number: Int
  /// The part of the image it belongs to: a channel at a time point.
  let part: Int
  let wantsHistogram: Bool
  private let plan: StorePlan
  private let pass: PassPlan
  private let folder: RunFolder
  /// The region in voxels of each level of the pass, from the third on.
  private var gathered: [VoxelBlockBox] = []
  private var writers: [ShardPlace: ShardWriter] = [:]
  private let histograms: Mutex<[VoxelHistogram]>

  private struct ShardPlace: Hashable {
    let level: Int
    let shard: Index3
  }

  /// A block in a box of its own, since an array can't hold blocks.
  private final class VoxelBlockBox {
    var block: VoxelBlock
    init(_ box: Box3, type: VoxelType) {
      block = VoxelBlock(box, type: type)
      // Every voxel is written before it is read; cleared all the same, as memory is reused.
      block.clear()
    }

    func copy(_ part: borrowing VoxelBlock) { block.copy(from: VoxelView(part)) }
  }

  init(number: Int, plan: StorePlan, pass: PassPlan, folder: RunFolder, wantsHistogram: Bool) {
    self.number = number
    self.plan = plan
    self.pass = pass
    self.folder = folder
    self.wantsHistogram = wantsHistogram
    histograms = Mutex([])
    var box: Box3
    (part, box) = plan.place(ofItem: number, pass: pass)
    for level in pass.levels.dropFirst() {
      box = box.downsampled(by: plan.levels[level].step)
      if level >= pass.levels.lowerBound + 2 {
        gathered.append(VoxelBlockBox(box, type: plan.levels[level].array.type))
      }
    }
  }

  /// An item that lends a histogram to sampled blocks of a part, and is never committed.
  init(sampling part: Int, plan: StorePlan, pass: PassPlan, wantsHistogram: Bool) {
    number = 0
    self.part = part
    self.plan = plan
    self.pass = pass
    folder = RunFolder(store: "")
    self.wantsHistogram = wantsHistogram
    histograms = Mutex([])
  }

  /// The bytes of the levels that an item gathers.
  static func byteCount(plan: StorePlan, pass: PassPlan) -> Int {
    let first = plan.levels[pass.levels.lowerBound]
    var size = pass.region.minimum(first.array.size)
    var bytes = 0
    for level in pass.levels.dropFirst() {
      size = size.dividedRoundingUp(by: plan.levels[level].step)
      if level >= pass.levels.lowerBound + 2 {
        bytes += BlockStorage.footprint(of: size.volume * first.array.type.byteCount)
      }
    }
    return bytes
  }

  // MARK: Histograms: each worker borrows one, so that none waits for another

  func takeHistogram() -> VoxelHistogram {
    histograms.withLock { $0.popLast() } ?? VoxelHistogram(type: plan.levels[0].array.type)
  }

  func giveBack(_ histogram: VoxelHistogram) { histograms.withLock { $0.append(histogram) } }

  // MARK: Committing

  /// Appends a block's bricks to their shards and puts its part into the gathered level.
  ///
  /// - Returns: the bytes written.
  func commit(_ result: BlockResult) throws -> Int {
    for brick in result.bricks {
      try append(brick.brick, level: brick.level, result.bytes, brick.bytes)
    }
    if let third = gathered.first, !result.part.box.isEmpty {
      third.copy(result.part)
    }
    return result.bytes.count
  }

  private func append(_ brick: Index3, level: Int, _ bytes: [UInt8], _ range: Range<Int>) throws {
    let array = plan.levels[level].array
    let shard = (brick * array.brick).dividedRoundingDown(by: array.shard)
    let place = ShardPlace(level: level, shard: shard)
    let writer: ShardWriter
    if let open = writers[place] {
      writer = open
    } else {
      let path = folder.temporaryPath(level: level, key: array.shardKey(shard, part: part))
      writer = ShardWriter(array: array, temporaryPath: path)
      writers[place] = writer
    }
    let span = unsafe bytes.span.bytes
    try writer.append(array.brickIndexInShard(brick), span.extracting(range))
  }

  /// Makes the gathered levels, flushes all shards, records the item and puts the shards into their places.
  func finish(passNumber: Int) throws {
    try writeGatheredLevels()
    var shards: [RunFolder.Shard] = []
    let places = writers.keys.sorted {
      ($0.level, $0.shard.z, $0.shard.y, $0.shard.x) < (
        $1.level, $1.shard.z, $1.shard.y, $1.shard.x
      )
    }
    for place in places {
      guard let summary = try writers[place]?.seal() else { continue }
      shards.append(
        RunFolder.Shard(
          level: place.level,
          key: plan.levels[place.level].array.shardKey(place.shard, part: part),
          byteCount: summary.byteCount, checksum: summary.indexChecksum))
    }
    writers = [:]
    let record = RunFolder.Record(
      shards: shards, histogram: mergedHistogram()?.serialized() ?? [])
    try folder.finish(pass: passNumber, item: number, record)
  }

  func mergedHistogram() -> VoxelHistogram? {
    guard wantsHistogram else { return nil }
    return histograms.withLock { list in
      var whole = VoxelHistogram(type: plan.levels[0].array.type)
      for part in list { whole.merge(part) }
      list = [whole]
      return whole
    }
  }

  private func writeGatheredLevels() throws {
    for (n, level) in gathered.enumerated() {
      let number = pass.levels.lowerBound + 2 + n
      let array = plan.levels[number].array
      if n > 0 {
        gathered[n - 1].block.reduced(
          by: plan.levels[number].step, plan.reduction, writingInto: &level.block)
      }
      let encoder = try BrickEncoder(codec: array.codec, type: array.type, brick: array.brick)
      var bytes: [UInt8] = []
      var bricks: [(brick: Index3, bytes: Range<Int>)] = []
      try array.encodeBricks(of: level.block, with: encoder, into: &bytes) {
        bricks.append(($0, $1))
      }
      for brick in bricks {
        try append(brick.brick, level: number, bytes, brick.bytes)
      }
    }
  }
}

extension StorePlan {
  /// The shards that an item of a pass owns, by level.
  func shards(ofItem item: Int, pass: PassPlan) -> [Int: (array: ZarrArray, keys: Set<String>)] {
    var (part, box) = place(ofItem: item, pass: pass)
    var owned: [Int: (array: ZarrArray, keys: Set<String>)] = [:]
    for level in pass.levels {
      let array = levels[level].array
      if level > pass.levels.lowerBound { box = box.downsampled(by: levels[level].step) }
      var keys: Set<String> = []
      array.shards.indices(intersecting: box).forEachPosition {
        keys.insert(array.shardKey($0, part: part))
      }
      owned[level] = (array, keys)
    }
    return owned
  }

  /// The work items of a pass in one part of the image.
  func items(of pass: PassPlan) -> BrickGrid {
    BrickGrid(size: levels[pass.levels.lowerBound].array.size, brick: pass.region)
  }

  /// The work items of a pass in all parts.
  func itemCount(of pass: PassPlan) -> Int { leading.count * items(of: pass).count }

  /// The work items of all passes.
  var itemCount: Int { passes.reduce(0) { $0 + itemCount(of: $1) } }

  /// The part of the image an item belongs to, and its box there in voxels of the pass's first level.
  func place(ofItem item: Int, pass: PassPlan) -> (part: Int, box: Box3) {
    let grid = items(of: pass)
    let (part, place) = item.quotientAndRemainder(dividingBy: grid.count)
    return (part, grid.box(at: grid.index(at: place)))
  }
}
