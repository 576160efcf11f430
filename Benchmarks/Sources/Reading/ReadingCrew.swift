import Brickwork
import Synchronization

/// A box of a volume that is to be read.
public struct Portion: Sendable {
  let volume: any Volume
  let box: Box3

  /// A box in voxels of the volume.
  public init(_ volume: any Volume, _ box: Box3) {
    self.volume = volume
    self.box = box
  }
}

/// Workers that read portions in turns and drop the voxels, or keep them to the end.
public struct ReadingCrew: Sendable {
  let threads: Int
  let wantsSum: Bool
  let keeps: Bool

  /// - Parameters:
  ///   - wantsSum: Sum all bytes, by which the answer can be checked against another reader's.
  ///   - keeps: Each portion gets memory of its own, which is held until all are read, as if all were one array.
  ///     Otherwise each worker reads into one block, again and again, as the engine does.
  public init(threads: Int, wantsSum: Bool, keeps: Bool = false) {
    self.threads = threads
    self.wantsSum = wantsSum
    self.keeps = keeps
  }

  /// Reads all portions: the bytes of their voxels, and the sum of all bytes (0 where it is not wanted).
  public func read(_ portions: [Portion]) async throws -> (bytes: Int, sum: UInt64) {
    let total = Total()
    let next = Counter()
    try await withThrowingTaskGroup(of: Shelf.self) { group in
      for _ in 0..<threads {
        group.addTask {
          let shelf = Shelf()
          var block = VoxelBlock()
          var (bytes, sum) = (0, UInt64(0))
          while let portion = next.take(of: portions.count).map({ portions[$0] }) {
            block.reshape(to: portion.box, type: portion.volume.type)
            portion.volume.willRead(portion.box)
            try portion.volume.read(into: &block)
            portion.volume.didRead(portion.box)
            bytes += block.byteCount
            if wantsSum { sum &+= Self.sum(block) }
            if keeps {
              var full = VoxelBlock()
              swap(&full, &block)
              shelf.put(full)
            }
          }
          total.add(bytes, sum)
          return shelf
        }
      }
      // Collected, so that nothing is given back before the last is read.
      var shelves: [Shelf] = []
      for try await shelf in group { shelves.append(shelf) }
    }
    return total.value
  }

  /// The sum of all bytes, in a loop that vectorises, so that checking costs little.
  private static func sum(_ block: borrowing VoxelBlock) -> UInt64 {
    let bytes = Span<UInt8>(_bytes: block.bytes)
    var sum: UInt64 = 0
    for place in bytes.indices { sum &+= UInt64(bytes[place]) }
    return sum
  }
}

/// What a worker keeps: a list of blocks, which can't be copied and so not be in an array.
private final class Shelf: @unchecked Sendable {
  // Only the worker touches it, and then the one who waits for the worker.
  private var last: Kept?

  func put(_ block: consuming VoxelBlock) { last = Kept(block, before: last) }

  // One after the other: a chain that frees itself goes as deep as it is long.
  deinit {
    while let kept = last { last = kept.takeBefore() }
  }

  private final class Kept {
    let block: VoxelBlock
    private var before: Kept?

    init(_ block: consuming VoxelBlock, before: Kept?) {
      self.block = block
      self.before = before
    }

    func takeBefore() -> Kept? {
      let taken = before
      before = nil
      return taken
    }
  }
}

/// Bytes and sums of all workers.
private final class Total: Sendable {
  private let state = Mutex((bytes: 0, sum: UInt64(0)))

  func add(_ bytes: Int, _ sum: UInt64) {
    state.withLock {
      $0.bytes += bytes
      $0.sum &+= sum
    }
  }

  var value: (bytes: Int, sum: UInt64) { state.withLock { ($0.bytes, $0.sum) } }
}

/// Hands out places one by one.
private final class Counter: Sendable {
  private let next = Atomic<Int>(0)

  func take(of count: Int) -> Int? {
    let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < count ? place : nil
  }
}
