internal import BrickCore
internal import Synchronization

/// Something that voxels pass by once, in any order and on several workers.
protocol ViewCounter: Sendable {
  mutating func add(_ view: borrowing VoxelView)
  /// Counts what another worker has counted.
  mutating func merge(_ other: Self)
}

extension IntensityCounter: ViewCounter {}
extension RadixTally: ViewCounter {}

/// Blocks of volumes in the order in which they are read: place by place, slab by slab, the channels of a slab in
/// turns, since pieces of files may hold all of them.
struct CountingSteps: Sendable {
  struct Step: Sendable {
    /// A tile at a time point.
    let place: Int
    let channel: Int
    let box: Box3
  }

  /// Volumes of each place, one for each channel, all of one size.
  let places: [[any Volume]]
  private let grids: [BrickGrid]
  /// The number of the first step of each place.
  private let starts: [Int]
  let count: Int
  /// Voxels of all steps.
  let voxels: Int

  /// - Parameter block: voxels of a block, cut to each volume.
  init(_ places: [[any Volume]], block: Index3) {
    self.places = places
    var (grids, starts): ([BrickGrid], [Int]) = ([], [])
    var (steps, voxels) = (0, 0)
    for volumes in places {
      let size = volumes.first?.size ?? .zero
      let grid = BrickGrid(size: size, brick: block.minimum(size.maximum(.one)))
      grids.append(grid)
      starts.append(steps)
      steps += size.volume == 0 ? 0 : grid.count * volumes.count
      voxels += size.volume * volumes.count
    }
    self.grids = grids
    self.starts = starts
    self.voxels = voxels
    count = steps
  }

  func step(at number: Int) -> Step {
    // The last place that begins at or before the step: empty ones begin where the next does.
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= number { low = middle } else { high = middle }
    }
    let (grid, channels) = (grids[low], places[low].count)
    let layer = grid.counts.y * grid.counts.x
    let (slab, inSlab) = (number - starts[low]).quotientAndRemainder(dividingBy: layer * channels)
    let (channel, block) = inSlab.quotientAndRemainder(dividingBy: layer)
    return Step(
      place: low, channel: channel, box: grid.box(at: grid.index(at: slab * layer + block)))
  }
}

/// Shows every voxel of some volumes to counters: each worker has a set of them, one for each channel.
struct CountingPass: Sendable {
  let steps: CountingSteps
  let workers: Int
  /// Whether voxels are copied in long reads rather than lent by the map.
  var copies = false

  /// The counters' sum.
  ///
  /// - Parameter counters: one for each channel, which have counted nothing yet.
  func run<Counter: ViewCounter>(_ counters: [Counter], _ meter: ProgressMeter? = nil) async throws
    -> [Counter]
  {
    let all = Mutex<[Worker<Counter>]>([])
    let (steps, copies) = (steps, copies)
    // Asking for more than this costs the kernel twice the time and saves none.
    let ahead = max(1, workers)
    try await OrderedPipeline.run(count: steps.count, workers: workers) {
      let worker = Worker(counters)
      all.withLock { $0.append(worker) }
      return worker
    } produce: { worker, number in
      // A file that is read by calls from end to end is read ahead by the kernel, at a third of the cost.
      if !copies {
        if number == 0 { for next in 0..<min(ahead, steps.count) { prepare(next) } }
        if number + ahead < steps.count { prepare(number + ahead) }
      }
      let step = steps.step(at: number)
      let volume = steps.places[step.place][step.channel]
      try worker.show(step.box, of: volume, channel: step.channel, copies: copies)
      if !copies { volume.didRead(step.box) }
      meter?.add(
        voxels: step.box.count, voxelBytes: step.box.count * volume.type.byteCount, items: 1)
    } commit: { _, _ in
      nil
    }
    return all.withLock { all in
      var sums = counters
      for worker in all {
        for channel in sums.indices { sums[channel].merge(worker.counters[channel]) }
      }
      return sums
    }
  }

  /// Has a step's pages read while the steps before it are counted.
  private func prepare(_ number: Int) {
    let step = steps.step(at: number)
    steps.places[step.place][step.channel].willRead(step.box)
  }
}

/// What a worker keeps: its counters and the block it reads into.
private final class Worker<Counter: ViewCounter>: @unchecked Sendable {
  // @unchecked: only its worker uses it, and it is summed up after all have ended.
  private(set) var counters: [Counter]
  private var scratch = VoxelBlock()

  init(_ counters: [Counter]) { self.counters = counters }

  func show(_ box: Box3, of volume: any Volume, channel: Int, copies: Bool) throws {
    if copies {
      try Self.read(box, of: volume, into: &scratch) { counters[channel].add($0) }
    } else {
      try volume.withVoxels(of: box, scratch: &scratch) { counters[channel].add($0) }
    }
  }

  private static func read(
    _ box: Box3, of volume: any Volume, into block: inout VoxelBlock,
    _ body: (borrowing VoxelView) -> Void
  ) throws {
    block.reshape(to: box, type: volume.type)
    try volume.read(into: &block)
    body(VoxelView(block))
  }
}
