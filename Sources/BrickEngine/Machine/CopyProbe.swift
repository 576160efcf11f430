internal import BrickCore

/// How fast memory is copied.
enum CopyProbe {
  /// More than the caches of any core, less than anybody misses.
  private static let largestBuffer = 128 << 20

  /// Two buffers of a thread.
  private final class Buffers {
    private var source: VoxelBlock
    private var target: VoxelBlock

    init(byteCount: Int) {
      let box = Box3(size: Index3(z: 1, y: 1, x: byteCount))
      source = VoxelBlock(box, type: .uint8)
      target = VoxelBlock(box, type: .uint8)
      // A page nobody wrote to is the one page of zeros, which lies in the cache.
      source.clear()
    }

    func copy() -> Int {
      Self.copy(source.bytes, into: &target)
      return source.byteCount
    }

    // The block comes as a parameter, because a span can't be borrowed from a class's property.
    private static func copy(_ source: RawSpan, into target: inout VoxelBlock) {
      var bytes = target.mutableBytes
      copyBytes(source, to: &bytes, at: 0)
    }
  }

  /// Copies buffers that together fit into the budget.
  static func run(_ probe: RateProbe, budget: MemoryBudget) async throws -> MachineReport.Copying {
    let room = max(0, budget.byteCount - MemoryBudget.baseline - budget.keptBytes)
    let bytes = max(1 << 20, min(largestBuffer, room / (2 * probe.threads) * 3 / 4))
    // What is freed here is of no use to the jobs.
    BlockStorage.keep(atMost: 0)
    defer { BlockStorage.keep(atMost: budget.keptBytes) }
    let rates = try await probe.rates { _ in
      Buffers(byteCount: bytes)
    } step: {
      $0.copy()
    }
    return MachineReport.Copying(rates: rates, bufferBytes: bytes)
  }
}
