internal import BrickCore
internal import BrickFiles

/// The ceiling for the whole process, and how it is shared out before work starts.
public struct MemoryBudget: Sendable, Hashable {
  /// Bytes for everything: program, libraries, buffers, caches.
  public let byteCount: Int

  /// What the program and its libraries take before the first voxel is read.
  public static let baseline = 48 << 20

  /// Freed buffers that may be kept for reuse.
  var keptBytes: Int { min(64 << 20, byteCount / 16) }

  /// A ceiling of `byteCount` bytes, or the default: a quarter of what is available to the process (limits of
  /// its control group included), at most 4 GiB and at least 128 MiB.
  public init(byteCount: Int? = nil) {
    self.byteCount = byteCount ?? max(128 << 20, min(4 << 30, SystemMemory.available / 4))
  }

  /// Bytes that are left beside the program, the buffers that are kept and `bytes`; 0 where there are none.
  public func room(besides bytes: Int) -> Int {
    max(0, byteCount - Self.baseline - keptBytes - bytes)
  }

  /// How many workers fit, and what is left for caches.
  ///
  /// - Parameters:
  ///   - wanted: the number of workers that there is use for.
  ///   - perWorker: bytes one worker takes at most.
  ///   - shared: bytes the job takes however many workers there are.
  /// - Throws: `BrickworkError` with code `.outOfBudget`, with both numbers, if not even one worker fits.
  func share(wanted: Int, perWorker: Int, shared: Int) throws -> (workers: Int, cache: Int) {
    let room = byteCount - Self.baseline - keptBytes - shared
    let workers = min(wanted, room / max(1, perWorker))
    guard workers >= 1 else {
      throw tooSmall(
        holding: shared + perWorker, remedy: "Raise --memory, or choose smaller bricks (--brick)")
    }
    return (workers, room - workers * perWorker)
  }

  /// Makes sure that there is room for `bytes` besides the program and the buffers that are kept.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget`, with both numbers, if there is not.
  public func check(holding bytes: Int) throws {
    guard bytes <= byteCount - Self.baseline - keptBytes else {
      throw tooSmall(holding: bytes, remedy: "Raise --memory")
    }
  }

  /// Bytes for decoded pieces where the blocks of a slab share `demand` of them and `room` is left.
  ///
  /// Twice what is shared is of use. Nothing is said to be shared where the slab covers all bricks of a tile, which its
  /// blocks may cut all the same: those get some room.
  static func cache(demand: Int, room: Int) -> Int { min(room, demand > 0 ? 2 * demand : 64 << 20) }

  /// What `plan` makes of the budget.
  ///
  /// A plan may have several steps, and choose larger pieces of a larger budget: then the number that its first failure
  /// names is not enough for all of it.
  /// - Throws: what `plan` throws; where that is `.outOfBudget`, with the smallest whole number of MiB with which all of
  ///   `plan` succeeds, and with one less of which it does not.
  func planned<Plan>(_ plan: (MemoryBudget) throws -> Plan) throws -> Plan {
    do {
      return try plan(self)
    } catch let error as BrickworkError where error.code == .outOfBudget {
      func fits(_ mebibytes: Int) -> Bool {
        (try? plan(MemoryBudget(byteCount: mebibytes << 20))) != nil
      }
      var low = byteCount >> 20
      var high = max(64, 2 * low)
      while !fits(high) {
        // Beyond a petabyte something else is wrong.
        guard high < 1 << 30 else { throw error }
        (low, high) = (high, 2 * high)
      }
      while high - low > 1 {
        let middle = (low + high) / 2
        if fits(middle) { high = middle } else { low = middle }
      }
      throw tooSmall(needing: high << 20, remedy: error.remedy)
    }
  }

  private func tooSmall(holding bytes: Int, remedy: String) -> BrickworkError {
    tooSmall(needing: Self.smallest(holding: bytes), remedy: remedy)
  }

  private func tooSmall(needing needed: Int, remedy: String?) -> BrickworkError {
    BrickworkError(
      .outOfBudget,
      reason: "a memory budget of \(byteCount >> 20) MiB is too small: this job takes at least "
        + "\((needed + (1 << 20) - 1) >> 20) MiB", remedy: remedy)
  }

  /// The smallest budget with room for `bytes`: what it keeps of freed buffers grows with it, up to 64 MiB.
  static func smallest(holding bytes: Int) -> Int {
    let rest = baseline + bytes
    return rest + min(64 << 20, rest / 15 + 1)
  }
}
