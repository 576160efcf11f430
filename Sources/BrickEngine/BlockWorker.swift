internal import BrickCore
internal import BrickLabels
internal import BrickZarr

/// What one worker keeps between blocks: buffers and encoders.
///
/// A block is read once and everything that follows from it alone is made while it is in memory:
/// its bricks, the bricks of the next level, and its part of the level after that.
final class BlockWorker {
  private let sources: [any Volume]
  private let plan: StorePlan
  private let pass: PassPlan
  private let observer: (any BlockObserver)?
  private var block = VoxelBlock()
  private var reduced = VoxelBlock()
  private var encoders: [BrickEncoder] = []

  /// - Parameters:
  ///   - sources: one volume for each part of the image.
  ///   - observer: who is shown each block; nil for nobody.
  init(
    sources: [any Volume], plan: StorePlan, pass: PassPlan, observer: (any BlockObserver)?
  ) throws {
    self.sources = sources
    self.plan = plan
    self.pass = pass
    self.observer = observer
    for level in pass.levels.prefix(2) {
      let array = plan.levels[level].array
      encoders.append(try BrickEncoder(codec: array.codec, type: array.type, brick: array.brick))
    }
  }

  /// Computes the block at `box`, in voxels of the pass's first level, into `result`.
  func compute(_ box: Box3, item: WorkItem, into result: BlockResult) throws {
    let first = pass.levels.lowerBound
    block.reshape(to: box, type: plan.levels[first].array.type)
    try sources[item.part].read(into: &block)
    if let observer { try Self.show(block, to: observer) }
    if item.wantsHistogram {
      var histogram = item.takeHistogram()
      Self.count(block, in: &histogram)
      item.giveBack(histogram)
    }
    try encode(block, level: first, with: encoders[0], into: result)
    guard pass.levels.count > 1 else { return }
    let next = plan.levels[first + 1]
    block.reduced(by: next.step, plan.reduction, into: &reduced)
    try encode(reduced, level: first + 1, with: encoders[1], into: result)
    guard pass.levels.count > 2 else { return }
    reduced.reduced(by: plan.levels[first + 2].step, plan.reduction, into: &result.part)
  }

  private static func show(_ block: borrowing VoxelBlock, to observer: any BlockObserver) throws {
    try observer.observe(VoxelView(block))
  }

  private static func count(_ block: borrowing VoxelBlock, in histogram: inout VoxelHistogram) {
    histogram.add(VoxelView(block))
  }

  private func encode(
    _ block: borrowing VoxelBlock, level: Int, with encoder: BrickEncoder, into result: BlockResult
  ) throws {
    try plan.levels[level].array.encodeBricks(of: block, with: encoder, into: &result.bytes) {
      result.bricks.append(.init(level: level, brick: $0, bytes: $1))
    }
  }

  /// The bytes a worker takes for a pass: its block and what follows from it, encoders, results that wait for
  /// their turn, and the source's scratch.
  static func byteCount(sources: [any Volume], plan: StorePlan, pass: PassPlan) -> Int {
    let first = plan.levels[pass.levels.lowerBound].array
    let block = pass.block.minimum(first.size)
    let width = first.type.byteCount
    let voxels = BlockStorage.footprint(of: block.volume * width)
    var reduced = 0
    var part = 0
    if pass.levels.count > 1 {
      let next = plan.levels[pass.levels.lowerBound + 1]
      let size = block.dividedRoundingUp(by: next.step)
      reduced = BlockStorage.footprint(of: size.volume * width)
      if pass.levels.count > 2 {
        let third = plan.levels[pass.levels.lowerBound + 2]
        part = BlockStorage.footprint(of: size.dividedRoundingUp(by: third.step).volume * width)
      }
    }
    // Encoders: shuffled and compressed brick, and zstd's context. Up to three results per worker
    // exist at once (one being made, two waiting), each at most a little larger than its voxels.
    let encoders = 2 * (3 * first.brick.volume * width + (4 << 20))
    let results = 3 * (voxels + reduced + part)
    let scratch = sources.reduce(0) { max($0, $1.scratchBytes(reading: block)) }
    return voxels + reduced + encoders + results + scratch
  }
}

extension ZarrArray {
  /// Encodes the bricks of a box that starts at a brick, and hands each that is not empty to `emit`.
  func encodeBricks(
    of block: borrowing VoxelBlock, with encoder: BrickEncoder, into bytes: inout [UInt8],
    emit: (_ brick: Index3, _ bytes: Range<Int>) -> Void
  ) throws {
    let view = VoxelView(block)
    let inside = bricks.indices(intersecting: view.box)
    for z in inside.origin.z..<inside.end.z {
      for y in inside.origin.y..<inside.end.y {
        for x in inside.origin.x..<inside.end.x {
          // A slow codec may take a second for a brick, and Ctrl-C should not.
          try Task.checkCancellation()
          let brick = Index3(z: z, y: y, x: x)
          let part = view.cropped(to: bricks.box(at: brick).intersection(view.box))
          if let range = try encoder.encode(part, into: &bytes) { emit(brick, range) }
        }
      }
    }
  }
}

/// What a block became: handed from the worker that made it to the one that commits it, and then used again.
final class BlockResult: @unchecked Sendable {
  // @unchecked: exactly one worker holds a result at a time; the pipeline hands it on under its lock.
  struct Brick {
    let level: Int
    let brick: Index3
    let bytes: Range<Int>
  }
  var bytes: [UInt8] = []
  var bricks: [Brick] = []
  /// The block's part of the pass's third level.
  var part = VoxelBlock()

  func empty() {
    bytes.removeAll(keepingCapacity: true)
    bricks.removeAll(keepingCapacity: true)
    part.reshape(to: Box3(size: .zero), type: part.type)
  }
}
